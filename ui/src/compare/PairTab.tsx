import { IconArrowsDiff, IconCheck, IconChevronRight, IconMinus, IconPlus } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { useQuery } from "urql";

import type { NodeKind } from "../api/schema.generated";
import { useLiveQuery } from "../api/live";
import { count, short } from "../kit/format";
import { NodeLink } from "../kit/NodeLink";
import { ErrorFace, Loading, Partial } from "../shell/faces";
import styles from "./compare.module.css";
import { Entries } from "./Entries";
import { LineageDiff } from "./LineageDiff";
import { CompareTwoDocument, type CompareTwoQuery } from "./queries.generated";
import type { Items } from "./TableTab";

type Task = CompareTwoQuery["compare"]["tasks"][number];

/** Exactly two: everything in which they differ, side by side, and their lineages over each other. */
export function PairTab({
  items,
  kind,
  all,
}: {
  readonly items: Items;
  readonly kind: NodeKind;
  readonly all: boolean;
}) {
  const [a = "", b = ""] = items.ids;
  const [{ data, error }, again] = useLiveQuery({ query: CompareTwoDocument, variables: { a, b, all } });
  const [{ data: pairs }] = useQuery({
    query: CompareTwoDocument,
    variables: { a, b, all: true },
    pause: kind !== "CONTEXT",
  });
  const twins = useMemo(() => {
    const found = new Map<string, string>();
    for (const task of pairs?.compare.tasks ?? []) if (task.a !== null && task.b !== null) found.set(task.b, task.a);
    return found;
  }, [pairs]);
  if (error && !data) return <ErrorFace error={error} retry={() => again({ requestPolicy: "network-only" })} />;
  if (!data) return <Loading lines={10} />;
  const { same, partial, entries, producers, tasks } = data.compare;
  return (
    <div className={styles.pair}>
      <header className={styles.sides}>
        {([["a", a, 0], ["b", b, 1]] as const).map(([side, id, at]) => (
          <div key={side} data-side={side}>
            <b aria-hidden>{side.toUpperCase()}</b>
            <NodeLink node={{ id, name: items.names[at] ?? null }} />
            <span className="mono dim">{id}</span>
          </div>
        ))}
      </header>
      {same && <p className={styles.note}>Nothing differs in what is told of them.</p>}
      {partial && <Partial>There is too much of one of them to be compared whole.</Partial>}
      <Entries entries={entries} />
      {producers && (producers.entries.length > 0 || all) && (
        <section>
          <h2>What made them</h2>
          <p className={styles.note}>
            {producers.a !== null && <NodeLink node={{ id: producers.a, name: null }} />}
            {producers.b !== null && <NodeLink node={{ id: producers.b, name: null }} />}
            {producers.same && "Nothing differs."}
          </p>
          <Entries entries={producers.entries} />
        </section>
      )}
      {tasks.length > 0 && (
        <section>
          <h2>Tasks</h2>
          <ul className={styles.tasks}>
            {tasks.map((task) => (
              <TaskLine key={task.task} task={task} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2>{kind === "CONTEXT" ? "What they did" : "What they were made from"}</h2>
        <LineageDiff a={a} b={b} kind={kind} twins={twins} />
      </section>
    </div>
  ); // prettier-ignore
}

function TaskLine({ task }: { readonly task: Task }) {
  const [open, setOpen] = useState(false);
  const [Icon, words, side] = task.same
    ? ([IconCheck, "the same", undefined] as const)
    : task.a === null
      ? ([IconPlus, "only in B", "b"] as const)
      : task.b === null
        ? ([IconMinus, "only in A", "a"] as const)
        : ([IconArrowsDiff, `${count(task.entries.length)} differ`, undefined] as const);
  return (
    <li>
      <div className={styles.task}>
        <button type="button" aria-expanded={open} disabled={task.entries.length === 0} onClick={() => setOpen(!open)}>
          <IconChevronRight size={14} aria-hidden data-open={open || undefined} />
          <span className="cut" dir="auto" title={short(task.task, 500)}>
            {short(task.task)}
          </span>
        </button>
        <span className={styles.verdict} data-side={side}>
          <Icon size={14} aria-hidden /> {words}
        </span>
        {task.a !== null && <NodeLink node={{ id: task.a, name: null }} />}
        {task.b !== null && <NodeLink node={{ id: task.b, name: null }} />}
      </div>
      {open && <Entries entries={task.entries} />}
    </li>
  );
}
