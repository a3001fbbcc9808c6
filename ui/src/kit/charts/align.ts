import type { Tone } from "./colors";

/** A curve: points in whatever order. */
export interface Curve {
  readonly name: string;
  readonly tone?: Tone | number;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Curves over all their x together, ascending; undefined where a curve has no point (where a line goes through). */
export function aligned(curves: readonly Curve[]): {
  readonly xs: readonly number[];
  readonly values: readonly (readonly (number | undefined)[])[];
} {
  // A curve may go straight up: as many equal x as the curve with most of them there.
  const most = new Map<number, number>();
  const sorted = curves.map(({ points }) => points.filter(finite).sort((a, b) => a[0] - b[0]));
  for (const points of sorted) {
    const seen = new Map<number, number>();
    for (const [x] of points) seen.set(x, (seen.get(x) ?? 0) + 1);
    for (const [x, times] of seen) most.set(x, Math.max(most.get(x) ?? 0, times));
  }
  const xs = [...most.keys()].sort((a, b) => a - b).flatMap((x) => new Array<number>(most.get(x) ?? 0).fill(x));
  const first = new Map<number, number>();
  xs.forEach((x, at) => first.has(x) || first.set(x, at));
  const values = sorted.map((points) => {
    const row = new Array<number | undefined>(xs.length).fill(undefined);
    let before: number | undefined;
    let offset = 0;
    for (const [x, y] of points) {
      offset = x === before ? offset + 1 : 0;
      before = x;
      row[(first.get(x) ?? 0) + offset] = y;
    }
    return row;
  });
  return { xs, values };
}

function finite(point: readonly [number, number]): boolean {
  return Number.isFinite(point[0]) && Number.isFinite(point[1]);
}
