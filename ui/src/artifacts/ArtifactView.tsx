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
import { Preview } from "../kit/preview/Preview";
import { allFound, found } from "../kit/found";
import { Lineage } from "./Lineage";
import { Overview } from "./Overview";
import { ArtifactDetailDocument, ArtifactEventsDocument, ArtifactHistoryDocument } from "./queries.generated";

/** One artifact. */
export function ArtifactView() {
  const { id: number } = useParams({ from: "/artifacts/$id" });
  const id = `artifact:${number}`;
  const [{ data, error }, again] = useLiveQuery({ query: ArtifactDetailDocument, variables: { id } });
  const node = found(data?.node);
  return (
    <Asked data={node} error={error} again={again}>
      {(artifact) => {
        const tabs: readonly Tab[] = [
          { id: "overview", label: "Overview", show: () => <Overview artifact={artifact} /> },
          {
            id: "preview",
            label: "Preview",
            show: () => (
              <div className={styles.parts}>
                <div className={styles.whole}>
                  <Preview id={id} label={artifact.label} tall />
                </div>
              </div>
            ),
          },
          { id: "lineage", label: "Lineage", show: () => <Lineage id={id} height={520} /> },
          { id: "events", label: "Events", show: () => <EventsOf id={id} /> },
          { id: "history", label: "History", show: () => <HistoryOf id={id} /> },
          { id: "json", label: "JSON", show: () => <Raw value={artifact} label={id} /> },
        ];
        return (
          <Detail
            kind="ARTIFACT"
            id={id}
            name={artifact.label}
            type={artifact.nodeType}
            state={artifact.state}
            tabs={tabs}
            actions={
              <>
                <ExploreButton id={id} />
                <CompareButton id={id} />
                <PinButton
                  id={id}
                  namespace={artifact.namespace}
                  pin={pinOf(id, artifact.contexts)}
                  onDone={() => again({ requestPolicy: "network-only" })}
                />
              </>
            }
          />
        );
      }}
    </Asked>
  );
}

function EventsOf({ id }: { readonly id: string }) {
  const [{ data, error }, again] = useLiveQuery({
    query: ArtifactEventsDocument,
    variables: { id, first: MOST_EVENTS },
  });
  const events = found(data?.node)?.events;
  return (
    <Asked data={events} error={error} again={again}>
      {(read) => (
        <div className={styles.fill}>
          <Events
            name="artifact-events"
            label="Events"
            rows={read.map(({ execution, ...event }) => ({ ...event, node: execution }))}
          />
        </div>
      )}
    </Asked>
  );
}

function HistoryOf({ id }: { readonly id: string }) {
  const [{ data, error }, again] = useLiveQuery({ query: ArtifactHistoryDocument, variables: { id } });
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
