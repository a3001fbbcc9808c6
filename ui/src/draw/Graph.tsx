import "@xyflow/react/dist/base.css";

import {
  Background, Controls, MiniMap, type Node, type NodeProps, ReactFlow, ReactFlowProvider, useReactFlow, useStoreApi,
} from "@xyflow/react"; // prettier-ignore
import {
  type ComponentType, createContext, type KeyboardEvent, memo, type ReactNode, type Ref, useContext,
  useImperativeHandle, useMemo, useState,
} from "react"; // prettier-ignore

import styles from "./draw.module.css";
import { type DrawnLine, Lines } from "./Lines";
import type { Box, Orientation, Spot, Spots } from "./model";
import { useLit } from "./lit";
import { type GraphHandle, type Inset, useView } from "./view";
import { useLayout } from "./useLayout";
import { firstOf, walk } from "./walk";

/*
 * A drawing of boxes and lines to pan, zoom and walk through with the keyboard.
 *
 *   <Drawing boxes={boxes} lines={lines} render={Card} selected={id} onSelect={setId} onOpen={go} label="Tasks" />
 *
 * `Drawing` lays itself out in a worker: boxes that come and go leave the rest where it is; a new `layoutKey` or
 * `orientation` arranges all afresh. `Graph` is the same for positions one has already.
 *
 * boxes        what is drawn: id, width, height (`render` fills just that), label (for those who hear it), data.
 *              Keep a box the same object while it shows the same: only boxes that changed are drawn again.
 * lines        what leads where: id, from, to; dashed, tone (any CSS colour), label (a button in its middle).
 * render       draws the inside of a box: {box, selected}. Memoised; keep it the same component.
 * selected     the chosen box, or null; onSelect(id | null) as one clicks or walks (null: the empty canvas).
 * onClick      a click on a box, instead of onSelect: where a click leads elsewhere.
 * onOpen       Enter or double click on a box.
 * onHover      the box under the pointer, or null.
 * lit          where given, all else is dimmed; a line is lit when both its ends are.
 * tone         box -> CSS colour on the minimap.
 * inset        {right, bottom}: what something lies over; kept free when bringing into view. Keep the object the same.
 * home         the box to begin with where the whole would be too small to read.
 * controls, minimap   what stands in the corners.  children: more to put over the canvas.
 * ref          {fit(), reveal(ids), centre(id), zoom(factor), focus(id)}
 *
 * Keys, while the canvas has the focus: arrows walk along lines and within a column, Enter opens, + - 0 zoom.
 */
export interface DrawnBox<T = unknown> extends Box {
  readonly label: string;
  readonly data: T;
}

/** How to draw the inside of a box. */
export type BoxView<T> = ComponentType<{ readonly box: DrawnBox<T>; readonly selected: boolean }>;

export interface GraphProps<T> {
  readonly boxes: readonly DrawnBox<T>[];
  readonly lines: readonly DrawnLine[];
  readonly render: BoxView<T>;
  readonly label: string;
  readonly orientation?: Orientation;
  readonly selected?: string | null;
  readonly onSelect?: (id: string | null) => void;
  readonly onClick?: (id: string) => void;
  readonly onOpen?: (id: string) => void;
  readonly onHover?: (id: string | null) => void;
  readonly onLine?: (line: DrawnLine) => void;
  readonly lit?: ReadonlySet<string> | null;
  readonly tone?: (box: DrawnBox<T>) => string;
  readonly inset?: Inset;
  readonly home?: string;
  readonly minimap?: boolean;
  readonly controls?: boolean;
  readonly children?: ReactNode;
  readonly ref?: Ref<GraphHandle>;
}

type FlowNode = Node<{ readonly box: DrawnBox }, "box">;

const Inside = createContext<BoxView<never> | null>(null);
const TYPES = { box: memo(BoxNode) };
const NO_LINES: [] = [];
const NONE: Inset = { right: 0, bottom: 0 };

/** Lays itself out, then draws; nothing until the first layout is there. */
export function Drawing<T>({ layoutKey = "", ...props }: GraphProps<T> & { readonly layoutKey?: string }) {
  const laid = useLayout(props.boxes, props.lines, props.orientation ?? "LR", layoutKey);
  if (!laid) return <div className={styles.graph} />;
  return <Graph {...props} spots={laid.spots} orientation={laid.orientation} fitKey={laid.key} />;
}

/** Draws boxes where `spots` puts them; a new `fitKey` or orientation brings all into view. */
export function Graph<T>(props: GraphProps<T> & { readonly spots: Spots; readonly fitKey?: string }) {
  return (
    <ReactFlowProvider>
      <Inside value={props.render as unknown as BoxView<never>}>
        <Canvas {...(props as unknown as GraphProps<unknown> & { spots: Spots })} />
      </Inside>
    </ReactFlowProvider>
  );
}

function Canvas({
  boxes,
  lines,
  spots,
  label,
  orientation = "LR",
  selected = null,
  onSelect,
  onClick,
  onOpen,
  onHover,
  onLine,
  lit = null,
  tone,
  inset = NONE,
  home,
  minimap = false,
  controls = true,
  children,
  fitKey = "",
  ref,
}: GraphProps<unknown> & {
  readonly spots: Spots;
  readonly fitKey?: string;
}) /* prettier-ignore */ {
  const [frame, setFrame] = useState<HTMLDivElement | null>(null);
  const nodes = useNodes(boxes, spots, selected);
  const view = useView(frame, `${fitKey} ${orientation}`, nodes.length, useReactFlow(), useStoreApi(), inset, home);
  useImperativeHandle(ref, () => view, [view]);
  useLit(frame, lit, nodes, lines);
  const keys = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return;
    if (event.target.closest("button, input, a, select")) return;
    const next = event.key.startsWith("Arrow") ? step(event.key) : null;
    if (next) view.focus(next);
    else if (event.key === "Enter" && selected && onOpen) onOpen(selected);
    else if (event.key === "+" || event.key === "=") view.zoom(1.25);
    else if (event.key === "-") view.zoom(0.8);
    else if (event.key === "0") view.fit();
    else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
  };
  const step = (key: string) => {
    const next = selected && spots.has(selected) ? walk(selected, key, spots, lines, orientation) : firstOf(spots);
    if (next) onSelect?.(next);
    return next;
  };
  return (
    <div
      className={styles.graph}
      ref={setFrame}
      onKeyDown={keys}
      tabIndex={selected && spots.has(selected) ? -1 : 0}
      role="group"
      aria-label={label}
      data-orientation={orientation}
      data-dimming={lit ? true : undefined}
    >
      <ReactFlow<FlowNode>
        nodes={nodes}
        edges={NO_LINES}
        nodeTypes={TYPES}
        minZoom={0.05}
        maxZoom={2.5}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        data-pans
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        zoomOnDoubleClick={false}
        proOptions={{ hideAttribution: true }}
        onPaneClick={() => onSelect?.(null)}
        onNodeClick={(_, node) => (onClick ?? onSelect)?.(node.id)}
        onNodeDoubleClick={(event, node) => {
          if (!(event.target as Element).closest("button, a")) onOpen?.(node.id);
        }}
        onNodeMouseEnter={(_, node) => onHover?.(node.id)}
        onNodeMouseLeave={() => onHover?.(null)}
      >
        <Background gap={24} size={1.2} color="var(--clew-line)" />
        <Lines boxes={boxes} lines={lines} spots={spots} orientation={orientation} onLine={onLine} />
        {controls && <Controls className={styles.controls} showInteractive={false} showFitView={false} />}
        {minimap && inset === NONE && (
          <MiniMap<FlowNode>
            className={styles.minimap}
            style={{ width: 168, height: 112 }}
            pannable
            zoomable
            ariaLabel="Minimap"
            nodeColor={(node) => tone?.(node.data.box) ?? "var(--clew-line-strong)"}
            maskColor="var(--clew-mask, rgb(120 130 150 / 18%))"
            bgColor="var(--clew-surface)"
          />
        )}
      </ReactFlow>
      {children}
    </div>
  );
}

/** React Flow's nodes: the same objects for boxes that did not change, so that only those that did are drawn again. */
function useNodes(boxes: readonly DrawnBox[], spots: Spots, selected: string | null): FlowNode[] {
  return useMemo(
    () =>
      boxes.flatMap((box) => {
        const spot = spots.get(box.id);
        return spot ? [nodeOf(box, spot, box.id === selected)] : [];
      }),
    [boxes, spots, selected],
  );
}

const made = new WeakMap<DrawnBox, FlowNode>();

function nodeOf(box: DrawnBox, { x, y }: Spot, selected: boolean): FlowNode {
  const last = made.get(box);
  if (last?.selected === selected && last.position.x === x && last.position.y === y) return last;
  const { id, width, height } = box;
  const node: FlowNode = { id, type: "box", position: { x, y }, width, height, selected, data: { box } };
  made.set(box, node);
  return node;
}

function BoxNode({ data, selected }: NodeProps<FlowNode>) {
  const View = useContext(Inside) as BoxView<unknown> | null;
  return (
    <div
      className={styles.box}
      data-selected={selected || undefined}
      tabIndex={selected ? 0 : -1}
      role="group"
      aria-roledescription="node"
      aria-label={data.box.label}
      aria-current={selected || undefined}
    >
      {View && <View box={data.box} selected={selected} />}
    </div>
  );
}
