import { getViewportForBounds, type ReactFlowInstance, type useStoreApi } from "@xyflow/react";
import { useEffect, useMemo, useRef } from "react";

import { type Area, areaOf, type Spot } from "./model";

/** What can be done with the view from outside. */
export interface GraphHandle {
  /** Bring everything into view. */
  readonly fit: () => void;
  /** Move as little as needed to show these. */
  readonly reveal: (ids: readonly string[]) => void;
  /** Bring one into the middle. */
  readonly centre: (id: string) => void;
  readonly zoom: (factor: number) => void;
  /** Show a box and give it the keyboard. */
  readonly focus: (id: string) => void;
}

const LEAST = 0.05;
const MOST = 1.1;
const MARGIN = 32;

type Flow = Pick<ReactFlowInstance, "setViewport" | "getViewport">;
type Store = ReturnType<typeof useStoreApi>;

/** Fits when `fitKey` changes and there is something to fit, and answers the handle. */
export function useView(
  frame: HTMLDivElement | null,
  fitKey: string,
  size: number,
  flow: Flow,
  store: Store,
  inset: number,
): GraphHandle {
  const handle = useMemo(() => handleOf(frame, flow, store, inset), [frame, flow, store, inset]);
  const fitted = useRef("");
  useEffect(() => {
    if (!frame || !size) return undefined;
    const fit = () => {
      if (fitted.current === fitKey || !frame.clientWidth || !store.getState().panZoom) return;
      fitted.current = fitKey;
      handle.fit();
    };
    fit();
    const later = requestAnimationFrame(fit); // the canvas is ready a frame after it was mounted
    const sized = new ResizeObserver(fit);
    sized.observe(frame);
    return () => {
      cancelAnimationFrame(later);
      sized.disconnect();
    };
  }, [fitKey, size, frame, handle, store]);
  return handle;
}

function handleOf(frame: HTMLDivElement | null, flow: Flow, store: Store, inset: number): GraphHandle {
  const screen = () =>
    frame?.clientWidth && frame.clientHeight
      ? { width: Math.max(frame.clientWidth / 3, frame.clientWidth - inset), height: frame.clientHeight }
      : null;
  const area = (ids?: readonly string[]) => {
    const wanted = ids && new Set(ids);
    const nodes = [...store.getState().nodeLookup.values()].filter(({ id }) => !wanted || wanted.has(id));
    const boxes = nodes.map(({ id, width = 0, height = 0 }) => ({ id, width, height }));
    return areaOf(boxes, new Map(nodes.map(({ id, position }): [string, Spot] => [id, { ...position, rank: 0 }])));
  };
  const go = (x: number, y: number, zoom: number, ms: number) => {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    void flow.setViewport({ x, y, zoom }, { duration: still ? 0 : ms });
  };
  const fit = (what: Area, ms: number) => {
    const at = screen();
    if (!at || !what.width) return;
    const { x, y, zoom } = getViewportForBounds(what, at.width, at.height, LEAST, MOST, `${MARGIN}px`);
    go(x, y, zoom, ms);
  };
  const reveal = (ids: readonly string[]) => {
    const what = area(ids);
    const at = screen();
    if (!at || !what.width) return;
    const { x, y, zoom } = flow.getViewport();
    if (what.width * zoom > at.width - 2 * MARGIN || what.height * zoom > at.height - 2 * MARGIN) {
      fit(what, 200);
      return;
    }
    const dx = into(what.x * zoom + x, what.width * zoom, at.width);
    const dy = into(what.y * zoom + y, what.height * zoom, at.height);
    if (dx || dy) go(x + dx, y + dy, zoom, 200);
  };
  return {
    fit: () => fit(area(), 200),
    reveal,
    centre: (id) => {
      const what = area([id]);
      const at = screen();
      if (!what.width || !at) return;
      const zoom = Math.max(flow.getViewport().zoom, 0.6);
      const [x, y] = [what.x + what.width / 2, what.y + what.height / 2];
      go(at.width / 2 - x * zoom, at.height / 2 - y * zoom, zoom, 200);
    },
    zoom: (factor) => {
      const at = screen();
      if (!at) return;
      const { x, y, zoom } = flow.getViewport();
      const by = Math.min(Math.max(zoom * factor, LEAST), 2.5) / zoom;
      go(at.width / 2 - (at.width / 2 - x) * by, at.height / 2 - (at.height / 2 - y) * by, zoom * by, 120);
    },
    focus: (id) => {
      reveal([id]);
      const find = `.react-flow__node[data-id="${CSS.escape(id)}"] [role=group]`;
      requestAnimationFrame(() => frame?.querySelector<HTMLElement>(find)?.focus({ preventScroll: true }));
    },
  };
}

/** How far to move a stretch so that it lies within `size`; 0 where it does. */
function into(from: number, length: number, size: number): number {
  if (from < MARGIN) return MARGIN - from;
  return from + length > size - MARGIN ? size - MARGIN - from - length : 0;
}
