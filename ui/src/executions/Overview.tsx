import { Alert } from "@mantine/core";

import { Part } from "../kit/detail/Detail";
import styles from "../kit/detail/detail.module.css";
import { Exact, Fact, Facts, When } from "../kit/detail/Facts";
import { Links, Properties } from "../kit/detail/NodeParts";
import { Reach } from "../kit/detail/Reach";
import { short } from "../kit/format";
import { Duration } from "../kit/Time";
import { valueText } from "../kit/table/columns";
import { Decision } from "./Decision";
import { LineagePart } from "../artifacts/Lineage";
import type { ExecutionDetailQuery } from "./queries.generated";

/** An execution as its page shows it. */
export type ExecutionDetail = Extract<ExecutionDetailQuery["node"], { readonly fingerprint: string | null }>;

/** What one wants to know of an execution at first. */
export function Overview({ execution }: { readonly execution: ExecutionDetail }) {
  const { id, contexts, customProperties, startedMs, endedMs, state } = execution;
  const own = (name: string) => customProperties.find((one) => one.name === name)?.value;
  const error = valueText(own("clew.error"));
  return (
    <div className={styles.parts}>
      {error && (
        <Alert color="red" title="It failed" className={styles.whole}>
          <span className={`wrap ${styles.words ?? ""}`}>{short(error, 4000)}</span>
        </Alert>
      )}
      <div className={styles.column}>
        <Part title="Facts">
          <Facts label="Facts">
            <Fact name="Took">
              {startedMs !== null && (endedMs !== null || state === "RUNNING") && (
                <Duration fromMs={startedMs} toMs={endedMs} />
              )}
            </Fact>
            <When name="Started" ms={startedMs} />
            <When name="Ended" ms={endedMs} />
            <Exact name="Task" text={valueText(own("clew.path")) || null} />
            <Exact name="Image" text={valueText(own("image")) || null} />
            <Exact name="Fingerprint" text={execution.fingerprint} />
            <Fact name="Contexts">{contexts.length > 0 && <Links nodes={contexts} />}</Fact>
            <Exact name="Recorded name" text={execution.name} />
            <Exact name="External id" text={execution.externalId} />
            <Fact name="Namespace">{execution.namespace}</Fact>
            <When name="Created" ms={execution.createdMs} />
            <When name="Changed" ms={execution.updatedMs === execution.createdMs ? null : execution.updatedMs} />
          </Facts>
        </Part>
        {own("clew.cache_decision") !== undefined && <Decision id={id} />}
      </div>
      <Reach id={id} />
      <LineagePart id={id} />
      <Properties declared={execution.properties} own={customProperties} />
    </div>
  );
}
