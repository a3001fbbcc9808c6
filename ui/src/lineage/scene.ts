import type { DrawnLine } from "../draw/Lines";
import { type CardBox, cardOf, clusterCard, type Mark } from "./card";
import { type Cluster, clustersOf } from "./clusters";
import { type GraphEdge, type GraphNode, lineOf, type Loaded, type Ways, waysOf } from "./graph";
import { type Detour, detours, type Filters, passes } from "./hide";

/** What a drawing is made from. */
export interface Given {
  readonly known: Loaded;
  readonly shown: ReadonlySet<string>;
  readonly focus: string;
  readonly filters: Filters;
  readonly apart: ReadonlySet<string>;
  readonly single: boolean;
  readonly marks: ReadonlyMap<string, Mark>;
  /** Nodes that are never drawn with their siblings, besides the focus. */
  readonly alone: readonly string[];
}

/** What is drawn, and what is known of what is not. */
export interface Scene {
  readonly boxes: readonly CardBox[];
  readonly lines: readonly DrawnLine[];
  readonly nodes: readonly GraphNode[];
  /** Edges between the drawn nodes, clusters taken apart. */
  readonly edges: readonly GraphEdge[];
  readonly hidden: readonly GraphNode[];
  readonly detours: readonly Detour[];
  readonly clusters: readonly Cluster[];
  /** The ways between the drawn nodes. */
  readonly ways: Ways;
  /** The ways between all shown nodes, hidden ones too. */
  readonly allWays: Ways;
  /** The box that a node is drawn in. */
  readonly boxOf: ReadonlyMap<string, string>;
  /** How many of the shown lie up and down of the focus. */
  readonly up: number;
  readonly down: number;
}

const TONES: Readonly<Partial<Record<NonNullable<Mark>, string>>> = {
  added: "var(--clew-added)",
  removed: "var(--clew-removed)",
  a: "var(--clew-side-a)",
  b: "var(--clew-side-b)",
};

/** From what is shown and filtered to boxes and lines. */
export function sceneOf({ known, shown, focus, filters, apart, single, marks, alone }: Given): Scene {
  const all = [...shown].flatMap((id) => known.nodes.get(id) ?? []);
  const ids = new Set(all.map(({ id }) => id));
  const edges = [...known.edges.values()].filter(({ from, to }) => ids.has(from) && ids.has(to));
  const allWays = waysOf(ids, edges);
  const nodes = all.filter((node) => node.id === focus || passes(node, filters));
  const visible = new Set(nodes.map(({ id }) => id));
  const hidden = all.filter(({ id }) => !visible.has(id));
  const around = detours(visible, new Set(hidden.map(({ id }) => id)), allWays);
  const drawn = edges.filter(({ from, to }) => visible.has(from) && visible.has(to));
  const ways = waysOf(visible, [...drawn, ...around]);
  const tell = (id: string) => marks.get(id) ?? "";
  const clusters = single ? [] : clustersOf(nodes, ways, new Set([focus, ...alone]), apart, tell);
  const boxOf = new Map<string, string>(nodes.map(({ id }) => [id, id]));
  for (const { id, members } of clusters) for (const member of members) boxOf.set(member.id, id);
  const { up, down } = lineOf(focus, allWays);
  return {
    boxes: boxesOf(nodes, clusters, boxOf, allWays, marks),
    lines: linesOf(drawn, around, boxOf, marks),
    nodes,
    edges: drawn,
    hidden,
    detours: around,
    clusters,
    ways,
    allWays,
    boxOf,
    up: up.size - 1,
    down: down.size - 1,
  };
}

function boxesOf(
  nodes: readonly GraphNode[],
  clusters: readonly Cluster[],
  boxOf: ReadonlyMap<string, string>,
  { ins, outs }: Ways,
  marks: ReadonlyMap<string, Mark>,
): CardBox[] {
  const single = nodes.filter(({ id }) => boxOf.get(id) === id);
  return [
    ...single.map((node) => {
      const [shownUp, shownDown] = [ins.get(node.id)?.length ?? 0, outs.get(node.id)?.length ?? 0];
      const up = Math.max(0, node.parents - shownUp);
      const down = Math.max(0, node.children - shownDown);
      return cardOf(node, { up, down, shownUp, shownDown, mark: marks.get(node.id) ?? null });
    }),
    ...clusters.map((cluster) => {
      const left = (all: (node: GraphNode) => number, known: ReadonlyMap<string, readonly string[]>) =>
        cluster.members.reduce((sum, node) => sum + Math.max(0, all(node) - (known.get(node.id)?.length ?? 0)), 0);
      return clusterCard(
        cluster,
        left(({ parents }) => parents, ins),
        left(({ children }) => children, outs),
        marks.get(cluster.members[0]?.id ?? "") ?? null,
      );
    }),
  ];
}

function linesOf(
  edges: readonly GraphEdge[],
  around: readonly Detour[],
  boxOf: ReadonlyMap<string, string>,
  marks: ReadonlyMap<string, Mark>,
): DrawnLine[] {
  const lines = new Map<string, DrawnLine>();
  const ends = ({ from, to }: { readonly from: string; readonly to: string }) =>
    [boxOf.get(from) ?? from, boxOf.get(to) ?? to] as const;
  for (const edge of edges) {
    const [from, to] = ends(edge);
    if (from === to) continue;
    const tone = TONES[marks.get(edge.from) ?? "focus"] ?? TONES[marks.get(edge.to) ?? "focus"];
    const line: DrawnLine = { id: `${from}>${to}`, from, to };
    if (!lines.has(line.id)) lines.set(line.id, tone ? { ...line, tone } : line);
  }
  for (const detour of around) {
    const [from, to] = ends(detour);
    const id = `${from}>${to}`;
    if (from === to || lines.has(id)) continue;
    lines.set(id, { id, from, to, dashed: true, label: `via ${detour.via.length} hidden` });
  }
  return [...lines.values()];
}

/** What is lit around a node: its neighbours, or with `far` all it came from and all that came from it. */
export function litAround(id: string, scene: Scene, far: boolean): ReadonlySet<string> {
  const members = scene.clusters.find((cluster) => cluster.id === id)?.members.map((member) => member.id) ?? [id];
  const found = new Set<string>();
  for (const member of members) {
    const { up, down } = far
      ? lineOf(member, scene.ways)
      : { up: scene.ways.ins.get(member) ?? [], down: scene.ways.outs.get(member) ?? [] };
    for (const one of [member, ...up, ...down]) found.add(scene.boxOf.get(one) ?? one);
  }
  return found;
}
