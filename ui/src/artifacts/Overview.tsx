import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";

import { Part } from "../kit/detail/Detail";
import styles from "../kit/detail/detail.module.css";
import { Exact, Fact, Facts, When } from "../kit/detail/Facts";
import { Links, Properties } from "../kit/detail/NodeParts";
import { Reach } from "../kit/detail/Reach";
import { bytes, count } from "../kit/format";
import { metricsOf } from "../kit/metrics/metrics";
import { MetricsView } from "../kit/metrics/MetricsView";
import { NodeLink } from "../kit/NodeLink";
import { Preview } from "../kit/preview/Preview";
import { StateBadge } from "../kit/State";
import { LineagePart } from "./Lineage";
import type { ArtifactDetailQuery } from "./queries.generated";

const ColumnOrigins = lazy(() => import("./ColumnOrigins").then((made) => ({ default: made.ColumnOrigins })));

/** An artifact as its page shows it. */
export type ArtifactDetail = Extract<ArtifactDetailQuery["node"], { readonly uri: string | null }>;

/** What one wants to know of an artifact at first. */
export function Overview({ artifact }: { readonly artifact: ArtifactDetail }) {
  const { id, producer, contexts, properties, customProperties, sizeBytes } = artifact;
  const metrics = useMemo(() => metricsOf([...properties, ...customProperties]), [properties, customProperties]);
  const isMetrics = /Metrics$/.test(artifact.type);
  const measures = isMetrics ? metrics.numbers.length + metrics.slices.length > 0 : metrics.slices.length > 0;
  return (
    <div className={styles.parts}>
      {measures && (
        <Part title="Metrics" wide>
          <MetricsView metrics={isMetrics ? metrics : { ...metrics, numbers: [] }} />
        </Part>
      )}
      <Part title="Facts">
        <Facts label="Facts">
          <Exact name="Address" text={artifact.uri} address />
          <Exact name="Digest" text={artifact.digest} />
          <Fact name="Size">
            {sizeBytes !== null && (
              <>
                {bytes(sizeBytes)} <span className="dim">{count(sizeBytes)} bytes</span>
              </>
            )}
          </Fact>
          <Fact name="Made by">
            {producer && (
              <>
                <NodeLink node={producer} /> {producer.state && <StateBadge state={producer.state} />}
              </>
            )}
          </Fact>
          <Fact name="Contexts">{contexts.length > 0 && <Links nodes={contexts} />}</Fact>
          <Exact name="Recorded name" text={artifact.name} />
          <Exact name="External id" text={artifact.externalId} />
          <Fact name="Namespace">{artifact.namespace}</Fact>
          <When name="Created" ms={artifact.createdMs} />
          <When name="Changed" ms={artifact.updatedMs === artifact.createdMs ? null : artifact.updatedMs} />
        </Facts>
      </Part>
      <Reach id={id} />
      <LineagePart id={id} />
      {customProperties.some(({ name }) => name === "openlineage.facets") && (
        <Suspense>
          <ColumnOrigins id={id} />
        </Suspense>
      )}
      {artifact.uri !== null && !(isMetrics && sizeBytes === 0) && (
        <Part
          title="Preview"
          wide
          aside={
            <Link to="." search={(now: object) => ({ ...now, tab: "preview" })}>
              Larger
            </Link>
          }
        >
          <Preview id={id} label={artifact.label} />
        </Part>
      )}
      <Properties declared={properties} own={customProperties} />
    </div>
  );
}
