import type { Box, Line, Orientation, Spots } from "../draw/model";

/** Lays out one graph. */
export type LayOut = (boxes: readonly Box[], lines: readonly Line[]) => Spots;

/** Room for a line that goes past a box: across the flow, and along it. */
const LANE = { across: 14, along: 40 } as const;

type Point = readonly [number, number];

/** Where boxes stand, and for each line the points by which it goes around the boxes between its ends. */
export interface Routed {
  readonly spots: Spots;
  readonly via: readonly (readonly Point[])[];
}

/**
 * Lay out, with a lane in each rank that a line skips: a line behind a box could not be seen. Beside a box that is larger
 * than its own, a line runs straight.
 */
export function around(
  boxes: readonly Box[],
  lines: readonly Line[],
  { layOut, flow }: { readonly layOut: LayOut; readonly flow: Orientation },
): Routed {
  const first = layOut(boxes, lines);
  const rank = (id: string) => first.get(id)?.rank ?? 0;
  const lanes = lines.map(({ from, to }, i) =>
    Array.from({ length: Math.max(0, rank(to) - rank(from) - 1) }, (_, step) => `${i}>${step}`),
  );
  const size = flow === "TB" ? { width: LANE.across, height: LANE.along } : { width: LANE.along, height: LANE.across };
  const passing = lanes.flat().map((id, i) => ({ id, ...size, order: boxes.length + i }));
  const led = lines.flatMap(({ from, to }, i) => {
    const stops = [from, ...(lanes[i] ?? []), to];
    return stops.slice(1).map((stop, k) => ({ from: stops[k] as string, to: stop }));
  });
  const all = [...boxes, ...passing];
  const spots = passing.length ? layOut(all, led) : first;
  const ranks = stretches(all, spots, flow);
  const sizes = new Map(all.map((box) => [box.id, box]));
  const past = (id: string, part: "whole" | "begin" | "end"): readonly Point[] => {
    const [spot, box] = [spots.get(id), sizes.get(id)];
    if (!spot || !box) return [];
    const [least, most] = ranks.get(spot.rank) ?? [0, 0];
    const [across, along, length] = flow === "TB" ? [spot.x + box.width / 2, spot.y, box.height] : [spot.y + box.height / 2, spot.x, box.width]; // prettier-ignore
    const from = part === "begin" ? along + length : least;
    const to = part === "end" ? along : most;
    if (to - from < 2) return [];
    return flow === "TB" ? [[across, from], [across, to]] : [[from, across], [to, across]]; // prettier-ignore
  };
  const via = lines.map(({ from, to }, i) => [
    ...past(from, "begin"),
    ...(lanes[i] ?? []).flatMap((id) => past(id, "whole")),
    ...past(to, "end"),
  ]);
  return { spots, via };
}

/** From where to where each rank reaches, along the flow. */
function stretches(
  boxes: readonly Box[],
  spots: Spots,
  flow: Orientation,
): ReadonlyMap<number, readonly [number, number]> {
  const ranks = new Map<number, readonly [number, number]>();
  for (const box of boxes) {
    const spot = spots.get(box.id);
    if (!spot) continue;
    const [from, size] = flow === "TB" ? [spot.y, box.height] : [spot.x, box.width];
    const [least, most] = ranks.get(spot.rank) ?? [Infinity, -Infinity];
    ranks.set(spot.rank, [Math.min(least, from), Math.max(most, from + size)]);
  }
  return ranks;
}
