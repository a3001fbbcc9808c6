import { short } from "../kit/format";
import { nodeColumns, timeColumn } from "../kit/listing/nodeColumns";
import type { Column } from "../kit/table/columns";
import { Duration } from "../kit/Time";
import type { ExecutionRowsQuery } from "./queries.generated";

/** An execution as a table shows it. */
export type ExecutionRow = ExecutionRowsQuery["executions"]["nodes"][number];

/** The columns shown at first. */
export const EXECUTION_SHOWN = ["name", "type", "state", "took", "started", "created", "id"];

const { first, last } = nodeColumns<ExecutionRow>("EXECUTION");
/** Every column but those of properties. */
export const EXECUTION_COLUMNS: readonly Column<ExecutionRow>[] = [
  ...first,
  {
    id: "took",
    title: "Took",
    width: 96,
    end: true,
    value: (row) => (row.startedMs !== null && row.endedMs !== null ? row.endedMs - row.startedMs : null),
    cell: (row) =>
      (row.endedMs !== null || row.state === "RUNNING") && <Duration fromMs={row.startedMs} toMs={row.endedMs} />,
  },
  timeColumn("started", "Started", (row) => row.startedMs, "STARTED"),
  timeColumn("ended", "Ended", (row) => row.endedMs, "ENDED"),
  {
    id: "fingerprint",
    title: "Fingerprint",
    width: 160,
    value: (row) => row.fingerprint,
    cell: (row) =>
      row.fingerprint && (
        <span className="mono dim cut" title={row.fingerprint}>
          {short(row.fingerprint, 80)}
        </span>
      ),
  },
  ...last,
];
