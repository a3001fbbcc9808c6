import type { GraphNode, Ways } from "./graph";
import type { LineageSearch } from "./search";

/** What the filters of the address ask for, with the namespace of the whole page. */
export type Filters = Pick<LineageSearch, "kinds" | "types" | "ctx" | "states" | "from" | "until"> & {
  readonly ns?: string | undefined;
};

/** How many filters are set. */
export function filtersSet(filters: Filters): number {
  const { kinds, types, ctx, states, from, until, ns } = filters;
  return [kinds, types, ctx, states, from ?? until, ns].filter((one) => one !== undefined).length;
}

/** Whether a node passes. */
export function passes(node: GraphNode, { kinds, types, ctx, states, from, until, ns }: Filters): boolean {
  return (
    (!kinds || kinds.includes(node.kind)) &&
    (!types || types.includes(node.type)) &&
    (!states || states.includes(node.state ?? "UNKNOWN")) &&
    (!ctx || node.contexts.some(({ id }) => ctx.includes(id))) &&
    (ns === undefined || node.namespace === ns) &&
    (from === undefined || node.createdMs >= from) &&
    (until === undefined || node.createdMs < until)
  );
}

/** A way through hidden nodes, drawn as one dashed line. */
export interface Detour {
  readonly from: string;
  readonly to: string;
  /** The hidden nodes of a shortest such way. */
  readonly via: readonly string[];
}

/**
 * The ways from shown node to shown node that lead through hidden ones only, so that hiding never tears apart what is joined.
 * A pair that is also joined directly needs none.
 *
 * Cost: O(shown x hidden edges) at worst; in practice hidden parts are small.
 */
export function detours(shown: ReadonlySet<string>, hidden: ReadonlySet<string>, { outs }: Ways): Detour[] {
  const found: Detour[] = [];
  if (hidden.size === 0) return found;
  for (const from of shown) {
    const direct = new Set((outs.get(from) ?? []).filter((to) => shown.has(to)));
    const before = new Map<string, string>();
    const queue = (outs.get(from) ?? []).filter((to) => hidden.has(to));
    for (const one of queue) before.set(one, from);
    const done = new Set<string>();
    for (const here of queue) {
      for (const to of outs.get(here) ?? []) {
        if (hidden.has(to)) {
          if (before.has(to)) continue;
          before.set(to, here);
          queue.push(to); // an array grows while it is walked
        } else if (to !== from && shown.has(to) && !direct.has(to) && !done.has(to)) {
          done.add(to);
          found.push({ from, to, via: trail(here, from, before) });
        }
      }
    }
  }
  return found;
}

function trail(end: string, from: string, before: ReadonlyMap<string, string>): string[] {
  const via: string[] = [];
  for (let at: string | undefined = end; at !== undefined && at !== from; at = before.get(at)) via.push(at);
  return via.reverse();
}
