import type { ReactNode } from "react";

import { count as counted, short } from "../format";
import styles from "./charts.module.css";
import { type Tone, variableOf } from "./colors";

/** One bar. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly tone?: Tone | number;
  /** Instead of the name: a link. */
  readonly label?: ReactNode;
}

/** Bars that lie, each with its name and its value: HTML, which reads itself. */
export function Bars({
  label,
  bars,
  say = counted,
  most,
}: {
  readonly label: string;
  readonly bars: readonly Bar[];
  readonly say?: (value: number) => string;
  /** What a full bar is; the largest value when left out. */
  readonly most?: number;
}) {
  const full = most ?? Math.max(0, ...bars.map((bar) => bar.value));
  return (
    <ul className={styles.bars} aria-label={label}>
      {bars.map((bar, at) => (
        <li key={`${at} ${bar.name}`}>
          <span className={`cut ${styles.name ?? ""}`} title={short(bar.name, 500)} dir="auto">
            {bar.label ?? short(bar.name)}
          </span>
          <span className={styles.track} aria-hidden>
            {bar.value > 0 && full > 0 && (
              <i
                style={{
                  width: `${Math.min(100, (100 * bar.value) / full)}%`,
                  background: `var(${variableOf(bar.tone ?? 0)})`,
                }}
              />
            )}
          </span>
          <span className={styles.value}>{say(bar.value)}</span>
        </li>
      ))}
    </ul>
  );
}
