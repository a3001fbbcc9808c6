import type { Span } from "./search";

const HOUR_MS = 3_600_000;
const LENGTH_MS: Readonly<Record<Exclude<Span, "all">, number>> = {
  "1h": HOUR_MS,
  "24h": 24 * HOUR_MS,
  "7d": 7 * 24 * HOUR_MS,
  "30d": 30 * 24 * HOUR_MS,
};

/** How many bars the activity is drawn with. */
export const BUCKETS = 48;

/** The words for it. */
export const WORDS: Readonly<Record<Span, string>> = {
  "1h": "last hour",
  "24h": "last 24 hours",
  "7d": "last 7 days",
  "30d": "last 30 days",
  all: "all time",
};

/**
 * The window of a span: it ends at a whole bucket, so that the same question is asked until the next one begins.
 * `firstMs` is when the record began, for "all".
 */
export function windowOf(span: Span, nowMs: number, firstMs: number | null): { sinceMs: number; untilMs: number } {
  const length = span === "all" ? Math.max(nowMs - (firstMs ?? nowMs), HOUR_MS) : LENGTH_MS[span];
  const step = Math.ceil(length / BUCKETS);
  const untilMs = (Math.floor(nowMs / step) + 1) * step;
  return { sinceMs: untilMs - BUCKETS * step, untilMs };
}

/** One bucket, kind, type and state, as the server tells it. */
export interface Tally {
  readonly fromMs: number;
  readonly kind: string;
  readonly type: string;
  readonly state: string | null;
  readonly count: number;
}

/** How executions of the window ended. */
export interface Ended {
  readonly ran: number;
  readonly reused: number;
  readonly failed: number;
  readonly running: number;
}

/** Sum up the executions of `tallies`. */
export function endedOf(tallies: readonly Tally[]): Ended {
  const sum = (...states: string[]) =>
    tallies.reduce(
      (total, one) => total + (one.kind === "EXECUTION" && states.includes(one.state ?? "") ? one.count : 0),
      0,
    );
  return { ran: sum("COMPLETE"), reused: sum("CACHED"), failed: sum("FAILED"), running: sum("RUNNING", "NEW") };
}

/** One stacked series: a type, and how many of it in each bucket. */
export interface Series {
  readonly name: string;
  readonly counts: readonly number[];
  readonly total: number;
}

/** The busiest types, each with a count a bucket; what is beyond `most` types is one series, "others". */
export function seriesOf(tallies: readonly Tally[], sinceMs: number, stepMs: number, most = 6): readonly Series[] {
  const byType = new Map<string, number[]>();
  for (const { type, fromMs, count } of tallies) {
    const counts = byType.get(type) ?? new Array<number>(BUCKETS).fill(0);
    const at = Math.min(BUCKETS - 1, Math.max(0, Math.round((fromMs - sinceMs) / stepMs)));
    counts[at] = (counts[at] ?? 0) + count;
    byType.set(type, counts);
  }
  const total = (counts: readonly number[]) => counts.reduce((sum, one) => sum + one, 0);
  const all = [...byType].map(([name, counts]) => ({ name, counts, total: total(counts) }));
  all.sort((a, b) => b.total - a.total || a.name.localeCompare(b.name));
  const rest = all.slice(most);
  if (!rest.length) return all;
  const others = Array.from({ length: BUCKETS }, (_, at) => rest.reduce((sum, one) => sum + (one.counts[at] ?? 0), 0));
  return [...all.slice(0, most), { name: `${rest.length} other types`, counts: others, total: total(others) }];
}
