/** What a drawing is made of, and where its parts stand. Plain data: it crosses to a worker and back. */

/** Left to right, or top to bottom. */
export type Orientation = "LR" | "TB";

/** A box to place. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  /** Order among its like: the same on every load. By place in the list when left out. */
  readonly order?: number;
}

/** Leads from one box to another; forward, wherever no cycle forbids it. */
export interface Line {
  readonly from: string;
  readonly to: string;
}

/** Where a box stands: its upper left corner, and the column (row, when TB) it is in. */
export interface Spot {
  readonly x: number;
  readonly y: number;
  readonly rank: number;
}

/** Where everything stands. */
export type Spots = ReadonlyMap<string, Spot>;

/** A drawing to lay out. */
export interface Plan {
  readonly boxes: readonly Box[];
  readonly lines: readonly Line[];
  readonly orientation: Orientation;
  /** Space between columns, where the usual is too little. */
  readonly gap?: number | undefined;
  /** Where boxes stood before: they keep their row, and what is new finds its place between them. */
  readonly before?: Spots | undefined;
}

/** A rectangle of the drawing. */
export interface Area {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Space between columns, and between boxes of one. */
export const GAP = { rank: 72, row: 18, part: 40 } as const;

/** The smallest rectangle around these boxes; of nothing, one without size. */
export function areaOf(boxes: Iterable<Box>, spots: Spots): Area {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const box of boxes) {
    const spot = spots.get(box.id);
    if (!spot) continue;
    left = Math.min(left, spot.x);
    top = Math.min(top, spot.y);
    right = Math.max(right, spot.x + box.width);
    bottom = Math.max(bottom, spot.y + box.height);
  }
  return left > right
    ? { x: 0, y: 0, width: 0, height: 0 }
    : { x: left, y: top, width: right - left, height: bottom - top };
}
