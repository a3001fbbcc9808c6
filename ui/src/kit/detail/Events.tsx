import { useMemo, useState } from "react";

import type { EventType } from "../../api/schema.generated";
import { DataTable, useArrayPages } from "../DataTable";
import { NodeLink } from "../NodeLink";
import { StateBadge } from "../State";
import { timeColumn } from "../listing/nodeColumns";
import { type Column, type Sort, valueText } from "../table/columns";
import { Empty, Partial } from "../../shell/faces";
import { count, saidBy } from "../format";
import { useNavigate } from "@tanstack/react-router";
import { nodePath } from "../node";

/** As many are asked for; the API gives no more at once. */
export const MOST_EVENTS = 1000;

/** An event, and the node on its other end. */
export interface EventRow {
  readonly type: EventType;
  readonly name: string;
  readonly timeMs: number;
  readonly createdSeq: number;
  readonly source: string | null;
  readonly confidence: number | null;
  readonly node: {
    readonly id: string;
    readonly label: string;
    readonly type: string;
    readonly state: string | null;
  };
}

const WORDS: Readonly<Record<EventType, string>> = {
  UNKNOWN: "Unknown",
  DECLARED_OUTPUT: "Declared output",
  DECLARED_INPUT: "Declared input",
  INPUT: "Input",
  OUTPUT: "Output",
  INTERNAL_INPUT: "Internal input",
  INTERNAL_OUTPUT: "Internal output",
  PENDING_OUTPUT: "Pending output",
};

const COLUMNS: readonly Column<EventRow>[] = [
  { id: "event", title: "Event", width: 124, sort: "event", value: (row) => WORDS[row.type] },
  { id: "path", title: "Path", width: 120, grow: 1, sort: "path", value: (row) => row.name },
  {
    id: "node",
    title: "Node",
    width: 180,
    grow: 2,
    sort: "node",
    value: (row) => row.node.label,
    cell: (row) => <NodeLink node={row.node} inGrid />,
  },
  { id: "type", title: "Type", width: 150, grow: 1, sort: "type", value: (row) => row.node.type },
  {
    id: "state",
    title: "State",
    width: 124,
    sort: "state",
    value: (row) => row.node.state,
    cell: (row) => row.node.state && <StateBadge state={row.node.state} />,
  },
  { id: "source", title: "Said by", width: 110, sort: "source", value: (row) => saidBy(row) },
  timeColumn("time", "When", (row) => row.timeMs, "time"),
  { id: "id", title: "Id", width: 116, value: (row) => row.node.id },
  { id: "seq", title: "Change", width: 90, end: true, sort: "seq", value: (row) => row.createdSeq },
];

/** The events of a node: how, where in its inputs or outputs, and with what. */
export function Events({
  name,
  label,
  rows,
}: {
  readonly name: string;
  readonly label: string;
  readonly rows: readonly EventRow[];
}) {
  const navigate = useNavigate();
  const [sort, setSort] = useState<Sort | null>(null);
  const sorted = useMemo(() => (sort ? rows.toSorted((a, b) => order(a, b, sort)) : rows), [rows, sort]);
  return (
    <DataTable
      name={name}
      label={label}
      bar={
        rows.length >= MOST_EVENTS && (
          <Partial>The first {count(MOST_EVENTS)} events, in the order in which they were recorded.</Partial>
        )
      }
      paged={useArrayPages(sorted)}
      columns={COLUMNS}
      rowId={rowId}
      sort={sort}
      onSort={setSort}
      downFirst={["time", "seq"]}
      onOpen={(row) => void navigate({ to: nodePath(row.node.id) })}
      empty={<Empty title="No events">Nothing read or wrote it, as far as the record knows.</Empty>}
    />
  );
}

function rowId(row: EventRow): string {
  return `${row.createdSeq} ${row.type} ${row.name} ${row.node.id}`;
}

function order(a: EventRow, b: EventRow, { by, down }: Sort): number {
  const column = COLUMNS.find((one) => one.sort === by);
  if (!column) return 0;
  const [x, y] = [column.value(a), column.value(b)];
  const less = typeof x === "number" && typeof y === "number" ? x - y : valueText(x).localeCompare(valueText(y));
  return down ? -less : less;
}
