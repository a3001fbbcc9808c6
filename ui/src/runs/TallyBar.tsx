import { lookOf } from "../kit/State";
import styles from "./runs.module.css";
import type { Counts } from "./tree";
import { parts, told, total } from "./words";

/** How many steps are in each state, as a bar; in words for those who hear it, and in its title. */
export function TallyBar({ counts, words = false }: { readonly counts: Counts; readonly words?: boolean }) {
  const all = total(counts);
  const text = told(counts);
  return (
    <span className={styles.tally} title={text}>
      <span className={styles.bar} role="img" aria-label={text}>
        {parts(counts).map(([state, many]) => (
          <i key={state} data-fill={lookOf(state)[1]} data-of={state} style={{ flexGrow: many / Math.max(all, 1) }} />
        ))}
      </span>
      {words && <span className="cut dim">{text}</span>}
    </span>
  );
}
