import { Code } from "@mantine/core";
import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { short } from "../kit/format";
import { ListActions } from "../kit/listing/ListActions";
import { NodeList } from "../kit/listing/NodeList";
import { nodeColumns, timeColumn } from "../kit/listing/nodeColumns";
import { executionFilter, useList } from "../kit/listing/useList";
import type { Column } from "../kit/table/columns";
import { Duration } from "../kit/Time";
import { ExecutionRowsDocument, type ExecutionRowsQuery, ExecutionTotalDocument } from "./queries.generated";

type Row = ExecutionRowsQuery["executions"]["nodes"][number];

const STATES = ["NEW", "RUNNING", "COMPLETE", "CACHED", "FAILED", "CANCELED", "UNKNOWN"];
const SHOWN = ["name", "type", "state", "took", "started", "created", "id"];

const { first, last } = nodeColumns<Row>("EXECUTION");
const COLUMNS: readonly Column<Row>[] = [
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

/** Every execution of the record, as a table. */
export function ExecutionsView() {
  const list = useList("EXECUTION", SHOWN);
  const { where, filter, orderBy, properties, custom } = list.variables;
  const counted = useMemo(() => ({ where, filter: executionFilter(filter) }), [where, filter]);
  const ask = useMemo(
    () =>
      askConnection(
        ExecutionRowsDocument,
        { ...counted, orderBy, properties, custom, withProperties: !!properties.length, withCustom: !!custom.length },
        (data) => data.executions,
      ),
    [counted, orderBy, properties, custom],
  );
  const [{ data }] = useLiveQuery({ query: ExecutionTotalDocument, variables: counted });
  return (
    <NodeList
      list={list}
      label="Executions"
      columns={COLUMNS}
      states={STATES}
      ask={ask}
      total={data?.executions.totalCount ?? null}
      actions={<ListActions chosen={list.chosen} />}
      hint={
        <>
          Run a pipeline with <Code>clew run</Code>, or put <Code>with clew.execution(...)</Code> around your own work.
        </>
      }
    />
  );
}
