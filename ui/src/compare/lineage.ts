import type { Mark } from "../lineage/card";
import type { GraphNode } from "../lineage/graph";
import type { SideFragment } from "./queries.generated";

/** A line of the overlay, and whose it is. */
export interface SideEdge {
  readonly from: string;
  readonly to: string;
  readonly mark: Mark;
}

/** Two graphs over each other: what is of one side only, and what is of both. */
export interface Overlay {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly SideEdge[];
  readonly marks: ReadonlyMap<string, Mark>;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly both: number;
}

/** Lay `b` over `a`. Nodes of `b` that do what one of `a` does (`twins`: of b -> of a) are drawn as that one. */
export function overlay(a: SideFragment, b: SideFragment, twins: ReadonlyMap<string, string>): Overlay {
  const inA = new Set(a.nodes.map(({ id }) => id));
  const nameOf = (id: string) => {
    const twin = twins.get(id);
    return twin !== undefined && inA.has(twin) ? twin : id;
  };
  const inB = new Set(b.nodes.map(({ id }) => nameOf(id)));
  const nodes = new Map<string, GraphNode>();
  for (const told of [...a.nodes, ...b.nodes]) {
    const id = nameOf(told.id);
    if (!nodes.has(id)) nodes.set(id, nodeOf(told));
  }
  const sides = new Map<string, { readonly from: string; readonly to: string; a: boolean; b: boolean }>();
  for (const [side, graph] of [["a", a], ["b", b]] as const) {
    for (const edge of graph.edges) {
      const { from, to } = directed(edge, nameOf);
      const key = `${from}>${to}`;
      const known = sides.get(key) ?? { from, to, a: false, b: false };
      known[side] = true;
      sides.set(key, known);
    }
  } // prettier-ignore
  const marks = new Map<string, Mark>();
  for (const id of nodes.keys()) {
    if (!inB.has(id)) marks.set(id, "a");
    else if (!inA.has(id)) marks.set(id, "b");
  }
  const many = (mark: Mark) => [...marks.values()].filter((one) => one === mark).length;
  return {
    nodes: [...nodes.values()],
    edges: [...sides.values()].map(({ from, to, a: ofA, b: ofB }) => ({
      from,
      to,
      mark: ofA && ofB ? null : ofA ? "a" : "b",
    })),
    marks,
    onlyA: many("a"),
    onlyB: many("b"),
    both: nodes.size - marks.size,
  };
}

/** The overlay without what nothing leads to or from: graphs of tasks, which read and write nothing. */
export function connected({ nodes, marks, ...overlay }: Overlay): Overlay {
  const ends = new Set(overlay.edges.flatMap(({ from, to }) => [from, to]));
  const kept = new Map([...marks].filter(([id]) => ends.has(id)));
  const left = nodes.filter(({ id }) => ends.has(id));
  const many = (mark: Mark) => [...kept.values()].filter((one) => one === mark).length;
  return { ...overlay, nodes: left, marks: kept, onlyA: many("a"), onlyB: many("b"), both: left.length - kept.size };
}

type Told = SideFragment["nodes"][number];

function nodeOf({ id, order, parents, children, node }: Told): GraphNode {
  const { kind, type, label, namespace, state, createdMs, updatedMs } = node;
  const times = "startedMs" in node ? node : { startedMs: null, endedMs: null };
  return {
    id,
    kind,
    type,
    name: label,
    namespace,
    state,
    createdMs,
    updatedMs,
    startedMs: times.startedMs,
    endedMs: times.endedMs,
    order,
    parents,
    children,
    contexts: [],
  };
}

function directed(edge: SideFragment["edges"][number], nameOf: (id: string) => string) {
  const [execution, artifact] = [nameOf(edge.execution), nameOf(edge.artifact)];
  return edge.type.endsWith("OUTPUT") ? { from: execution, to: artifact } : { from: artifact, to: execution };
}
