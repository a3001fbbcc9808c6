import type { Numbered } from "./layout";
import { GAP, type Orientation, type Spots } from "./model";
import { topological, type Web } from "./ranks";

/** Where in the order of columns a box stands: an old column, how far behind it, and from which column it came. */
type Key = readonly [column: number, behind: number, came: number];

/**
 * Columns and rows where some boxes were drawn before.
 *
 * They keep their rows to the pixel. One that a new line would lead back to moves into a column that opens behind the
 * line's beginning; boxes share a column only if they did before, so none can meet. New boxes take the free place
 * nearest to their neighbours.
 */
export function keep(given: Numbered, before: Spots, orientation: Orientation): [Int32Array, Float64Array] {
  const { boxes, graph, across } = given;
  const old = boxes.map((box) => before.get(box.id));
  const ranks = columns(
    graph,
    old.map((spot) => spot?.rank),
  );
  const middle = new Float64Array(boxes.length);
  old.forEach((spot, i) => {
    if (spot) middle[i] = (orientation === "LR" ? spot.y : spot.x) + (across[i] ?? 0) / 2;
  });
  const placed = Uint8Array.from(old, (spot) => (spot ? 1 : 0));
  const taken = new Map<number, [number, number][]>(); // by column, ordered: from, to
  for (const [rank, group] of groupBy([...ranks.keys()], (i) => ranks[i] ?? 0)) {
    const here = group.filter((i) => placed[i]).map((i): [number, number] => span(middle[i] ?? 0, across[i] ?? 0));
    taken.set(
      rank,
      here.sort((a, b) => a[0] - b[0]),
    );
  }
  for (let left = placed.filter((one) => !one).length; left > 0;) {
    const wave = nextWave(graph, placed, middle);
    const ordered = [...wave.keys()].sort((a, b) => (wave.get(a) ?? 0) - (wave.get(b) ?? 0) || a - b);
    for (const [rank, group] of groupBy(ordered, (i) => ranks[i] ?? 0)) {
      const total = group.reduce((sum, i) => sum + (across[i] ?? 0) + GAP.row, -GAP.row);
      const centre = group.reduce((sum, i) => sum + (wave.get(i) ?? 0), 0) / group.length;
      let next = centre - total / 2;
      for (const i of group) {
        const size = across[i] ?? 0;
        middle[i] = free(taken.get(rank) ?? [], next + size / 2, size);
        take(taken.get(rank) ?? [], span(middle[i] ?? 0, size));
        next += size + GAP.row;
      }
    }
    for (const i of wave.keys()) placed[i] = 1;
    left -= wave.size;
  }
  return [ranks, middle];
}

/** New boxes that have placed neighbours, each with their mean row; without any, all that are left. */
function nextWave(graph: Web, placed: Uint8Array, middle: Float64Array): Map<number, number> {
  const wave = new Map<number, number>();
  let lowest = 0;
  placed.forEach((done, i) => {
    if (done) {
      lowest = Math.max(lowest, middle[i] ?? 0);
      return;
    }
    let sum = 0;
    let count = 0;
    for (const there of neighbours(graph, i)) {
      if (!placed[there]) continue;
      sum += middle[there] ?? 0;
      count += 1;
    }
    if (count) wave.set(i, sum / count);
  });
  if (wave.size) return wave;
  placed.forEach((done, i) => {
    if (!done && wave.size === 0) wave.set(i, lowest + GAP.part * 2); // a part by itself begins below
  });
  return wave;
}

function* neighbours(graph: Web, i: number): Generator<number> {
  for (let at = graph.insAt[i] ?? 0; at < (graph.insAt[i + 1] ?? 0); at += 1) yield graph.ins[at] ?? 0;
  for (let at = graph.outsAt[i] ?? 0; at < (graph.outsAt[i + 1] ?? 0); at += 1) yield graph.outs[at] ?? 0;
}

function columns(graph: Web, old: readonly (number | undefined)[]): Int32Array {
  const order = topological(graph);
  const keys: Key[] = [];
  const wish = wished(graph, old, order);
  for (const i of order) {
    const own = wish[i] ?? 0;
    let key: Key = [own, 0, 0];
    for (let at = graph.insAt[i] ?? 0; at < (graph.insAt[i + 1] ?? 0); at += 1) {
      const parent = keys[graph.ins[at] ?? 0];
      if (parent && compare(parent, key) >= 0) key = [parent[0], parent[1] + 1, old[i] === undefined ? -1 : own];
    }
    keys[i] = key;
  }
  const distinct = [...new Map(keys.map((key) => [key.join(), key])).values()].sort(compare);
  const rank = new Map(distinct.map((key, i) => [key.join(), i]));
  return Int32Array.from(keys, (key) => rank.get(key.join()) ?? 0);
}

function compare(a: Key, b: Key): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

/** The old column; of a new box one behind its parents, else one before its children. */
function wished(graph: Web, old: readonly (number | undefined)[], order: Int32Array): number[] {
  const wish: (number | undefined)[] = [...old];
  for (const i of order) {
    if (old[i] !== undefined) continue;
    for (let at = graph.insAt[i] ?? 0; at < (graph.insAt[i + 1] ?? 0); at += 1) {
      const parent = wish[graph.ins[at] ?? 0];
      if (parent !== undefined) wish[i] = Math.max(wish[i] ?? Number.NEGATIVE_INFINITY, parent + 1);
    }
  }
  for (let at = order.length - 1; at >= 0; at -= 1) {
    const i = order[at] ?? 0;
    if (wish[i] !== undefined) continue;
    for (let place = graph.outsAt[i] ?? 0; place < (graph.outsAt[i + 1] ?? 0); place += 1) {
      const child = wish[graph.outs[place] ?? 0];
      if (child !== undefined) wish[i] = Math.min(wish[i] ?? Number.POSITIVE_INFINITY, child - 1);
    }
  }
  return wish.map((value) => value ?? 0);
}

function span(middle: number, size: number): [number, number] {
  return [middle - size / 2, middle + size / 2];
}

function take(column: [number, number][], here: [number, number]): void {
  const at = column.findIndex(([from]) => from > here[0]);
  column.splice(at === -1 ? column.length : at, 0, here);
}

/** The middle nearest to `wish` where a box of this size fits between what stands in the column. */
function free(column: readonly [number, number][], wish: number, size: number): number {
  let best = Number.NaN;
  const half = size / 2 + GAP.row;
  for (let i = 0; i <= column.length; i += 1) {
    const low = (column[i - 1]?.[1] ?? Number.NEGATIVE_INFINITY) + half;
    const high = (column[i]?.[0] ?? Number.POSITIVE_INFINITY) - half;
    if (low > high) continue;
    const here = Math.min(Math.max(wish, low), high);
    if (Number.isNaN(best) || Math.abs(here - wish) < Math.abs(best - wish)) best = here;
  }
  return best;
}

function groupBy(items: readonly number[], by: (item: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group) group.push(item);
    else groups.set(by(item), [item]);
  }
  return groups;
}
