import { IconPin } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";

import { bytes, count, duration, short } from "../kit/format";
import { timeColumn } from "../kit/listing/nodeColumns";
import { NodeLink } from "../kit/NodeLink";
import { StateBadge } from "../kit/State";
import type { Column } from "../kit/table/columns";
import styles from "./cache.module.css";
import type { CacheEntriesQuery } from "./queries.generated";

/** One entry of the cache. */
export type Entry = CacheEntriesQuery["cache"]["entries"]["nodes"][number];

const STATES: Readonly<Record<string, string>> = { live: "LIVE", invalidated: "Invalidated", dropped: "Dropped" };

/** A component: its own name before that of its pipeline, which is cut first. */
export function ComponentName({ name }: { readonly name: string }) {
  const at = name.lastIndexOf("/");
  return (
    <>
      {short(name.slice(at + 1))}
      {at > 0 && <span className={styles.pipeline}> in {short(name.slice(0, at))}</span>}
    </>
  );
}

/** The columns of the table of entries; the server orders by those with a `sort`, each one way only. */
export const COLUMNS: readonly Column<Entry>[] = [
  {
    id: "component",
    title: "Component",
    width: 190,
    grow: 2,
    fixed: true,
    value: (row) => row.component,
    cell: (row) => (
      <Link
        to="."
        search={((now: object) => ({ ...now, of: row.execution.id })) as never}
        className="cut"
        title={short(row.component, 500)}
        dir="auto"
        tabIndex={-1}
      >
        <ComponentName name={row.component} />
      </Link>
    ),
  },
  {
    id: "state",
    title: "State",
    width: 126,
    value: (row) => row.state,
    cell: (row) => (
      <span className={styles.state} title={[row.why, row.by].filter(Boolean).map(String).join(" · ").slice(0, 500)}>
        <StateBadge state={STATES[row.state] ?? row.state} />
        {row.pinned && <IconPin size={14} role="img" aria-label="Pinned" />}
      </span>
    ),
  },
  {
    id: "hits",
    title: "Hits",
    width: 72,
    end: true,
    sort: "HITS",
    value: (row) => row.hits,
    cell: (row) => count(row.hits),
  },
  {
    id: "saved",
    title: "Saved",
    width: 90,
    end: true,
    sort: "SAVED",
    value: (row) => row.savedMs,
    cell: (row) => (row.savedMs ? duration(row.savedMs) : <span className="dim">–</span>),
  },
  {
    id: "savedBytes",
    title: "Bytes saved",
    width: 110,
    end: true,
    value: (row) => row.savedBytes,
    cell: (row) => (row.savedBytes ? bytes(row.savedBytes) : <span className="dim">–</span>),
  },
  {
    id: "cost",
    title: "Took",
    width: 86,
    end: true,
    sort: "COST",
    value: (row) => row.costMs,
    cell: (row) => duration(row.costMs),
  },
  {
    id: "size",
    title: "Size",
    width: 90,
    end: true,
    sort: "SIZE",
    value: (row) => row.sizeBytes,
    cell: (row) => bytes(row.sizeBytes),
  },
  timeColumn("made", "Made", (row) => row.madeMs, "NEWEST"),
  timeColumn("used", "Reused last", (row) => row.lastHitMs, "AGE"),
  {
    id: "execution",
    title: "Execution",
    width: 130,
    value: (row) => row.execution.id,
    cell: (row) => <NodeLink node={row.execution} inGrid />,
  },
  {
    id: "outputs",
    title: "Outputs",
    width: 180,
    grow: 1,
    value: (row) => row.outputs.map((output) => output.id).join(" "),
    cell: (row) => (
      <span className={styles.outputs}>
        {row.outputs.slice(0, 2).map((output) => (
          <NodeLink key={output.id} node={output} inGrid />
        ))}
        {row.outputs.length > 2 && <span className="dim">+{row.outputs.length - 2}</span>}
      </span>
    ),
  },
  { id: "why", title: "Why not live", width: 180, value: (row) => row.why },
  { id: "by", title: "Taken out by", width: 130, value: (row) => row.by },
];

/** Those shown unless others are chosen. */
export const SHOWN = ["component", "state", "hits", "saved", "cost", "size", "made", "used", "execution"];
