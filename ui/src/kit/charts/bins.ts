/** One bar of a histogram: values from `from` up to `to`, which the last one holds too. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Count values into bins with round edges, at most `most` of them. What is not finite is left out. */
export function binned(values: readonly number[], most = 12): readonly Bin[] {
  const known = values.filter(Number.isFinite);
  if (!known.length) return [];
  let least = Infinity;
  let greatest = -Infinity;
  for (const value of known) {
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (least === greatest) return [{ from: least, to: greatest, count: known.length }];
  const step = roundStep((greatest - least) / most);
  const start = Math.floor(least / step);
  const end = Math.max(Math.ceil(greatest / step), start + 1);
  const counts = new Array<number>(end - start).fill(0);
  for (const value of known) {
    const at = Math.min(counts.length - 1, Math.max(0, Math.floor(value / step) - start));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts.map((count, at) => ({ from: edge((start + at) * step), to: edge((start + at + 1) * step), count }));
}

/** The next of 1, 2, 5, 10, 20 ... that is no less. */
export function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  for (const factor of [1, 2, 5]) if (factor * power >= least * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

function edge(value: number): number {
  return Number(value.toPrecision(12));
}
