import { ActionIcon, CopyButton, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";

import { short } from "../kit/format";
import styles from "./values.module.css";
import { entriesOf, textOf } from "./values";

/** Names and values, as many as there are; long ones scroll. */
export function Values({ of, nothing }: { readonly of: unknown; readonly nothing: string }) {
  const entries = entriesOf(of);
  if (entries.length === 0) return <p className="dim">{nothing}</p>;
  return (
    <dl className={styles.values}>
      {entries.slice(0, 500).map(([name, value]) => (
        <div key={name}>
          <dt className="wrap" dir="auto">
            {short(name, 300)}
          </dt>
          <dd>
            <Value value={value} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** One value, to read and to copy. */
export function Value({ value }: { readonly value: unknown }) {
  const text = textOf(value);
  return (
    <div className={styles.value}>
      <pre dir="auto" tabIndex={text.length > 300 ? 0 : undefined}>
        {short(text, 20_000)}
      </pre>
      {text && <Copy text={text} />}
    </div>
  );
}

/** Copies a text. */
export function Copy({ text, label = "Copy" }: { readonly text: string; readonly label?: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? "Copied" : label} openDelay={400}>
          <ActionIcon
            variant="subtle"
            color="gray"
            size="xs"
            aria-label={label}
            onClick={copy}
            className={styles.copy ?? ""}
          >
            {copied ? <IconCheck size={13} /> : <IconCopy size={13} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}
