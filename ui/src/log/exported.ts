import type { Column } from "../kit/table/columns";
import type { LogExportQuery } from "./queries.generated";

type Row = LogExportQuery["changes"]["nodes"][number];

/** What an export of the log tells of each change: enough to check its digest. */
export const exported: readonly Column<Row>[] = [
  { id: "seq", title: "seq", value: (row) => row.seq },
  { id: "timeMs", title: "timeMs", value: (row) => row.timeMs },
  { id: "actor", title: "actor", value: (row) => row.actor },
  { id: "namespace", title: "namespace", value: (row) => row.namespace },
  { id: "effects", title: "effects", value: (row) => row.effectCount },
  { id: "digest", title: "digest", value: (row) => row.digest },
  { id: "log", title: "log", value: (row) => row.log },
];
