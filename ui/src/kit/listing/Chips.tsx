import { Button, Checkbox, Popover, Select, TextInput } from "@mantine/core";
import { IconChevronDown, IconX } from "@tabler/icons-react";
import { useState } from "react";

import { short } from "../format";
import { lookOf, StateBadge } from "../State";
import styles from "./listing.module.css";
import type { ListSearch } from "./search";
import { SPANS, spanText } from "./when";

/** The filters one wants most, as chips: type, state, time, namespace. What they hold adds to the filter's text. */
export function Chips({
  search,
  onChange,
  types,
  onTypes,
  states,
  namespace,
  onNamespace,
}: {
  readonly search: ListSearch;
  readonly onChange: (patch: ListSearch) => void;
  /** Names of the types there are. */
  readonly types: readonly string[];
  /** They are wanted now. */
  readonly onTypes: () => void;
  readonly states: readonly string[];
  readonly namespace: string | undefined;
  readonly onNamespace: () => void;
}) {
  const { type, state = [] } = search;
  const toggle = (one: string) =>
    onChange({ state: state.includes(one) ? state.filter((other) => other !== one) : [...state, one] });
  return (
    <div className={styles.chips}>
      <Select
        className={styles.type}
        size="xs"
        aria-label="Type"
        placeholder="Any type"
        searchable
        clearable
        data={type && !types.includes(type) ? [type, ...types] : [...types]}
        limit={200}
        value={type ?? null}
        onFocus={onTypes}
        onChange={(value) => onChange({ type: value ?? "" })}
        nothingFoundMessage="No such type"
      />
      {states.length > 0 && <States states={states} chosen={state} onToggle={toggle} />}
      <When search={search} onChange={onChange} />
      {namespace !== undefined && (
        <Button
          variant="default"
          size="xs"
          fw={400}
          maw={220}
          rightSection={<IconX size={13} aria-hidden />}
          onClick={onNamespace}
          aria-label={`Namespace ${short(namespace)}: show all namespaces`}
        >
          <span className="cut">Namespace {short(namespace, 60)}</span>
        </Button>
      )}
    </div>
  );
}

function States({
  states,
  chosen,
  onToggle,
}: {
  readonly states: readonly string[];
  readonly chosen: readonly string[];
  readonly onToggle: (state: string) => void;
}) {
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="default" size="xs" fw={400} rightSection={<IconChevronDown size={13} aria-hidden />}>
          {chosen.length === 0 ? "Any state" : chosen.map((one) => lookOf(one)[2]).join(", ")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="States">
        <div className={styles.states}>
          {states.map((one) => (
            <Checkbox
              key={one}
              size="xs"
              label={<StateBadge state={one} />}
              checked={chosen.includes(one)}
              onChange={() => onToggle(one)}
            />
          ))}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function When({ search, onChange }: { readonly search: ListSearch; readonly onChange: (patch: ListSearch) => void }) {
  const [opened, setOpened] = useState(false);
  const { since = "", until = "" } = search;
  const choose = (span: string) => {
    onChange({ since: span, until: "" });
    setOpened(false);
  };
  const day = (text: string) => (/^\d{4}-\d\d-\d\d/.test(text) ? text.slice(0, 10) : "");
  return (
    <Popover opened={opened} onChange={setOpened} position="bottom-start" width={230} trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          size="xs"
          fw={400}
          rightSection={<IconChevronDown size={13} aria-hidden />}
          onClick={() => setOpened(!opened)}
        >
          {short(spanText(search.since, search.until), 60)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Created">
        <div className={styles.spans}>
          <Button
            size="compact-sm"
            variant={since || until ? "subtle" : "light"}
            justify="flex-start"
            onClick={() => choose("")}
          >
            Any time
          </Button>
          {SPANS.map(([span, label]) => (
            <Button
              key={span}
              size="compact-sm"
              variant={since === span && !until ? "light" : "subtle"}
              justify="flex-start"
              onClick={() => choose(span)}
            >
              {label}
            </Button>
          ))}
          <TextInput
            type="date"
            size="xs"
            label="From"
            value={day(since)}
            onChange={(event) => onChange({ since: event.currentTarget.value })}
          />
          <TextInput
            type="date"
            size="xs"
            label="Before"
            value={day(until)}
            onChange={(event) => onChange({ until: event.currentTarget.value })}
          />
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}
