import { Code } from "@mantine/core";
import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { ListActions } from "../kit/listing/ListActions";
import { NodeList } from "../kit/listing/NodeList";
import { executionFilter, useList } from "../kit/listing/useList";
import { spell } from "../lineage/ids";
import { EXECUTION_COLUMNS, EXECUTION_SHOWN } from "./columns";
import { ExecutionRowsDocument, ExecutionTotalDocument } from "./queries.generated";

const STATES = ["NEW", "RUNNING", "COMPLETE", "CACHED", "FAILED", "CANCELED", "UNKNOWN"];

/** Every execution of the record, as a table. */
export function ExecutionsView() {
  const list = useList("EXECUTION", EXECUTION_SHOWN);
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
      columns={EXECUTION_COLUMNS}
      states={STATES}
      ask={ask}
      total={data?.executions.totalCount ?? null}
      actions={<ListActions chosen={list.chosen} explore={spell} />}
      hint={
        <>
          Run a pipeline with <Code>clew run</Code>, or put <Code>with clew.execution(...)</Code> around your own work.
        </>
      }
    />
  );
}
