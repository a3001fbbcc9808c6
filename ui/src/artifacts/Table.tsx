import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { SubList, useSubOrder } from "../kit/listing/SubList";
import { ARTIFACT_COLUMNS, ARTIFACT_SHOWN } from "./columns";
import { ArtifactRowsDocument, ArtifactTotalDocument } from "./queries.generated";

/** Some artifacts, on the page of something else: those that a filter selects. */
export function ArtifactTable({ where, label }: { readonly where: string; readonly label: string }) {
  const order = useSubOrder();
  const { orderBy } = order;
  const ask = useMemo(
    () =>
      askConnection(
        ArtifactRowsDocument,
        { where, filter: null, orderBy, properties: [], custom: [], withProperties: false, withCustom: false },
        (data) => data.artifacts,
      ),
    [where, orderBy],
  );
  const [{ data }] = useLiveQuery({ query: ArtifactTotalDocument, variables: { where, filter: null } });
  return (
    <SubList
      to="/artifacts"
      label={label}
      where={where}
      columns={ARTIFACT_COLUMNS}
      shown={ARTIFACT_SHOWN}
      ask={ask}
      total={data?.artifacts.totalCount ?? null}
      order={order}
    />
  );
}
