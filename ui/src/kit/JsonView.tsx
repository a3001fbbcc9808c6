import { Button } from "@mantine/core";
import { useMemo, useState } from "react";

import { CopyId } from "./CopyId";
import { count, short } from "./format";
import styles from "./json.module.css";

const STEP = 100;
const LONG = 2000;

/** A JSON value as a tree that opens: only what is open is drawn, however large it is. */
export function JsonView({
  value,
  label,
  open = 2,
}: {
  readonly value: unknown;
  /** What it is, for those who hear it. */
  readonly label: string;
  /** Levels that are open at first. */
  readonly open?: number;
}) {
  const whole = useMemo(() => written(value), [value]);
  return (
    <div className={styles.json} role="group" aria-label={label}>
      {whole !== null && (
        <span className={styles.copy}>
          <CopyId text={whole} what={`${label} as JSON`} />
        </span>
      )}
      <Branch name={null} value={value} open={open} />
    </div>
  );
}

/** The value as text; null where it is nested so deep that the browser cannot write it. */
function written(value: unknown): string | null {
  try {
    return JSON.stringify(value, null, 2);
  } catch {
    return null;
  }
}

function Branch({
  name,
  value,
  open,
}: {
  readonly name: string | null;
  readonly value: unknown;
  readonly open: number;
}) {
  const isBranch = typeof value === "object" && value !== null && Object.keys(value).length > 0;
  return isBranch ? (
    <Inner name={name} value={value} open={open} />
  ) : (
    <div className={styles.leaf}>
      <Name name={name} />
      <Leaf value={value} />
    </div>
  );
}

function Inner({ name, value, open }: { readonly name: string | null; readonly value: object; readonly open: number }) {
  const [opened, setOpened] = useState(open > 0);
  const [shown, show] = useState(STEP);
  const entries: readonly [string, unknown][] = Object.entries(value);
  const isList = Array.isArray(value);
  const many = `${count(entries.length)} ${isList ? "items" : entries.length === 1 ? "field" : "fields"}`;
  return (
    <details open={opened} onToggle={(event) => setOpened(event.currentTarget.open)}>
      <summary>
        <Name name={name} />
        <span className="dim">{isList ? `[ ${many} ]` : `{ ${many} }`}</span>
      </summary>
      {opened && (
        <div className={styles.inner}>
          {entries.slice(0, shown).map(([key, one]) => (
            <Branch key={key} name={key} value={one} open={open - 1} />
          ))}
          {entries.length > shown && (
            <Button size="compact-xs" variant="subtle" onClick={() => show(shown + 10 * STEP)}>
              {count(entries.length - shown)} more
            </Button>
          )}
        </div>
      )}
    </details>
  );
}

function Name({ name }: { readonly name: string | null }) {
  return (
    name !== null && (
      <span className={styles.name} dir="auto">
        {short(name, 200)}:{" "}
      </span>
    )
  );
}

function Leaf({ value }: { readonly value: unknown }) {
  const [whole, setWhole] = useState(false);
  const text = JSON.stringify(value);
  const kind = value === null ? "null" : typeof value;
  return (
    <span className={styles.value} data-kind={kind} dir="auto">
      {whole ? text : short(text, LONG)}
      {!whole && text.length > LONG && (
        <Button size="compact-xs" variant="subtle" onClick={() => setWhole(true)}>
          All {count(text.length)} characters
        </Button>
      )}
    </span>
  );
}
