/** Which tracks of a grid are seen: from the first to the one behind the last. */
export interface Seen {
  readonly from: number;
  readonly to: number;
}

/** Where each track begins, and at last where the last one ends. */
export function startsOf(sizes: readonly number[]): readonly number[] {
  const starts = [0];
  for (const size of sizes) starts.push((starts.at(-1) ?? 0) + size);
  return starts;
}

const MOST_STRETCH = 1.9;

/** Wider tracks, where there is room for all of them and some is left. */
export function stretched(sizes: readonly number[], room: number): readonly number[] {
  const all = sizes.reduce((sum, size) => sum + size, 0);
  const factor = all > 0 ? Math.min(MOST_STRETCH, room / all) : 1;
  return factor > 1 ? sizes.map((size) => Math.floor(size * factor)) : sizes;
}

/** The tracks seen through a hole `view` wide at `scroll`, and some more on either side. */
export function seen(starts: readonly number[], scroll: number, view: number, more: number): Seen {
  const many = starts.length - 1;
  const from = Math.max(0, at(starts, scroll) - more);
  const to = Math.min(many, at(starts, scroll + view) + 1 + more);
  return { from: Math.min(from, many), to };
}

/** The track at a place. */
function at(starts: readonly number[], place: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return Math.min(low, Math.max(0, starts.length - 2));
}
