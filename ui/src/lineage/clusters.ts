import type { GraphNode, Ways } from "./graph";

/** Siblings drawn as one. */
export interface Cluster {
  /** `cluster:` and the id of its first member: the same for as long as that one is among them. */
  readonly id: string;
  readonly members: readonly GraphNode[];
}

const LEAST = 5;

/**
 * Groups of five or more nodes of one type with the same shown parents and the same shown children: trials, partitions,
 * checkpoints. Nodes in `alone` stay by themselves, and so do all of a group whose first member is in `apart`.
 */
export function clustersOf(
  nodes: readonly GraphNode[],
  { ins, outs }: Ways,
  alone: ReadonlySet<string>,
  apart: ReadonlySet<string>,
): Cluster[] {
  const groups = new Map<string, GraphNode[]>();
  for (const node of nodes) {
    if (alone.has(node.id)) continue;
    const [up, down] = [ins.get(node.id) ?? [], outs.get(node.id) ?? []];
    if (up.length + down.length === 0) continue;
    const key = JSON.stringify([node.kind, node.type, [...up].sort(), [...down].sort()]);
    const group = groups.get(key);
    if (group) group.push(node);
    else groups.set(key, [node]);
  }
  return [...groups.values()]
    .filter((group) => group.length >= LEAST)
    .map((group) => group.sort((a, b) => a.order - b.order))
    .flatMap((members) => {
      const first = members[0];
      return first && !members.some(({ id }) => apart.has(id)) ? [{ id: `cluster:${first.id}`, members }] : [];
    });
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
