import {
  IconAlertTriangle,
  IconClockHour4,
  IconDatabase,
  IconRecycle,
  IconStack2,
  type Icon,
} from "@tabler/icons-react";
import type { ReactNode } from "react";

import { bytes, count, duration, short } from "../kit/format";
import styles from "./cache.module.css";
import { ComponentName } from "./columns";
import type { CacheNumbersQuery } from "./queries.generated";

type Stats = CacheNumbersQuery["cache"]["stats"];

/** The cache in four numbers; they may come after the table. */
export function Numbers({ stats }: { readonly stats: Stats | null }) {
  const { total, entries = 0, invalidated = 0, dropped = 0 } = stats ?? {};
  const gone = [invalidated && `${count(invalidated)} invalidated`, dropped && `${count(dropped)} dropped`];
  return (
    <dl className={styles.numbers} aria-busy={!stats}>
      <Tile icon={IconRecycle} name="Hit rate" value={total && percent(total.hitRate)}>
        {total && `${count(total.hits)} reused, ${count(total.ran)} ran`}
        <span className={styles.meter} aria-hidden>
          <i style={{ width: percent(total?.hitRate ?? 0) }} />
        </span>
      </Tile>
      <Tile icon={IconClockHour4} name="Time saved" value={total && duration(total.savedMs)}>
        by not running what had run
      </Tile>
      <Tile icon={IconDatabase} name="Bytes saved" value={total && bytes(total.savedBytes)}>
        that were not made again
      </Tile>
      <Tile icon={IconStack2} name="Live results" value={stats ? count(entries) : undefined}>
        {stats && (gone.filter(Boolean).join(", ") || "none was taken out")}
      </Tile>
    </dl>
  );
}

function Tile({
  icon: Icon,
  name,
  value,
  children,
}: {
  readonly icon: Icon;
  readonly name: string;
  readonly value: string | undefined;
  readonly children: ReactNode;
}) {
  return (
    <div className={styles.tile}>
      <dt>
        <Icon size={15} aria-hidden /> {name}
      </dt>
      <dd>
        <strong>{value ?? "…"}</strong>
        <span className="dim">{children}</span>
      </dd>
    </div>
  );
}

/** The components, those that saved most first; a press shows the entries of one. */
export function Components({
  stats,
  chosen,
  onChoose,
  children,
}: {
  readonly stats: Stats;
  readonly chosen: string | undefined;
  readonly onChoose: (component: string | undefined) => void;
  /** Beside the heading. */
  readonly children: ReactNode;
}) {
  const most = Math.max(1, ...stats.components.map((one) => one.savedMs));
  return (
    <nav className={styles.components} aria-label="Components">
      <header>
        <h2>Components</h2>
        {children}
      </header>
      <ul>
        {stats.components.map((one) => (
          <li key={one.name}>
            <button
              type="button"
              aria-pressed={one.name === chosen}
              onClick={() => onChoose(one.name === chosen ? undefined : one.name)}
            >
              <span className={styles.name}>
                <span className="cut" dir="auto" title={short(one.name, 500)}>
                  <ComponentName name={one.name} />
                </span>
                {one.nondeterministic && (
                  <IconAlertTriangle
                    size={14}
                    className={styles.warn}
                    role="img"
                    aria-label="Gave other bytes for the same inputs"
                  />
                )}
                <b>{duration(one.savedMs)}</b>
              </span>
              <span className={styles.meter} aria-hidden>
                <i style={{ width: `${(100 * one.savedMs) / most}%` }} />
              </span>
              <span className="dim">
                {percent(one.hitRate)} of {count(one.hits + one.ran)} reused · {bytes(one.savedBytes)}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function percent(part: number): string {
  return `${Math.round(100 * part)}%`;
}
