import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { SubList, useSubOrder } from "../kit/listing/SubList";
import { CONTEXT_COLUMNS, CONTEXT_SHOWN } from "./columns";
import { ContextRowsDocument, ContextTotalDocument } from "./queries.generated";

/** Some contexts, on the page of something else: those that a filter selects. */
export function ContextTable({ where, label }: { readonly where: string; readonly label: string }) {
  const order = useSubOrder();
  const { orderBy } = order;
  const ask = useMemo(
    () =>
      askConnection(
        ContextRowsDocument,
        { where, filter: null, orderBy, properties: [], custom: [], withProperties: false, withCustom: false },
        (data) => data.contexts,
      ),
    [where, orderBy],
  );
  const [{ data }] = useLiveQuery({ query: ContextTotalDocument, variables: { where, filter: null } });
  return (
    <SubList
      to="/contexts"
      label={label}
      where={where}
      columns={CONTEXT_COLUMNS}
      shown={CONTEXT_SHOWN}
      ask={ask}
      total={data?.contexts.totalCount ?? null}
      order={order}
    />
  );
}
