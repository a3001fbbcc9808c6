import type { GraphNode, Ways } from "./graph";

/** Siblings drawn as one. */
export interface Cluster {
  /** `cluster:` and the id of its first member: the same for as long as that one is among them. */
  readonly id: string;
  readonly members: readonly GraphNode[];
}

const LEAST = 5;

/**
 * Groups of five or more nodes of one type in the same place: with the same parents and children, or with parents and children
 * that are such siblings themselves. So 24 trials that each made a model of their own are two clusters: trials, models.
 * Nodes in `alone` stay by themselves, and so do all of a group of which a member is in `apart`; `tell` sets others apart.
 *
 * Cost: O(edges) a round; rounds end when nothing splits any more, at the latest after as many as the drawing is deep.
 */
export function clustersOf(
  nodes: readonly GraphNode[],
  { ins, outs }: Ways,
  alone: ReadonlySet<string>,
  apart: ReadonlySet<string>,
  tell: (id: string) => string = () => "",
): Cluster[] {
  const free = nodes.filter(({ id }) => !alone.has(id) && (ins.has(id) || outs.has(id)));
  let place = new Map<string, string>(nodes.map(({ id }) => [id, id]));
  for (const { id, kind, type } of free) place.set(id, JSON.stringify([kind, type, tell(id)]));
  for (;;) {
    place = refined(free, place, { ins, outs });
    const groups = new Map<string, GraphNode[]>();
    for (const node of free) {
      const at = place.get(node.id) ?? node.id;
      if (at !== node.id) groups.set(at, [...(groups.get(at) ?? []), node]);
    }
    const small = [...groups.values()].filter((group) => group.length < LEAST || group.some(({ id }) => apart.has(id)));
    if (small.length === 0) {
      return [...groups.values()].flatMap((group) => {
        const members = group.toSorted((a, b) => a.order - b.order);
        return members[0] ? [{ id: `cluster:${members[0].id}`, members }] : [];
      });
    }
    for (const { id } of small.flat()) place.set(id, id); // drawn one by one, they tell their neighbours apart
  }
}

/** Split places until all in one have neighbours in the same places, equally many of each. */
function refined(
  free: readonly GraphNode[],
  given: ReadonlyMap<string, string>,
  { ins, outs }: Ways,
): Map<string, string> {
  let place = new Map(given);
  for (let many = new Set(place.values()).size; ;) {
    const names = new Map<string, string>();
    const next = new Map(place);
    for (const { id } of free) {
      const own = place.get(id) ?? id;
      if (own === id) continue;
      const around = [ins, outs].map((ways) => (ways.get(id) ?? []).map((one) => place.get(one) ?? one).sort());
      const key = JSON.stringify([own, around]);
      const name = names.get(key) ?? `#${names.size}`;
      names.set(key, name);
      next.set(id, name);
    }
    place = next;
    const now = new Set(place.values()).size;
    if (now === many) return place;
    many = now;
  }
}

/** One bar of a histogram. */
export interface Bar {
  readonly label: string;
  readonly count: number;
  readonly state?: string;
}

/** Members by state, most first. */
export function byState(members: readonly GraphNode[]): Bar[] {
  const counts = new Map<string, number>();
  for (const { state } of members) counts.set(state ?? "UNKNOWN", (counts.get(state ?? "UNKNOWN") ?? 0) + 1);
  return [...counts]
    .map(([state, count]) => ({ label: state, count, state }))
    .sort((a, b) => b.count - a.count || (a.label < b.label ? -1 : 1));
}

/** Numbers in at most `most` bins of equal width. */
export function histogram(
  values: readonly number[],
  most = 12,
): { readonly from: number; readonly to: number; readonly count: number }[] {
  const good = values.filter(Number.isFinite);
  if (good.length === 0) return [];
  const low = good.reduce((a, b) => Math.min(a, b));
  const high = good.reduce((a, b) => Math.max(a, b));
  const many = low === high ? 1 : Math.min(most, Math.max(4, Math.ceil(Math.sqrt(good.length) * 1.5)));
  const step = (high - low) / many;
  const bins = Array.from({ length: many }, (_, i) => ({ from: low + i * step, to: i === many - 1 ? high : low + (i + 1) * step, count: 0 })); // prettier-ignore
  for (const value of good) {
    const bin = bins[step ? Math.min(many - 1, Math.floor((value - low) / step)) : 0];
    if (bin) bin.count += 1;
  }
  return bins;
}
