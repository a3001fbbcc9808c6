import { Address } from "../kit/Address";
import { bytes, count, short } from "../kit/format";
import { nodeColumns } from "../kit/listing/nodeColumns";
import type { Column } from "../kit/table/columns";
import type { ArtifactRowsQuery } from "./queries.generated";

/** An artifact as a table shows it. */
export type ArtifactRow = ArtifactRowsQuery["artifacts"]["nodes"][number];

/** The columns shown at first. */
export const ARTIFACT_SHOWN = ["name", "type", "state", "size", "uri", "created", "id"];

const { first, last } = nodeColumns<ArtifactRow>("ARTIFACT");
/** Every column but those of properties. */
export const ARTIFACT_COLUMNS: readonly Column<ArtifactRow>[] = [
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
