import { TextInput } from "@mantine/core";

import styles from "./explorer.module.css";

/** A moment to the minute, in the reader's time zone. */
export function DateField({
  label,
  value,
  onChange,
}: {
  readonly label: string;
  readonly value: number | undefined;
  readonly onChange: (ms: number | undefined) => void;
}) {
  return (
    <TextInput
      size="xs"
      className={styles.date}
      type="datetime-local"
      aria-label={label}
      title={label}
      value={value === undefined ? "" : spelled(value)}
      onChange={(event) => {
        const ms = new Date(event.currentTarget.value).getTime();
        onChange(Number.isNaN(ms) ? undefined : ms);
      }}
    />
  );
}

/** As the field wants it. */
export function spelled(ms: number): string {
  const at = new Date(ms);
  return new Date(ms - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
