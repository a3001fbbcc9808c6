import { Button } from "@mantine/core";
import { type RefObject, useEffect, useMemo, useState } from "react";

import { Dots } from "../draw/Dots";
import type { Dot } from "../draw/dots";
import type { GraphHandle } from "../draw/view";
import type { Spots } from "../draw/model";
import { useLayout } from "../draw/useLayout";
import { count, figure } from "../kit/format";
import { calledName, type GraphNode, reach, waysOf } from "./graph";
import { passes } from "./hide";
import { type ExplorerWholeQuery, ExplorerWholeDocument } from "./queries.generated";
import type { Acts, View } from "./useActs";
import { useAsk } from "./useAsk";
import { asOf, type Explorer } from "./useExplorer";
import styles from "./explorer.module.css";
import { ErrorFace } from "../shell/faces";

/** As many as the server lists, and a drawing of dots holds. */
const MOST = 20_000;
/** So few in view can be cards again. */
const FEW = 60;
const SIZE = 18;
const WIDE = 1.7;

type Told = ExplorerWholeQuery["lineage"];

/** The whole lineage of the focus as dots; or what is shown, where it is too much for cards. */
export function Whole({
  explorer,
  view,
  acts,
  all,
  lit,
  graph,
  inset,
}: {
  readonly explorer: Explorer;
  readonly view: View;
  readonly acts: Acts;
  readonly all: boolean;
  readonly lit: ReadonlySet<string> | null;
  readonly graph: RefObject<GraphHandle | null>;
  readonly inset: number;
}) {
  const { search, focus, shown, commit, known } = explorer;
  const [told, setTold] = useState<Told | null>(null);
  const { ask, busy, cancel, error } = useAsk();
  const { at } = search;
  useEffect(() => {
    if (all) ask("Reading the whole lineage", ExplorerWholeDocument, { focus: [focus], most: MOST, asOf: asOf(at) }, ({ lineage }) => setTold(lineage)); // prettier-ignore
  }, [all, focus, at, ask]);
  const nodes = useMemo(
    () =>
      all ? (told?.nodes ?? []).map((node) => known.union.nodes.get(node.id) ?? plainNode(node)) : view.scene.nodes,
    [all, told, view.scene.nodes, known.union],
  );
  const edges = useMemo(() => (all ? edgesOf(told) : view.scene.edges), [all, told, view.scene.edges]);
  const boxes = useMemo(() => nodes.map(({ id, order }) => ({ id, order, width: SIZE, height: SIZE })), [nodes]);
  const laid = useLayout(boxes, edges, search.dir ?? "LR", `dots ${focus}`);
  const shaped = useMemo(() => (laid ? dotsOf(nodes, laid.spots, focus) : []), [nodes, laid, focus]);
  const ways = useMemo(() => waysOf(new Set(nodes.map(({ id }) => id)), edges), [nodes, edges]);
  const bright = useMemo(() => {
    if (all && search.lock && search.sel) return new Set([...reach([search.sel], (id) => ways.ins.get(id) ?? []), ...reach([search.sel], (id) => ways.outs.get(id) ?? [])]); // prettier-ignore
    if (lit && !all) return new Set(nodes.flatMap(({ id }) => (lit.has(view.scene.boxOf.get(id) ?? id) ? [id] : [])));
    const { filters } = view;
    const kept = nodes.filter((node) => passes(known.union.nodes.get(node.id) ?? node, { ...filters, ...(all && { ctx: undefined }) })); // prettier-ignore
    return kept.length === nodes.length ? null : new Set(kept.map(({ id }) => id));
  }, [all, search.lock, search.sel, ways, lit, view, nodes, known.union]);
  const [near, setNear] = useState<readonly string[]>([]);
  if (error && !told && all) return <ErrorFace error={error} />;
  return (
    <Dots
      ref={graph}
      inset={inset}
      dots={shaped}
      lines={edges}
      selected={search.sel ?? focus}
      lit={bright}
      label="The lineage as dots"
      onSelect={acts.select}
      onOpen={acts.startFrom}
      onView={setNear}
    >
      <div className={styles.overlay} data-loading={shaped.length === 0 || undefined} role="status">
        {all && told && (
          <span>
            <b>{count(told.nodes.length)}</b> of {count(told.totalNodes)} nodes, {told.depth} hops deep ·{" "}
            {figure(Number(told.tookMs.toPrecision(2)))} ms
          </span>
        )}
        {!all && <span>{count(shaped.length)} nodes: too many for cards, so they are dots</span>}
        {laid && <span className="dim">laid out in {figure(Number(laid.tookMs.toPrecision(2)))} ms</span>}
        {bright && <span>{count(nodes.length - bright.size)} dimmed</span>}
        {all && view.filters.ctx && <span>the context filter is not applied here</span>}
        {busy && (
          <>
            <span>{busy}</span>
            <Button size="compact-xs" variant="default" onClick={cancel}>
              Cancel
            </Button>
          </>
        )}
        {near.length > 0 && near.length <= FEW && shaped.length > FEW && (
          <Button
            size="compact-xs"
            onClick={() => commit(all ? near : [...shown].filter((id) => near.includes(id)), { mode: undefined })}
          >
            Show these {near.length} as cards
          </Button>
        )}
      </div>
    </Dots>
  );
}

function plainNode({ id, kind, order, node }: Told["nodes"][number]): GraphNode {
  const { type, state, namespace, createdMs } = node;
  const rest = { updatedMs: createdMs, startedMs: null, endedMs: null, parents: 0, children: 0, contexts: [] };
  return { id, kind, order, type, state, namespace, createdMs, name: calledName({ id, name: node.name }), ...rest };
}

function edgesOf(told: Told | null) {
  return (told?.edges ?? []).map(({ execution, artifact, type }) =>
    type.endsWith("OUTPUT") ? { from: execution, to: artifact } : { from: artifact, to: execution },
  );
}

/** Dots where the layout puts them, stretched to the shape of a screen. */
function dotsOf(nodes: readonly GraphNode[], spots: Spots, focus: string): Dot[] {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const [artifact, execution, bad, busy] = ["--clew-artifact", "--clew-execution", "--clew-bad", "--clew-busy"].map(
    color,
  );
  const [xs, ys] = [[...spots.values()].map(({ x }) => x), [...spots.values()].map(({ y }) => y)];
  const size = (values: readonly number[]) => {
    let [low, high] = [Infinity, -Infinity];
    for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
    return Math.max(1, high - low);
  };
  const shape = size(xs) / size(ys) / WIDE;
  const [sx, sy] = shape < 1 ? [1 / shape, 1] : [1, Math.min(shape, 40)];
  const radius = nodes.length < 300 ? 7 : nodes.length < 1500 ? 4.5 : 2.5;
  return nodes.flatMap((node) => {
    const spot = spots.get(node.id);
    if (!spot) return [];
    const tone = node.state === "FAILED" ? bad : node.state === "RUNNING" ? busy : node.kind === "ARTIFACT" ? artifact : execution; // prettier-ignore
    return [{ id: node.id, x: spot.x * sx, y: spot.y * sy, size: node.id === focus ? radius * 1.8 : radius, color: tone || "#888888", label: node.name.slice(0, 80) }]; // prettier-ignore
  });
}
