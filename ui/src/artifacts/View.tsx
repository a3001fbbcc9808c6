import { Code } from "@mantine/core";
import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { bytes, count, short } from "../kit/format";
import { Address } from "../kit/Address";
import { ListActions } from "../kit/listing/ListActions";
import { NodeList } from "../kit/listing/NodeList";
import { nodeColumns } from "../kit/listing/nodeColumns";
import { artifactFilter, useList } from "../kit/listing/useList";
import type { Column } from "../kit/table/columns";
import { ArtifactRowsDocument, type ArtifactRowsQuery, ArtifactTotalDocument } from "./queries.generated";

type Row = ArtifactRowsQuery["artifacts"]["nodes"][number];

const STATES = ["PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE", "UNKNOWN"];
const SHOWN = ["name", "type", "state", "size", "uri", "created", "id"];

const { first, last } = nodeColumns<Row>("ARTIFACT");
const COLUMNS: readonly Column<Row>[] = [
  ...first,
  {
    id: "size",
    title: "Size",
    width: 90,
    end: true,
    sort: "SIZE",
    value: (row) => row.sizeBytes,
    cell: (row) =>
      row.sizeBytes !== null && <span title={`${count(row.sizeBytes)} bytes`}>{bytes(row.sizeBytes)}</span>,
  },
  {
    id: "uri",
    title: "Address",
    width: 180,
    grow: 2,
    value: (row) => row.uri,
    cell: (row) => row.uri && <Address uri={row.uri} />,
  },
  {
    id: "digest",
    title: "Digest",
    width: 160,
    value: (row) => row.digest,
    cell: (row) =>
      row.digest && (
        <span className="mono dim cut" title={row.digest}>
          {short(row.digest, 80)}
        </span>
      ),
  },
  ...last,
];

/** Every artifact of the record, as a table. */
export function ArtifactsView() {
  const list = useList("ARTIFACT", SHOWN);
  const { where, filter, orderBy, properties, custom } = list.variables;
  const counted = useMemo(() => ({ where, filter: artifactFilter(filter) }), [where, filter]);
  const ask = useMemo(
    () =>
      askConnection(
        ArtifactRowsDocument,
        { ...counted, orderBy, properties, custom, withProperties: !!properties.length, withCustom: !!custom.length },
        (data) => data.artifacts,
      ),
    [counted, orderBy, properties, custom],
  );
  const [{ data }] = useLiveQuery({ query: ArtifactTotalDocument, variables: counted });
  return (
    <NodeList
      list={list}
      label="Artifacts"
      columns={COLUMNS}
      states={STATES}
      ask={ask}
      total={data?.artifacts.totalCount ?? null}
      actions={<ListActions chosen={list.chosen} />}
      hint={
        <>
          Run a pipeline with <Code>clew run</Code>, record from Python with <Code>import clew</Code>, or look at an
          example: <Code>make demo</Code>.
        </>
      }
    />
  );
}
