import type { EventType, NodeKind, State } from "../api/schema.generated";
import type { GraphEdgeFragment, GraphNodeFragment } from "./queries.generated";

/** A node of the record as the drawing needs it. */
export interface GraphNode {
  readonly id: string;
  readonly kind: NodeKind;
  readonly type: string;
  readonly name: string;
  readonly namespace: string;
  readonly state: State | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly order: number;
  /** Neighbours either way in the whole record. */
  readonly parents: number;
  readonly children: number;
  readonly contexts: readonly { readonly id: string; readonly type: string; readonly name: string | null }[];
}

/** What flowed where: from an artifact into an execution, or out of it. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly type: EventType;
}

/** All that was asked for so far, of one moment of the record. */
export interface Loaded {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: ReadonlyMap<string, GraphEdge>;
}

/** Nothing yet. */
export const NOTHING: Loaded = { nodes: new Map(), edges: new Map() };

/** What is known, and an answer; nodes that did not change stay the same objects. */
export function merge(
  known: Loaded,
  answer: { readonly nodes: readonly GraphNodeFragment[]; readonly edges: readonly GraphEdgeFragment[] },
): Loaded {
  const nodes = new Map(known.nodes);
  const edges = new Map(known.edges);
  for (const told of answer.nodes) {
    const node = nodeOf(told);
    const old = nodes.get(node.id);
    if (!old || JSON.stringify(old) !== JSON.stringify(node)) nodes.set(node.id, node);
  }
  for (const told of answer.edges) {
    const edge = edgeOf(told);
    const key = `${edge.from}>${edge.to}`;
    if (!edges.has(key)) edges.set(key, edge);
  }
  return { nodes, edges };
}

/** A node as the drawing needs it. */
export function nodeOf({ id, order, parents, children, node }: GraphNodeFragment): GraphNode {
  const { kind, type, namespace, state, createdMs, updatedMs } = node;
  const times = "startedMs" in node ? node : { startedMs: null, endedMs: null };
  return {
    id,
    kind,
    type,
    name: calledName({ ...node, id }),
    namespace,
    state,
    createdMs,
    updatedMs,
    startedMs: times.startedMs,
    endedMs: times.endedMs,
    order,
    parents,
    children,
    contexts: "contexts" in node ? node.contexts : [],
  };
}

function edgeOf({ execution, artifact, type }: GraphEdgeFragment): GraphEdge {
  return type.endsWith("OUTPUT") ? { from: execution, to: artifact, type } : { from: artifact, to: execution, type };
}

/** What to call a node: its name, what its pipeline calls it, the end of its address, at last its id. */
export function calledName(node: {
  readonly id: string;
  readonly name: string | null;
  readonly externalId?: string | null;
  readonly called?: readonly { readonly name: string; readonly value: unknown }[];
  readonly uri?: string | null;
}): string {
  const called = (name: string) => node.called?.find((property) => property.name === name)?.value;
  const place = node.uri?.split("/").findLast((part) => part !== "");
  return firstText(node.name, called("display_name"), called("task_name"), node.externalId, place, node.id);
}

function firstText(...candidates: readonly unknown[]): string {
  return candidates.find((one): one is string => typeof one === "string" && one.trim() !== "") ?? "";
}

/** Who leads to whom, both ways. */
export interface Ways {
  readonly ins: ReadonlyMap<string, readonly string[]>;
  readonly outs: ReadonlyMap<string, readonly string[]>;
}

/** The ways between nodes of a set. */
export function waysOf(
  ids: ReadonlySet<string>,
  edges: Iterable<{ readonly from: string; readonly to: string }>,
): Ways {
  const ins = new Map<string, string[]>();
  const outs = new Map<string, string[]>();
  for (const { from, to } of edges) {
    if (!ids.has(from) || !ids.has(to)) continue;
    push(ins, to, from);
    push(outs, from, to);
  }
  return { ins, outs };
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

/** Everything that can be reached from some nodes, these included, over neighbours as `next` tells them. */
export function reach(from: Iterable<string>, next: (id: string) => Iterable<string>): Set<string> {
  const found = new Set(from);
  for (const id of found) for (const one of next(id)) found.add(one); // a set grows while it is walked
  return found;
}

/** What lies upstream and downstream of a node among the shown, itself included. */
export function lineOf(id: string, { ins, outs }: Ways): { readonly up: Set<string>; readonly down: Set<string> } {
  return { up: reach([id], (one) => ins.get(one) ?? []), down: reach([id], (one) => outs.get(one) ?? []) };
}

/**
 * The shown set without what was opened from `id` in one direction: its neighbours there and all that hangs on them, unless
 * it also hangs on `focus` or on the other side of `id`.
 */
export function contracted(
  shown: ReadonlySet<string>,
  ways: Ways,
  id: string,
  direction: "UP" | "DOWN",
  focus: string,
): Set<string> {
  const near = (direction === "UP" ? ways.ins : ways.outs).get(id) ?? [];
  const other = (direction === "UP" ? ways.outs : ways.ins).get(id) ?? [];
  const around = (one: string) => [...(ways.ins.get(one) ?? []), ...(ways.outs.get(one) ?? [])];
  const past = (one: string) => (one === id ? [] : around(one).filter((there) => there !== id));
  const stays = reach(focus === id ? other : [focus, ...other], past);
  const goes = reach(near, past);
  let left = new Set([...shown].filter((one) => one === id || one === focus || stays.has(one) || !goes.has(one)));
  if (left.size === shown.size) {
    const cut = new Set(near.filter((one) => one !== focus));
    left = new Set([...shown].filter((one) => !cut.has(one)));
    const held = reach([focus, id], (one) => around(one).filter((there) => left.has(there)));
    left = new Set([...left].filter((one) => held.has(one)));
  }
  return left;
}
