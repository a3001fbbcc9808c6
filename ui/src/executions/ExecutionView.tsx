import { IconPlayerPlay } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";

import { useLiveQuery } from "../api/live";
import { CompareButton, ExploreButton, PinButton } from "../kit/detail/Actions";
import { Asked } from "../kit/detail/Asked";
import { Detail, type Tab } from "../kit/detail/Detail";
import styles from "../kit/detail/detail.module.css";
import { Events, MOST_EVENTS } from "../kit/detail/Events";
import { History } from "../kit/detail/History";
import { InLog, Raw } from "../kit/detail/NodeParts";
import { pinOf } from "../kit/detail/words";
import { allFound, found } from "../kit/found";
import { LinkButton } from "../kit/LinkButton";
import { Lineage } from "../artifacts/Lineage";
import { Decision } from "./Decision";
import { InvalidateButton } from "./Invalidate";
import { type ExecutionDetail, Overview } from "./Overview";
import { ExecutionDetailDocument, ExecutionEventsDocument, ExecutionHistoryDocument } from "./queries.generated";

/** One execution. */
export function ExecutionView() {
  const { id: number } = useParams({ from: "/executions/$id" });
  const id = `execution:${number}`;
  const [{ data, error }, again] = useLiveQuery({ query: ExecutionDetailDocument, variables: { id } });
  const node = found(data?.node);
  const fresh = () => again({ requestPolicy: "network-only" });
  return (
    <Asked data={node} error={error} again={again}>
      {(execution) => {
        const decided = execution.customProperties.some((one) => one.name === "clew.cache_decision");
        const tabs: readonly Tab[] = [
          { id: "overview", label: "Overview", show: () => <Overview execution={execution} /> },
          { id: "events", label: "Inputs and outputs", show: () => <EventsOf id={id} /> },
          { id: "lineage", label: "Lineage", show: () => <Lineage id={id} height={520} /> },
          ...(decided ? [{ id: "cache", label: "Cache", show: () => <Decision id={id} whole /> }] : []),
          { id: "history", label: "History", show: () => <HistoryOf id={id} /> },
          { id: "json", label: "JSON", show: () => <Raw value={execution} label={id} /> },
        ];
        return (
          <Detail
            kind="EXECUTION"
            id={id}
            name={execution.label}
            type={execution.nodeType}
            state={execution.state}
            tabs={tabs}
            actions={
              <>
                <RunButton execution={execution} />
                <ExploreButton id={id} />
                <CompareButton id={id} />
                <PinButton id={id} namespace={execution.namespace} pin={pinOf(id, execution.contexts)} onDone={fresh} />
                {execution.fingerprint !== null && (
                  <InvalidateButton id={id} namespace={execution.namespace} onDone={fresh} />
                )}
              </>
            }
          />
        );
      }}
    </Asked>
  );
}

/** Leads to the run it was a task of, with the task open. */
function RunButton({ execution }: { readonly execution: ExecutionDetail }) {
  const run = execution.contexts.find((context) => context.type === "system.PipelineRun")?.name;
  const path = execution.customProperties.find((one) => one.name === "clew.path")?.value;
  if (!run) return null;
  return (
    <LinkButton
      to="/runs/$id"
      params={{ id: run }}
      search={typeof path === "string" ? { task: path } : {}}
      leftSection={<IconPlayerPlay size={14} aria-hidden />}
    >
      Run
    </LinkButton>
  );
}

function EventsOf({ id }: { readonly id: string }) {
  const [{ data, error }, again] = useLiveQuery({
    query: ExecutionEventsDocument,
    variables: { id, first: MOST_EVENTS },
  });
  const events = found(data?.node)?.events;
  return (
    <Asked data={events} error={error} again={again}>
      {(read) => (
        <div className={styles.fill}>
          <Events
            name="execution-events"
            label="Inputs and outputs"
            rows={read.map(({ artifact, ...event }) => ({ ...event, node: artifact }))}
          />
        </div>
      )}
    </Asked>
  );
}

function HistoryOf({ id }: { readonly id: string }) {
  const [{ data, error }, again] = useLiveQuery({ query: ExecutionHistoryDocument, variables: { id } });
  return (
    <Asked data={data?.node.history} error={error} again={again}>
      {(history) => (
        <InLog id={id}>
          <History versions={allFound(history)} />
        </InLog>
      )}
    </Asked>
  );
}
