import { GAP } from "./model";
import type { Web } from "./ranks";

const SWEEPS = 4;

/** Bring each column into an order that lets few lines cross: barycentre sweeps, ties by the number of the box. */
export function arrange(given: Web, columns: readonly Int32Array[], place: Float64Array): void {
  for (const column of columns) spread(column, place);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    const [found, at] = forward ? [given.ins, given.insAt] : [given.outs, given.outsAt];
    for (let step = 1; step < columns.length; step += 1) {
      const column = columns[forward ? step : columns.length - 1 - step];
      if (!column) continue;
      const wish = wishes(column, found, at, place);
      const sorted = [...column.keys()].sort(
        (a, b) => (wish[a] ?? 0) - (wish[b] ?? 0) || (column[a] ?? 0) - (column[b] ?? 0),
      );
      column.set(sorted.map((i) => column[i] ?? 0));
      spread(column, place);
    }
  }
}

/** Of each connected part, its boxes by column, in order of number. */
export function byPart(part: Int32Array, ranks: Int32Array): Int32Array[][] {
  const found: number[][][] = [];
  ranks.forEach((rank, i) => {
    const columns = (found[part[i] ?? 0] ??= []);
    (columns[rank] ??= []).push(i);
  });
  return found.map((columns) => Array.from(columns, (column?: number[]) => Int32Array.from(column ?? [])));
}

function spread(column: Int32Array, place: Float64Array): void {
  column.forEach((box, i) => (place[box] = i - (column.length - 1) / 2));
}

/** The mean place of each box's neighbours; its own where it has none. */
function wishes(column: Int32Array, found: Int32Array, at: Int32Array, place: Float64Array): Float64Array {
  return Float64Array.from(column, (box) => {
    const first = at[box] ?? 0;
    const end = at[box + 1] ?? 0;
    if (first === end) return place[box] ?? 0;
    let sum = 0;
    for (let i = first; i < end; i += 1) sum += place[found[i] ?? 0] ?? 0;
    return sum / (end - first);
  });
}

/**
 * The middle of each box across its column, so that boxes stand beside their neighbours and none overlap.
 *
 * Cost: O(boxes + lines) a sweep: each column takes the positions nearest to its wishes that keep order and gaps.
 */
export function settle(given: Web, columns: readonly Int32Array[], sizes: Float64Array, middle: Float64Array): void {
  for (const column of columns) {
    fit(
      column,
      sizes,
      Float64Array.from(column, () => 0),
      middle,
    );
  }
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const forward = sweep % 2 === 0;
    for (let step = 0; step < columns.length; step += 1) {
      const column = columns[forward ? step : columns.length - 1 - step];
      if (!column) continue;
      const before = wishes(column, given.ins, given.insAt, middle);
      const behind = wishes(column, given.outs, given.outsAt, middle);
      const wish = before.map((value, i) => {
        const box = column[i] ?? 0;
        const ins = (given.insAt[box + 1] ?? 0) - (given.insAt[box] ?? 0);
        const outs = (given.outsAt[box + 1] ?? 0) - (given.outsAt[box] ?? 0);
        if (ins + outs === 0) return middle[box] ?? 0;
        if (sweep === 0) return ins ? value : (middle[box] ?? 0);
        return (value * ins + (behind[i] ?? 0) * outs) / (ins + outs);
      });
      fit(column, sizes, wish, middle);
    }
  }
}

/** Least squares under order and gaps: pool adjacent violators. */
function fit(column: Int32Array, sizes: Float64Array, wish: Float64Array, middle: Float64Array): void {
  const offset = new Float64Array(column.length);
  const starts: number[] = [];
  const sums: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < column.length; i += 1) {
    if (i) {
      const both = (sizes[column[i - 1] ?? 0] ?? 0) + (sizes[column[i] ?? 0] ?? 0);
      offset[i] = (offset[i - 1] ?? 0) + both / 2 + GAP.row;
    }
    let sum = (wish[i] ?? 0) - (offset[i] ?? 0);
    let count = 1;
    let start = i;
    while (starts.length && (sums.at(-1) ?? 0) / (counts.at(-1) ?? 1) >= sum / count) {
      sum += sums.pop() ?? 0;
      count += counts.pop() ?? 0;
      start = starts.pop() ?? 0;
    }
    starts.push(start);
    sums.push(sum);
    counts.push(count);
  }
  starts.forEach((start, block) => {
    const end = starts[block + 1] ?? column.length;
    const base = (sums[block] ?? 0) / (counts[block] ?? 1);
    for (let i = start; i < end; i += 1) middle[column[i] ?? 0] = base + (offset[i] ?? 0);
  });
}
