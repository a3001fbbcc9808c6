import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { SubList, useSubOrder } from "../kit/listing/SubList";
import { EXECUTION_COLUMNS, EXECUTION_SHOWN } from "./columns";
import { ExecutionRowsDocument, ExecutionTotalDocument } from "./queries.generated";

/** Some executions, on the page of something else: those that a filter selects. */
export function ExecutionTable({ where, label }: { readonly where: string; readonly label: string }) {
  const order = useSubOrder();
  const { orderBy } = order;
  const ask = useMemo(
    () =>
      askConnection(
        ExecutionRowsDocument,
        { where, filter: null, orderBy, properties: [], custom: [], withProperties: false, withCustom: false },
        (data) => data.executions,
      ),
    [where, orderBy],
  );
  const [{ data }] = useLiveQuery({ query: ExecutionTotalDocument, variables: { where, filter: null } });
  return (
    <SubList
      to="/executions"
      label={label}
      where={where}
      columns={EXECUTION_COLUMNS}
      shown={EXECUTION_SHOWN}
      ask={ask}
      total={data?.executions.totalCount ?? null}
      order={order}
    />
  );
}
