import type { Tone } from "./colors";

/** One layer of stacked bars. */
export interface Layer {
  readonly name: string;
  readonly tone: Tone | number;
  /** One a bucket. */
  readonly values: readonly number[];
}

/** Buckets of time, of one length. */
export interface Buckets {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly count: number;
}

/** How many of what began in which bucket. */
export interface Counted {
  readonly fromMs: number;
  readonly name: string;
  readonly count: number;
}

/** Layers of what was counted, in the order of `names` where given, else the largest first; empty ones are left out. */
export function layersOf(
  counted: Iterable<Counted>,
  buckets: Buckets,
  toneOf: (name: string, at: number) => Tone | number,
  names?: readonly string[],
): readonly Layer[] {
  const found = new Map<string, number[]>();
  for (const { fromMs, name, count } of counted) {
    const at = Math.floor((fromMs - buckets.fromMs) / buckets.stepMs);
    if (at < 0 || at >= buckets.count) continue;
    const values = found.get(name) ?? new Array<number>(buckets.count).fill(0);
    values[at] = (values[at] ?? 0) + count;
    found.set(name, values);
  }
  const order = names ? names.filter((name) => found.has(name)) : [...found.keys()].sort(bySum(found));
  return order.map((name, at) => ({ name, tone: toneOf(name, at), values: found.get(name) ?? [] }));
}

/** The most `most` layers; all others together are the last. */
export function fewest(layers: readonly Layer[], most: number, rest = "others"): readonly Layer[] {
  if (layers.length <= most) return layers;
  const others = layers.slice(most - 1);
  const values = others[0]?.values.map((_, at) => sum(others.map((layer) => layer.values[at] ?? 0))) ?? [];
  return [...layers.slice(0, most - 1), { name: `${others.length} ${rest}`, tone: "idle", values }];
}

/** Where each layer ends when it stands on those before it. */
export function tops(layers: readonly Layer[]): readonly (readonly number[])[] {
  const under: number[] = [];
  return layers.map((layer) => layer.values.map((value, at) => (under[at] = (under[at] ?? 0) + value)));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** What a tick of a time axis is called: the hour, the day where one begins, the year where one begins. */
export function tick(seconds: number): string {
  const at = new Date(seconds * 1000);
  const [hour, minute, second] = [at.getHours(), at.getMinutes(), at.getSeconds()];
  const two = (value: number) => String(value).padStart(2, "0");
  if (hour || minute || second) return `${two(hour)}:${two(minute)}${second ? `:${two(second)}` : ""}`;
  const first = at.getDate() === 1 && at.getMonth() === 0;
  return first ? String(at.getFullYear()) : `${MONTHS[at.getMonth()] ?? ""} ${at.getDate()}`;
}

/** All of all. */
export function sum(values: Iterable<number>): number {
  let all = 0;
  for (const value of values) all += value;
  return all;
}

function bySum(found: ReadonlyMap<string, readonly number[]>) {
  const sums = new Map([...found].map(([name, values]) => [name, sum(values)]));
  return (a: string, b: string) => (sums.get(b) ?? 0) - (sums.get(a) ?? 0) || (a < b ? -1 : 1);
}
