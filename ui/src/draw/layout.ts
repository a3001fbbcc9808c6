import { type Box, GAP, type Plan, type Spot, type Spots } from "./model";
import { keep } from "./keep";
import { acyclic, partsOf, ranksOf, topological, type Web, web } from "./ranks";
import { arrange, byPart, settle } from "./rows";

/** Boxes in order, lines by number. */
export interface Numbered {
  readonly boxes: readonly Box[];
  readonly graph: Web;
  /** Size across the column, by box. */
  readonly across: Float64Array;
  /** Size along the flow, by box. */
  readonly along: Float64Array;
}

/**
 * Where everything stands: columns by the longest path, rows by barycentre. With `before`, what was drawn keeps its
 * row exactly; columns open where a line would otherwise lead back.
 *
 * Cost: O((boxes + lines) log boxes). The same plan gives the same answer.
 */
export function layout(plan: Plan): Spots {
  const given = numbered(plan);
  const { boxes } = given;
  const kept = plan.before && boxes.some((box) => plan.before?.has(box.id)) ? plan.before : undefined;
  const [ranks, middle] = kept ? keep(given, kept, plan.orientation) : fresh(given);
  const starts = columnStarts(ranks, given.along, kept, plan);
  const spots = new Map<string, Spot>();
  boxes.forEach((box, i) => {
    const rank = ranks[i] ?? 0;
    const column = starts.get(rank) ?? { start: 0, size: 0 };
    const flow = column.start + (column.size - (given.along[i] ?? 0)) / 2;
    const cross = (middle[i] ?? 0) - (given.across[i] ?? 0) / 2;
    spots.set(box.id, plan.orientation === "LR" ? { x: flow, y: cross, rank } : { x: cross, y: flow, rank });
  });
  return spots;
}

/** By order, then by id: so the answer does not hang on the order in which the plan lists things. */
export function numbered(plan: Plan): Numbered {
  const boxes = [...plan.boxes].sort((a, b) => (a.order ?? 0) - (b.order ?? 0) || (a.id < b.id ? -1 : 1));
  const number = new Map(boxes.map((box, i) => [box.id, i]));
  const from: number[] = [];
  const to: number[] = [];
  const seen = new Set<number>();
  for (const line of plan.lines) {
    const [a, b] = [number.get(line.from), number.get(line.to)];
    if (a === undefined || b === undefined || a === b || seen.has(a * boxes.length + b)) continue;
    seen.add(a * boxes.length + b);
    from.push(a);
    to.push(b);
  }
  const flat = plan.orientation === "LR";
  return {
    boxes,
    graph: acyclic(sorted(boxes.length, from, to)),
    across: Float64Array.from(boxes, (box) => (flat ? box.height : box.width)),
    along: Float64Array.from(boxes, (box) => (flat ? box.width : box.height)),
  };
}

function sorted(size: number, from: readonly number[], to: readonly number[]): Web {
  const order = [...from.keys()].sort((a, b) => (from[a] ?? 0) - (from[b] ?? 0) || (to[a] ?? 0) - (to[b] ?? 0));
  return web(
    size,
    Int32Array.from(order, (i) => from[i] ?? 0),
    Int32Array.from(order, (i) => to[i] ?? 0),
  );
}

/** Each connected part by itself, one below the other. */
function fresh({ graph, across }: Numbered): [Int32Array, Float64Array] {
  const ranks = ranksOf(graph, topological(graph));
  const middle = new Float64Array(graph.size);
  let next = 0;
  for (const columns of byPart(partsOf(graph), ranks)) {
    arrange(graph, columns, middle);
    settle(graph, columns, across, middle);
    let [low, high] = [Infinity, -Infinity];
    for (const i of columns.flatMap((column) => [...column])) {
      low = Math.min(low, (middle[i] ?? 0) - (across[i] ?? 0) / 2);
      high = Math.max(high, (middle[i] ?? 0) + (across[i] ?? 0) / 2);
    }
    for (const column of columns) for (const i of column) middle[i] = (middle[i] ?? 0) + next - low;
    next += high - low + GAP.part;
  }
  return [ranks, middle];
}

/** Where each column begins; with `before`, so that the columns that were drawn move as little as can be. */
function columnStarts(
  ranks: Int32Array,
  along: Float64Array,
  before: Spots | undefined,
  plan: Plan,
): Map<number, { start: number; size: number }> {
  const size = new Map<number, number>();
  ranks.forEach((rank, i) => size.set(rank, Math.max(size.get(rank) ?? 0, along[i] ?? 0)));
  const starts = new Map<number, { start: number; size: number }>();
  let next = 0;
  for (const rank of [...size.keys()].sort((a, b) => a - b)) {
    const here = size.get(rank) ?? 0;
    starts.set(rank, { start: next, size: here });
    next += here + (plan.gap ?? GAP.rank);
  }
  const shift = before ? drift(ranks, along, starts, before, plan) : 0;
  for (const [rank, column] of starts) starts.set(rank, { ...column, start: column.start + shift });
  return starts;
}

function drift(
  ranks: Int32Array,
  along: Float64Array,
  starts: ReadonlyMap<number, { start: number; size: number }>,
  before: Spots,
  plan: Plan,
): number {
  const boxes = numbered({ ...plan, lines: [] }).boxes;
  const drifts: number[] = [];
  boxes.forEach((box, i) => {
    const was = before.get(box.id);
    const column = starts.get(ranks[i] ?? 0);
    if (!was || !column) return;
    const now = column.start + (column.size - (along[i] ?? 0)) / 2;
    drifts.push((plan.orientation === "LR" ? was.x : was.y) - now);
  });
  drifts.sort((a, b) => a - b);
  return drifts[drifts.length >> 1] ?? 0;
}
