import { Code } from "@mantine/core";
import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { ListActions } from "../kit/listing/ListActions";
import { NodeList } from "../kit/listing/NodeList";
import { contextFilter, useList } from "../kit/listing/useList";
import { CONTEXT_COLUMNS, CONTEXT_SHOWN } from "./columns";
import { ContextRowsDocument, ContextTotalDocument } from "./queries.generated";

const NO_STATES: readonly string[] = [];

/** Every context of the record, as a table. */
export function ContextsView() {
  const list = useList("CONTEXT", CONTEXT_SHOWN);
  const { where, filter, orderBy, properties, custom } = list.variables;
  const counted = useMemo(() => ({ where, filter: contextFilter(filter) }), [where, filter]);
  const ask = useMemo(
    () =>
      askConnection(
        ContextRowsDocument,
        { ...counted, orderBy, properties, custom, withProperties: !!properties.length, withCustom: !!custom.length },
        (data) => data.contexts,
      ),
    [counted, orderBy, properties, custom],
  );
  const [{ data }] = useLiveQuery({ query: ContextTotalDocument, variables: counted });
  return (
    <NodeList
      list={list}
      label="Contexts"
      columns={CONTEXT_COLUMNS}
      states={NO_STATES}
      ask={ask}
      total={data?.contexts.totalCount ?? null}
      actions={<ListActions chosen={list.chosen} />}
      hint={
        <>
          Runs, pipelines, experiments and projects are contexts: <Code>clew run</Code> records them.
        </>
      }
    />
  );
}
