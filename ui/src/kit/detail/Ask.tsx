import { Button, Checkbox, Group, Modal, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";

/** Asks for a reason before something is done that others will ask about. */
export function AskWhy({
  title,
  children,
  verb,
  option,
  busy,
  onClose,
  onDo,
}: {
  readonly title: string;
  readonly children: ReactNode;
  /** What the button says. */
  readonly verb: string;
  /** Something that can be done besides. */
  readonly option?: string;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onDo: (why: string, option: boolean) => void;
}) {
  const [why, setWhy] = useState("");
  const [chosen, choose] = useState(false);
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onDo(why.trim(), chosen);
        }}
      >
        {children}
        <Textarea
          label="Why, for those who ask later"
          autosize
          minRows={2}
          maxLength={2000}
          mt="sm"
          data-autofocus
          value={why}
          onChange={(event) => setWhy(event.currentTarget.value)}
        />
        {option && (
          <Checkbox mt="sm" label={option} checked={chosen} onChange={(event) => choose(event.currentTarget.checked)} />
        )}
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            {verb}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
