import type { GraphNode, Ways } from "./graph";

/** A line of the outline: a node, and how it lies to the focus. */
export interface Line {
  readonly node: GraphNode;
  /** Hops upstream (negative) or downstream of the focus; null where no shown way joins them. */
  readonly hops: number | null;
}

/** What is shown as a list: the focus, then upstream from near to far as a tree, then downstream, then the rest. Each node once. */
export function outline(nodes: readonly GraphNode[], { ins, outs }: Ways, focus: string): Line[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const seen = new Set<string>([focus]);
  const lines: Line[] = [];
  const top = byId.get(focus);
  const walk = (ways: ReadonlyMap<string, readonly string[]>, sign: 1 | -1) => {
    const nearest = (id: string) =>
      (ways.get(id) ?? []).filter((one) => byId.has(one)).sort((a, b) => (byId.get(a)?.order ?? 0) - (byId.get(b)?.order ?? 0)); // prettier-ignore
    const stack = nearest(focus).reverse().map((id) => ({ id, hops: 1 })); // prettier-ignore
    for (let next = stack.pop(); next; next = stack.pop()) {
      const { id, hops } = next;
      const node = byId.get(id);
      if (!node || seen.has(id)) continue;
      seen.add(id);
      lines.push({ node, hops: sign * hops });
      stack.push(...nearest(id).reverse().map((one) => ({ id: one, hops: hops + 1 }))); // prettier-ignore
    }
  };
  if (top) lines.push({ node: top, hops: 0 });
  walk(ins, -1);
  walk(outs, 1);
  for (const node of nodes) if (!seen.has(node.id)) lines.push({ node, hops: null });
  return lines;
}

/** In words. */
export function whereOf(hops: number | null): string {
  if (hops === null) return "beside";
  if (hops === 0) return "focus";
  return hops < 0 ? `${-hops} up` : `${hops} down`;
}
