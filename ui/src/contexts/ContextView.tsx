import { IconPlayerPlay } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";

import { useLiveQuery } from "../api/live";
import { ArtifactTable } from "../artifacts/Table";
import { ExecutionTable } from "../executions/Table";
import { CompareButton, PinButton } from "../kit/detail/Actions";
import { Asked } from "../kit/detail/Asked";
import { Detail, Part, type Tab } from "../kit/detail/Detail";
import styles from "../kit/detail/detail.module.css";
import { Exact, Fact, Facts, When } from "../kit/detail/Facts";
import { History } from "../kit/detail/History";
import { InLog, Links, Properties, Raw } from "../kit/detail/NodeParts";
import { amount } from "../kit/detail/words";
import { count } from "../kit/format";
import { LinkButton } from "../kit/LinkButton";
import { allFound, found } from "../kit/found";
import { ContextTable } from "./Table";
import {
  ContextDetailDocument, type ContextDetailQuery, ContextHistoryDocument, ContextTotalDocument,
} from "./queries.generated"; // prettier-ignore

type ContextDetail = Extract<ContextDetailQuery["node"], { readonly parents: unknown }>;

/** One context: what lies in it, and what it lies in. */
export function ContextView() {
  const { id: number } = useParams({ from: "/contexts/$id" });
  const id = `context:${number}`;
  const inside = `parent_contexts_p.id = ${number}`;
  const [{ data, error }, again] = useLiveQuery({ query: ContextDetailDocument, variables: { id } });
  const [{ data: counted }] = useLiveQuery({
    query: ContextTotalDocument,
    variables: { where: inside, filter: null },
    pause: !data,
  });
  const children = counted?.contexts.totalCount ?? 0;
  return (
    <Asked data={found(data?.node)} error={error} again={again}>
      {(context) => {
        const member = `contexts_c.id = ${number}`;
        const [artifacts, executions] = [context.artifacts.totalCount, context.executions.totalCount];
        const tabs: readonly Tab[] = [
          {
            id: "overview",
            label: "Overview",
            show: () => <Overview context={context} childCount={children} />,
          },
          {
            id: "executions",
            label: "Executions",
            count: count(executions),
            show: () => <ExecutionTable where={member} label="Executions" />,
          },
          {
            id: "artifacts",
            label: "Artifacts",
            count: count(artifacts),
            show: () => <ArtifactTable where={member} label="Artifacts" />,
          },
          {
            id: "contexts",
            label: "Contexts",
            count: count(children),
            show: () => <ContextTable where={inside} label="Contexts" />,
          },
          { id: "history", label: "History", show: () => <HistoryOf id={id} /> },
          { id: "json", label: "JSON", show: () => <Raw value={context} label={id} /> },
        ];
        const pinned = context.customProperties.some((one) => one.name === "pinned" && one.value === true);
        const { namespace, name, type } = context;
        const pin = pinned ? { context: { id, name, type, namespace, pins: [] }, byHand: true } : null;
        return (
          <Detail
            kind="CONTEXT"
            id={id}
            name={context.label}
            type={context.nodeType}
            state={null}
            tabs={tabs}
            actions={
              <>
                {type === "system.PipelineRun" && name !== null && (
                  <LinkButton
                    to="/runs/$id"
                    params={{ id: name }}
                    leftSection={<IconPlayerPlay size={14} aria-hidden />}
                  >
                    Run
                  </LinkButton>
                )}
                <CompareButton id={id} />
                <PinButton
                  id={id}
                  namespace={namespace}
                  pin={pin}
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

function Overview({ context, childCount }: { readonly context: ContextDetail; readonly childCount: number }) {
  const holds = [
    amount(context.executions.totalCount, "execution"),
    amount(context.artifacts.totalCount, "artifact"),
    amount(childCount, "context"),
  ];
  return (
    <div className={styles.parts}>
      <Part title="Facts">
        <Facts label="Facts">
          <Fact name="Holds">{holds.join(", ")}</Fact>
          <Fact name="Lies in">{context.parents.length > 0 && <Links nodes={context.parents} />}</Fact>
          <Exact name="Recorded name" text={context.name} />
          <Exact name="External id" text={context.externalId} />
          <Fact name="Namespace">{context.namespace}</Fact>
          <When name="Created" ms={context.createdMs} />
          <When name="Changed" ms={context.updatedMs === context.createdMs ? null : context.updatedMs} />
        </Facts>
      </Part>
      <Properties declared={context.properties} own={context.customProperties} />
    </div>
  );
}

function HistoryOf({ id }: { readonly id: string }) {
  const [{ data, error }, again] = useLiveQuery({ query: ContextHistoryDocument, variables: { id } });
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
