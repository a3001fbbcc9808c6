import { Button } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef } from "react";
import { useQuery } from "urql";

import { bytes, short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { nodePath } from "../kit/node";
import { Duration, Time } from "../kit/Time";
import { ErrorFace, Loading } from "../shell/faces";
import styles from "./panel.module.css";
import { type CarriedFragment, TaskOfRunDocument } from "./queries.generated";
import runs from "./runs.module.css";
import { TallyBar } from "./TallyBar";
import { type Branch, branchAt } from "./tree";
import type { RunFacts } from "./useRun";
import { Values } from "./Values";
import { Why } from "./Why";
import { told } from "./words";

/** What a task is and was, its failure first; why it was reused or ran; what it read and wrote. */
export function TaskFacts({
  run,
  branch,
  tree,
  onLog,
  onTask,
}: {
  readonly run: RunFacts;
  readonly branch: Branch;
  readonly tree: readonly Branch[];
  readonly onLog: (() => void) | null;
  readonly onTask: (path: string) => void;
}) {
  const { fact, defined } = branch;
  const [{ data, error }, ask] = useQuery({
    query: TaskOfRunDocument,
    variables: { id: run.id, name: branch.path },
    pause: !fact,
  });
  const stand = `${fact?.execution ?? ""} ${fact?.state ?? ""}`;
  const before = useRef(stand);
  useEffect(() => {
    if (before.current === stand) return;
    before.current = stand;
    ask({ requestPolicy: "network-only" });
  }, [stand, ask]);
  const task = data?.run.task.name === branch.path ? data.run.task : undefined;
  return (
    <>
      {fact?.error && (
        <div className={runs.failure} role="alert">
          <strong>Why it failed</strong>
          <pre dir="auto" tabIndex={0}>
            {short(fact.error, 8000)}
          </pre>
          {onLog && (
            <Button size="compact-xs" variant="default" leftSection={<IconFileText size={13} />} onClick={onLog}>
              Read the log
            </Button>
          )}
        </div>
      )}
      <Section>
        <dl className={styles.lead}>
          <dt>Path</dt>
          <dd className="mono wrap">{short(branch.path, 400)}</dd>
          <dt>Kind</dt>
          <dd>{branch.shape === "step" ? branch.kind : branch.shape}</dd>
          {branch.shape !== "step" && (
            <>
              <dt>Steps</dt>
              <dd>
                <TallyBar counts={branch.counts} /> {told(branch.counts)}
              </dd>
            </>
          )}
          {fact && (
            <>
              <dt>Began</dt>
              <dd>
                <Time ms={fact.startedMs} />
              </dd>
              <dt>Took</dt>
              <dd>
                <Duration fromMs={fact.startedMs} toMs={fact.endedMs} />
              </dd>
              <dt>Execution</dt>
              <dd>
                <Link to={nodePath(fact.execution)} className="mono">
                  {fact.execution}
                </Link>
              </dd>
            </>
          )}
          {fact && fact.attempts > 1 && (
            <>
              <dt>Attempts</dt>
              <dd>{fact.attempts}</dd>
            </>
          )}
          {fact?.skipped && (
            <>
              <dt>Skipped</dt>
              <dd className="wrap">{short(fact.skipped, 500)}</dd>
            </>
          )}
          {defined?.condition && (
            <>
              <dt>Condition</dt>
              <dd className="mono wrap">{short(defined.condition, 500)}</dd>
            </>
          )}
          {defined?.image && (
            <>
              <dt>Image</dt>
              <dd className="mono wrap">{short(defined.image, 300)}</dd>
            </>
          )}
          {branch.after.length > 0 && (
            <>
              <dt>After</dt>
              <dd>
                {branch.after.map(({ path, carries }) => (
                  <button
                    key={path}
                    type="button"
                    className={runs.plain}
                    title={carries.length ? `gives ${short(carries.join(", "), 300)}` : "only its end matters"}
                    onClick={() => onTask(path)}
                  >
                    {short(branchAt(tree, path)?.name ?? path, 80)}
                  </button>
                ))}
              </dd>
            </>
          )}
        </dl>
      </Section>
      {!fact && <p className="dim">It has not begun, so the record has nothing of it yet.</p>}
      {error && !task && <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />}
      {fact && !task && !error && <Loading lines={5} />}
      {task?.decision && (
        <Section title={task.decision.outcome === "hit" ? "Why it was reused" : "Why it ran"}>
          <Why decision={task.decision} />
        </Section>
      )}
      {task && (
        <>
          <Section title="Inputs">
            <Artifacts of={task.execution.inputs} />
            {(Object.keys(task.inputs ?? {}).length > 0 || task.execution.inputs.length === 0) && (
              <Values of={task.inputs} nothing="It was given nothing." />
            )}
          </Section>
          <Section title="Outputs">
            <Artifacts of={task.execution.outputs} />
            {(Object.keys(task.outputs ?? {}).length > 0 || task.execution.outputs.length === 0) && (
              <Values of={task.outputs} nothing={fact?.endedMs === null ? "Nothing yet." : "It gave nothing."} />
            )}
          </Section>
        </>
      )}
    </>
  );
}

function Section({ title, children }: { readonly title?: string; readonly children: ReactNode }) {
  return (
    <section className={styles.section}>
      {title && <h3>{title}</h3>}
      {children}
    </section>
  );
}

function Artifacts({ of }: { readonly of: readonly CarriedFragment[] }) {
  if (of.length === 0) return null;
  return (
    <ul className={styles.artifacts}>
      {of.map(({ name, artifact }) => {
        const shown = artifact.customProperties[0]?.value;
        const label = artifact.name ?? (typeof shown === "string" && shown ? shown : artifact.id);
        return (
          <li key={`${name} ${artifact.id}`} className={styles.artifact}>
            <span className="cut dim" dir="auto" title={short(name, 500)}>
              {short(name)}
            </span>
            <Link to={nodePath(artifact.id)} className={runs.node} title={short(artifact.uri ?? artifact.id, 500)}>
              <KindIcon kind="ARTIFACT" />
              <span className="cut" dir="auto">
                {short(label)}
              </span>
              <span className={`cut dim ${runs.type ?? ""}`}>{artifact.type.replace(/^system\./, "")}</span>
            </Link>
            <span className="dim">{artifact.sizeBytes === null ? "" : bytes(artifact.sizeBytes)}</span>
          </li>
        );
      })}
    </ul>
  );
}
