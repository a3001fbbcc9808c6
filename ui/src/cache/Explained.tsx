import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconTrashX, IconX } from "@tabler/icons-react";
import { useQuery } from "urql";

import { told } from "../api/errors";
import { bytes, duration } from "../kit/format";
import { NodeLink } from "../kit/NodeLink";
import { StateBadge } from "../kit/State";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { Why } from "../runs/Why";
import styles from "./cache.module.css";
import type { Target } from "./Invalidate";
import { CacheExplainedDocument, type CacheExplainedQuery } from "./queries.generated";

/** Beside the table: why one execution was reused, or had to run. */
export function Explained({
  id,
  onClose,
  onInvalidate,
}: {
  readonly id: string;
  readonly onClose: () => void;
  readonly onInvalidate: (target: Target) => void;
}) {
  const [{ data, error }, ask] = useQuery({ query: CacheExplainedDocument, variables: { execution: id } });
  const node = data?.node;
  return (
    <aside className={styles.panel} aria-label={`Why: ${id}`}>
      <header>
        <h2 className="cut">{node ? <NodeLink node={node} /> : id}</h2>
        {node?.state && <StateBadge state={node.state} />}
        <Tooltip label="Close">
          <ActionIcon variant="subtle" color="gray" aria-label="Close" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </header>
      <div className={styles.panelBody} tabIndex={0} role="region" aria-label="The decision">
        {data ? (
          <>
            <Why decision={data.cache.explain} />
            {"outputs" in data.node && <Made node={data.node} />}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconTrashX size={14} aria-hidden />}
              onClick={() => onInvalidate({ executions: [id] })}
            >
              Take it out of the cache
            </Button>
          </>
        ) : error ? (
          told(error).code === "NOT_FOUND" ? (
            <Empty title="There is no decision on it">{told(error).message}</Empty>
          ) : (
            <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />
          )
        ) : (
          <Loading />
        )}
      </div>
    </aside>
  );
}

type Execution = Extract<CacheExplainedQuery["node"], { readonly outputs: unknown }>;

function Made({ node }: { readonly node: Execution }) {
  const { startedMs, endedMs, outputs, fingerprint } = node;
  return (
    <dl className={styles.facts}>
      {startedMs !== null && endedMs !== null && (
        <div>
          <dt>Took</dt>
          <dd>{duration(endedMs - startedMs)}</dd>
        </div>
      )}
      {fingerprint && (
        <div>
          <dt>Fingerprint</dt>
          <dd className="mono wrap">{fingerprint}</dd>
        </div>
      )}
      {outputs.length > 0 && (
        <div>
          <dt>Made</dt>
          <dd>
            {outputs.map(({ name, artifact }) => (
              <span key={`${name} ${artifact.id}`} className={styles.made}>
                <NodeLink node={artifact} />
                {artifact.sizeBytes !== null && <span className="dim">{bytes(artifact.sizeBytes)}</span>}
              </span>
            ))}
          </dd>
        </div>
      )}
    </dl>
  );
}
