import { useQuery } from "urql";

import type { NewRunInput } from "../api/schema.generated";
import { count, duration, short } from "../kit/format";
import { lookOf } from "../kit/State";
import { ErrorFace, Loading } from "../shell/faces";
import styles from "./form.module.css";
import { PlanRunDocument } from "./queries.generated";
import { verdictState, verdictTone, verdictWord } from "./verdicts";

const MOST = 300;

/** What a run would reuse, run, or wait to know; nothing is recorded. */
export function PlanPreview({ run }: { readonly run: NewRunInput }) {
  const [{ data, error }, ask] = useQuery({
    query: PlanRunDocument,
    variables: { run },
    requestPolicy: "network-only",
  });
  if (error) return <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />;
  if (!data) return <Loading lines={4} />;
  const { plan } = data.cache;
  const parts = (["hit", "run", "wait", "skip", "fail"] as const).filter((verdict) => plan[verdict] > 0);
  return (
    <div className={styles.plan} role="region" aria-label="What would happen">
      <p>
        {parts.map((verdict) => `${count(plan[verdict])} ${verdictWord(verdict)}`).join(", ") || "It has no tasks."}
        {plan.savedMs > 0 && <span className="dim">, {duration(plan.savedMs)} saved</span>}
      </p>
      <ul tabIndex={0} aria-label="Tasks">
        {plan.tasks.slice(0, MOST).map((task) => {
          const [Icon] = lookOf(verdictState(task.verdict));
          return (
            <li key={task.name}>
              <span className="cut mono" dir="auto" title={short(task.name, 400)}>
                {short(task.name)}
              </span>
              <span className={styles.verdict} data-tone={verdictTone(task.verdict)}>
                <Icon size={13} stroke={2} aria-hidden />
                {verdictWord(task.verdict)}
              </span>
              <span className="cut dim" dir="auto" title={short(task.reason, 400)}>
                {task.savedMs > 0 ? `saves ${duration(task.savedMs)}` : short(task.reason)}
              </span>
            </li>
          );
        })}
      </ul>
      {plan.tasks.length > MOST && <p className="dim">and {count(plan.tasks.length - MOST)} more</p>}
    </div>
  );
}
