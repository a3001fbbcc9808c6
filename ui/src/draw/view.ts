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

/** What lies over the canvas at its right and at its bottom: pixels, or below 1 a share of its height. */
export interface Inset {
  readonly right: number;
  readonly bottom: number;
}

const LEAST = 0.05;
/** Below it words cannot be read: a drawing that large begins with its home in the middle. */
const LEGIBLE = 0.5;
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
  inset: Inset,
  home: string | undefined,
): GraphHandle {
  const { right, bottom } = inset;
  const handle = useMemo(() => handleOf(frame, flow, store, { right, bottom }), [frame, flow, store, right, bottom]);
  const fitted = useRef("");
  useEffect(() => {
    if (!frame || !size) return undefined;
    const fit = () => {
      if (fitted.current === fitKey || !frame.clientWidth || !store.getState().panZoom) return;
      fitted.current = fitKey;
      handle.begin(home);
    };
    fit();
    const later = requestAnimationFrame(fit); // the canvas is ready a frame after it was mounted
    const sized = new ResizeObserver(fit);
    sized.observe(frame);
    return () => {
      cancelAnimationFrame(later);
      sized.disconnect();
    };
  }, [fitKey, size, frame, handle, store, home]);
  return handle;
}

function handleOf(
  frame: HTMLDivElement | null,
  flow: Flow,
  store: Store,
  inset: Inset,
): GraphHandle & { readonly begin: (home: string | undefined) => void } {
  const screen = () => {
    if (!frame?.clientWidth || !frame.clientHeight) return null;
    const { clientWidth: width, clientHeight: height } = frame;
    const bottom = inset.bottom < 1 ? inset.bottom * height : inset.bottom;
    return { width: Math.max(width / 3, width - inset.right), height: Math.max(height / 3, height - bottom) };
  };
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
  const centre = (id: string, ms = 200) => {
    const what = area([id]);
    const at = screen();
    if (!what.width || !at) return;
    const zoom = Math.max(flow.getViewport().zoom, 0.7);
    const [x, y] = [what.x + what.width / 2, what.y + what.height / 2];
    go(at.width / 2 - x * zoom, at.height / 2 - y * zoom, zoom, ms);
  };
  const reveal = (ids: readonly string[]) => {
    const what = area(ids);
    const at = screen();
    if (!at || !what.width) return;
    const { x, y, zoom } = flow.getViewport();
    if (what.width * zoom > at.width - 2 * MARGIN || what.height * zoom > at.height - 2 * MARGIN) {
      const small = Math.min(at.width / what.width, at.height / what.height) < LEGIBLE;
      if (small && ids[0] !== undefined) centre(ids[0]);
      else fit(what, 200);
      return;
    }
    const dx = into(what.x * zoom + x, what.width * zoom, at.width);
    const dy = into(what.y * zoom + y, what.height * zoom, at.height);
    if (dx || dy) go(x + dx, y + dy, zoom, 200);
  };
  return {
    begin: (home) => {
      const [what, at] = [area(), screen()];
      if (!at) return;
      const small = Math.min(at.width / what.width, at.height / what.height) < LEGIBLE;
      if (home !== undefined && small && area([home]).width) centre(home, 0);
      else fit(what, 0);
    },
    fit: () => fit(area(), 200),
    reveal,
    centre,
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
