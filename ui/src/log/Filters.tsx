import { Button, Chip, Group, Menu, TextInput } from "@mantine/core";
import { IconCalendar, IconFilterOff } from "@tabler/icons-react";
import { type SyntheticEvent, useState } from "react";

import { moment } from "../kit/format";
import styles from "./log.module.css";
import { isNodeId, type LogSearch } from "./search";

type Changed = { readonly [Key in keyof LogSearch]?: LogSearch[Key] | undefined };

const HOUR_MS = 3_600_000;
const SPANS = [
  ["Last hour", HOUR_MS],
  ["Last 24 hours", 24 * HOUR_MS],
  ["Last 7 days", 7 * 24 * HOUR_MS],
  ["Last 30 days", 30 * 24 * HOUR_MS],
] as const;
const KINDS = [
  ["ARTIFACT", "Artifacts"],
  ["EXECUTION", "Executions"],
  ["CONTEXT", "Contexts"],
] as const;

/** What narrows the log: who, what, of which kind, when. */
export function Filters({
  search,
  onChange,
}: {
  readonly search: LogSearch;
  readonly onChange: (next: Changed) => void;
}) {
  const { actor, touching, kinds = [], since, until } = search;
  const any = actor ?? touching ?? since ?? until ?? kinds[0];
  return (
    <div className={styles.filters} role="search" aria-label="Narrow the log">
      <Typed
        key={`a ${actor ?? ""}`}
        label="Actor"
        value={actor ?? ""}
        onTyped={(text) => onChange({ actor: text || undefined })}
      />
      <Typed
        key={`t ${touching ?? ""}`}
        label="Touching"
        placeholder="artifact:42"
        value={touching ?? ""}
        check={(text) => (text === "" || isNodeId(text) ? null : "An id: artifact:42, execution:7 or context:3")}
        onTyped={(text) => onChange({ touching: text || undefined })}
      />
      <Chip.Group multiple value={[...kinds]} onChange={(next) => onChange({ kinds: next.length ? next : undefined })}>
        <Group gap={4} role="group" aria-label="Kinds">
          {KINDS.map(([kind, label]) => (
            <Chip key={kind} value={kind} size="xs" variant="outline">
              {label}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      <Menu position="bottom-start" closeOnItemClick={false}>
        <Menu.Target>
          <Button variant="default" size="xs" leftSection={<IconCalendar size={14} aria-hidden />}>
            {spanText(since, until)}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {SPANS.map(([label, ms]) => (
            <Menu.Item key={label} onClick={() => onChange({ since: Date.now() - ms, until: undefined })}>
              {label}
            </Menu.Item>
          ))}
          <Menu.Item onClick={() => onChange({ since: undefined, until: undefined })}>Any time</Menu.Item>
          <Menu.Divider />
          <div className={styles.times}>
            <Moment label="From" ms={since} onMs={(ms) => onChange({ since: ms })} />
            <Moment label="Until" ms={until} onMs={(ms) => onChange({ until: ms })} />
          </div>
        </Menu.Dropdown>
      </Menu>
      {any !== undefined && (
        <Button
          variant="subtle"
          size="xs"
          leftSection={<IconFilterOff size={14} aria-hidden />}
          onClick={() =>
            onChange({ actor: undefined, touching: undefined, kinds: undefined, since: undefined, until: undefined })
          }
        >
          Show all
        </Button>
      )}
    </div>
  );
}

function Typed({
  label,
  value,
  placeholder,
  check,
  onTyped,
}: {
  readonly label: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly check?: (text: string) => string | null;
  readonly onTyped: (text: string) => void;
}) {
  const [text, setText] = useState(value);
  const [wrong, setWrong] = useState<string | null>(null);
  const take = (event?: SyntheticEvent) => {
    event?.preventDefault();
    const trimmed = text.trim();
    const refusal = check?.(trimmed) ?? null;
    setWrong(refusal);
    if (refusal === null && trimmed !== value) onTyped(trimmed);
  };
  return (
    <form onSubmit={take}>
      <TextInput
        size="xs"
        w={170}
        aria-label={label}
        placeholder={placeholder ? `${label} ${placeholder}` : label}
        value={text}
        error={wrong}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => take()}
      />
    </form>
  );
}

function Moment({
  label,
  ms,
  onMs,
}: {
  readonly label: string;
  readonly ms: number | undefined;
  readonly onMs: (ms: number | undefined) => void;
}) {
  return (
    <TextInput
      type="datetime-local"
      size="xs"
      label={label}
      step={1}
      defaultValue={ms === undefined ? "" : moment(ms).replace(" ", "T")}
      onBlur={(event) => {
        const found = new Date(event.currentTarget.value).getTime();
        onMs(Number.isNaN(found) ? undefined : found);
      }}
    />
  );
}

function spanText(since: number | undefined, until: number | undefined): string {
  if (since !== undefined && until !== undefined) return `${moment(since)} to ${moment(until)}`;
  if (since !== undefined) return `Since ${moment(since)}`;
  return until === undefined ? "Any time" : `Until ${moment(until)}`;
}
