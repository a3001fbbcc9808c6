import type { Box, Orientation, Spot } from "./model";

/** The way of a line from one box to another, as an SVG path; a line that leads back bows around both. */
export function curve(from: Box, at: Spot, to: Box, there: Spot, orientation: Orientation): string {
  const [x1, y1, x2, y2] = ends(from, at, to, there, orientation);
  const flow = orientation === "LR" ? x2 - x1 : y2 - y1;
  const bend = flow > 0 ? Math.max(flow / 2, Math.min(24, flow)) : 60 + Math.min(-flow / 4, 120);
  return orientation === "LR"
    ? `M${r(x1)} ${r(y1)}C${r(x1 + bend)} ${r(y1)} ${r(x2 - bend)} ${r(y2)} ${r(x2)} ${r(y2)}`
    : `M${r(x1)} ${r(y1)}C${r(x1)} ${r(y1 + bend)} ${r(x2)} ${r(y2 - bend)} ${r(x2)} ${r(y2)}`;
}

/** The way of a line through points, two for each box that it passes: it bends between them, and runs straight past a box. */
export function through(points: readonly (readonly [number, number])[], orientation: Orientation): string {
  const [[x0, y0] = [0, 0], ...rest] = points;
  let [x1, y1, way] = [x0, y0, `M${r(x0)} ${r(y0)}`];
  rest.forEach(([x2, y2], i) => {
    const bend = (orientation === "LR" ? x2 - x1 : y2 - y1) / 2;
    if (i % 2) way += `L${r(x2)} ${r(y2)}`;
    else if (orientation === "LR") way += `C${r(x1 + bend)} ${r(y1)} ${r(x2 - bend)} ${r(y2)} ${r(x2)} ${r(y2)}`;
    else way += `C${r(x1)} ${r(y1 + bend)} ${r(x2)} ${r(y2 - bend)} ${r(x2)} ${r(y2)}`;
    [x1, y1] = [x2, y2];
  });
  return way;
}

/** Where a line leaves one box and meets the other. */
export function ends(
  from: Box,
  at: Spot,
  to: Box,
  there: Spot,
  orientation: Orientation,
): readonly [number, number, number, number] {
  return orientation === "LR"
    ? [at.x + from.width, at.y + from.height / 2, there.x, there.y + to.height / 2]
    : [at.x + from.width / 2, at.y + from.height, there.x + to.width / 2, there.y];
}

function r(value: number): number {
  return Math.round(value * 10) / 10;
}
