import { type Branch, walk } from "./tree";

/** A line of a table or a timeline of tasks. */
export interface Row {
  readonly branch: Branch;
  readonly depth: number;
}

/** The tasks whose path holds some words and that are in a state; those in which such lie come along. */
export function rowsOf(tree: readonly Branch[], words: string, state: string): readonly Row[] {
  const all = [...walk(tree)];
  const wanted = words.trim().toLowerCase();
  if (!wanted && !state) return all;
  const keep = new Set<string>();
  const above: Branch[] = [];
  for (const { branch, depth } of all) {
    above.length = depth;
    above.push(branch);
    const fits = (!wanted || branch.path.toLowerCase().includes(wanted)) && (!state || branch.state === state);
    if (fits) for (const one of above) keep.add(one.path);
  }
  return all.filter(({ branch }) => keep.has(branch.path));
}

/** The stretch of time that a run takes so far. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** From the first beginning to the last end; what goes on lasts to now. */
export function spanOf(rows: readonly Row[], startedMs: number | null, endedMs: number | null, nowMs: number): Span {
  let [from, to] = [startedMs ?? Infinity, endedMs ?? -Infinity];
  for (const { branch } of rows) {
    const { fact } = branch;
    if (!fact || fact.startedMs === null) continue;
    from = Math.min(from, fact.startedMs);
    to = Math.max(to, fact.endedMs ?? nowMs);
  }
  if (endedMs === null && from !== Infinity) to = Math.max(to, nowMs);
  if (from === Infinity) return { fromMs: nowMs, toMs: nowMs + 1 };
  return { fromMs: from, toMs: Math.max(to, from + 1) };
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 28_800_000, 86_400_000,
]; // prettier-ignore

/** Where a ruler has its marks: milliseconds from the beginning, at most `most` of them. */
export function ticks({ fromMs, toMs }: Span, most: number): readonly number[] {
  const length = toMs - fromMs;
  const step = STEPS.find((one) => length / one <= most) ?? Math.ceil(length / most / 86_400_000) * 86_400_000;
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, i) => i * step);
}
