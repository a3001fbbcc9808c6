import type { Box, Orientation } from "../draw/model";
import { around, type LayOut } from "./route";
import type { Branch } from "./tree";

/** Sizes of what is drawn, in pixels. */
export const STEP = { width: 216, height: 54 } as const;
export const CLOSED = { width: 216, height: 70 } as const;
export const HEAD = 36;
const PAD = 16;
const STACK = 12;
/** Iterations beside each other, where the drawing flows down. */
const ACROSS = 4;
const MORE = { width: 216, height: 32 } as const;

/** Iterations of an open loop that are drawn; the others are told of. */
export const MOST_ITERATIONS = 12;
/** Boxes drawn at once; beyond, graphs stay closed. */
export const MOST_BOXES = 300;

/** A box of the drawing, where it stands. */
export interface Placed {
  readonly branch: Branch;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly open: boolean;
  readonly depth: number;
  /** Of a box that stands for iterations not drawn: how many those are. */
  readonly more?: number;
}

/** A line of the drawing. */
export interface Led {
  readonly from: string;
  readonly to: string;
  readonly carries: readonly string[];
  /** Where it passes boxes between its ends. */
  readonly via: readonly Point[];
}

/** A place in the drawing. */
export type Point = readonly [number, number];

/** A drawing. */
export interface Drawing {
  readonly boxes: readonly Placed[];
  readonly lines: readonly Led[];
  readonly width: number;
  readonly height: number;
}

/** How to draw: what is open, who lays out, and which way it flows. */
export interface How {
  readonly isOpen: (branch: Branch) => boolean;
  readonly layOut: LayOut;
  readonly flow: Orientation;
}

/** Draw the tasks of a run, what is open with what lies in it. */
export function place(branches: readonly Branch[], how: How): Drawing {
  return graph(branches, how, 0);
}

function graph(branches: readonly Branch[], how: How, depth: number): Drawing {
  const inner = new Map<string, Drawing>();
  const boxes = branches.map((branch, order) => ({ ...sized(branch, how, depth, inner), order }));
  const known = new Set(boxes.map((box) => box.id));
  const lines = branches.flatMap((branch) =>
    branch.after
      .filter((link) => known.has(link.path))
      .map((link) => ({ from: link.path, to: branch.path, carries: link.carries })),
  );
  const { spots, via } = around(boxes, lines, how);
  const left = Math.min(...boxes.map((box) => spots.get(box.id)?.x ?? 0));
  const top = Math.min(...boxes.map((box) => spots.get(box.id)?.y ?? 0));
  const placed = boxes.map((box, i) => {
    const spot = spots.get(box.id) ?? { x: 0, y: 0 };
    return { box, branch: branches[i] as Branch, x: spot.x - left, y: spot.y - top };
  });
  const led = lines.map((line, i) => ({ ...line, via: (via[i] ?? []).map(([x, y]) => [x - left, y - top] as const) }));
  return joined(placed, inner, led, depth);
}

/** Iterations, in rows across the flow. */
function stack(loop: Branch, how: How, depth: number): Drawing {
  const shown = foremost(loop.children);
  const inner = new Map<string, Drawing>();
  const boxes = shown.map((branch) => sized(branch, how, depth, inner));
  const columns = how.flow === "TB" ? ACROSS : 1;
  let y = 0;
  const placed: Standing[] = [];
  for (let first = 0; first < boxes.length; first += columns) {
    const row = boxes.slice(first, first + columns);
    let x = 0;
    row.forEach((box, i) => {
      placed.push({ box, branch: shown[first + i] as Branch, x, y });
      x += box.width + STACK;
    });
    y += Math.max(...row.map((box) => box.height)) + STACK;
  }
  const drawing = joined(placed, inner, [], depth);
  const hidden = loop.children.length - shown.length;
  if (!hidden) return drawing;
  const more: Placed = { branch: loop, x: 0, y, ...MORE, open: false, depth, more: hidden };
  return { ...drawing, boxes: [...drawing.boxes, more], height: y + MORE.height };
}

function sized(branch: Branch, how: How, depth: number, inner: Map<string, Drawing>): Box {
  const drawn = opened(branch, how, depth);
  if (drawn) inner.set(branch.path, drawn);
  const size = drawn ? framed(drawn) : branch.shape === "step" ? STEP : CLOSED;
  return { id: branch.path, width: size.width, height: size.height };
}

function opened(branch: Branch, how: How, depth: number) {
  if (branch.children.length === 0 || !how.isOpen(branch)) return undefined;
  return branch.shape === "loop" ? stack(branch, how, depth + 1) : graph(branch.children, how, depth + 1);
}

function framed(drawn: Drawing) {
  return { width: Math.max(drawn.width, STEP.width) + 2 * PAD, height: drawn.height + HEAD + PAD };
}

interface Standing {
  readonly box: Box;
  readonly branch: Branch;
  readonly x: number;
  readonly y: number;
}

function joined(
  placed: readonly Standing[],
  inner: ReadonlyMap<string, Drawing>,
  lines: readonly Led[],
  depth: number,
): Drawing {
  const boxes: Placed[] = [];
  const led: Led[] = [...lines];
  let [width, height] = [0, 0];
  for (const { box, branch, x, y } of placed) {
    const drawn = inner.get(branch.path);
    boxes.push({ branch, x, y, width: box.width, height: box.height, open: drawn !== undefined, depth });
    width = Math.max(width, x + box.width);
    height = Math.max(height, y + box.height);
    if (!drawn) continue;
    for (const line of drawn.lines)
      led.push({ ...line, via: line.via.map(([px, py]) => [px + x + PAD, py + y + HEAD] as const) });
    for (const one of drawn.boxes) boxes.push({ ...one, x: one.x + x + PAD, y: one.y + y + HEAD });
  }
  return { boxes, lines: led, width, height };
}

const URGENT: Readonly<Record<string, number>> = { FAILED: 0, RUNNING: 1 };

/** The iterations to draw: what failed and what is under way before the others, then in order. */
function foremost(iterations: readonly Branch[]): readonly Branch[] {
  if (iterations.length <= MOST_ITERATIONS) return iterations;
  const ranked = iterations.map((one, i) => [URGENT[one.state] ?? 2, i, one] as const);
  ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return ranked
    .slice(0, MOST_ITERATIONS)
    .sort((a, b) => a[1] - b[1])
    .map(([, , one]) => one);
}
