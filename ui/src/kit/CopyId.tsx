import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

/** Copies a text to the letter: an id, a digest, a value. */
export function CopyId({
  text,
  what = "it",
  tabIndex,
}: {
  readonly text: string;
  readonly what?: string;
  readonly tabIndex?: number;
}) {
  return (
    <CopyButton value={text} timeout={1500}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : `Copy ${what}`}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={20}
            aria-label={copied ? "Copied" : `Copy ${what}`}
            onClick={copy}
            {...(tabIndex === undefined ? {} : { tabIndex })}
          >
            {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
