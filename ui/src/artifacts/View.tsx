import { Code } from "@mantine/core";
import { useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { askConnection } from "../kit/DataTable";
import { ListActions } from "../kit/listing/ListActions";
import { NodeList } from "../kit/listing/NodeList";
import { artifactFilter, useList } from "../kit/listing/useList";
import { spell } from "../lineage/ids";
import { ARTIFACT_COLUMNS, ARTIFACT_SHOWN } from "./columns";
import { ArtifactRowsDocument, ArtifactTotalDocument } from "./queries.generated";

const STATES = ["PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE", "UNKNOWN"];

/** Every artifact of the record, as a table. */
export function ArtifactsView() {
  const list = useList("ARTIFACT", ARTIFACT_SHOWN);
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
      columns={ARTIFACT_COLUMNS}
      states={STATES}
      ask={ask}
      total={data?.artifacts.totalCount ?? null}
      actions={<ListActions chosen={list.chosen} explore={spell} />}
      hint={
        <>
          Run a pipeline with <Code>clew run</Code>, record from Python with <Code>import clew</Code>, or look at an
          example: <Code>make demo</Code>.
        </>
      }
    />
  );
}
