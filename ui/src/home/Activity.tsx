import { Skeleton } from "@mantine/core";
import { useState } from "react";
import type { CombinedError } from "urql";

import { told } from "../api/errors";
import { count, duration, moment, short } from "../kit/format";
import styles from "./home.module.css";
import type { Series } from "./span";

const WIDTH = 960;
const HEIGHT = 132;

/** Nodes created over time, stacked by type: a plain drawing, so that the first page waits for no chart library. */
export function Activity({
  series,
  sinceMs,
  stepMs,
  error,
}: {
  readonly series: readonly Series[] | null;
  readonly sinceMs: number;
  readonly stepMs: number;
  readonly error: CombinedError | undefined;
}) {
  const [at, setAt] = useState<number | null>(null);
  return (
    <section className={`card ${styles.activity ?? ""}`} aria-label="Activity">
      <div className={styles.head}>
        <h2>Activity</h2>
        <span className="dim">
          {at === null ? `what was recorded, by type; a bar is ${duration(stepMs)}` : moment(sinceMs + at * stepMs)}
        </span>
      </div>
      {error && <p role="alert">{told(error).message}</p>}
      {!series && !error && <Skeleton height={HEIGHT} />}
      {series && series.length === 0 && <p className="dim">Nothing was recorded in this time.</p>}
      {series && series.length > 0 && (
        <>
          <Bars series={series} at={at} onAt={setAt} />
          <Legend series={series} at={at} />
        </>
      )}
    </section>
  );
}

function Bars({
  series,
  at,
  onAt,
}: {
  readonly series: readonly Series[];
  readonly at: number | null;
  readonly onAt: (at: number | null) => void;
}) {
  const buckets = series[0]?.counts.length ?? 0;
  const width = WIDTH / buckets;
  const sums = Array.from({ length: buckets }, (_, bucket) =>
    series.reduce((sum, one) => sum + (one.counts[bucket] ?? 0), 0),
  );
  const most = Math.max(...sums, 1);
  const bottom = new Array<number>(buckets).fill(0);
  const all = series.reduce((sum, one) => sum + one.total, 0);
  return (
    <svg
      className={styles.bars}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${count(all)} nodes: ${series.map((one) => `${count(one.total)} ${short(one.name, 60)}`).join(", ")}`}
      onPointerLeave={() => onAt(null)}
      onPointerMove={(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        onAt(Math.min(buckets - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * buckets))));
      }}
    >
      {at !== null && <rect className={styles.hover} x={at * width} y={0} width={width} height={HEIGHT} />}
      {series.map((one, color) =>
        one.counts.map((value, bucket) => {
          if (!value) return null;
          const height = (value / most) * (HEIGHT - 4);
          bottom[bucket] = (bottom[bucket] ?? 0) + height;
          return (
            <rect
              key={bucket}
              data-series={color}
              x={bucket * width + 1}
              y={HEIGHT - bottom[bucket]}
              width={width - 2}
              height={Math.max(height, 1)}
            />
          );
        }),
      )}
    </svg>
  );
}

function Legend({ series, at }: { readonly series: readonly Series[]; readonly at: number | null }) {
  return (
    <ul className={styles.legend}>
      {series.map((one, color) => (
        <li key={one.name}>
          <span className={styles.swatch} data-series={color} aria-hidden />
          <span className="cut" dir="auto" title={short(one.name, 500)}>
            {short(one.name, 60)}
          </span>
          <b>{count(at === null ? one.total : (one.counts[at] ?? 0))}</b>
        </li>
      ))}
    </ul>
  );
}
