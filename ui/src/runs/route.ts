import type { Box, Line, Orientation, Spots } from "../draw/model";

/** Lays out one graph. */
export type LayOut = (boxes: readonly Box[], lines: readonly Line[]) => Spots;

/** Room for a line that goes past a box: across the flow, and along it. */
const LANE = { across: 14, along: 40 } as const;

/** Where boxes stand, and for each line the points by which it goes around the boxes between its ends. */
export interface Routed {
  readonly spots: Spots;
  readonly via: readonly (readonly (readonly [number, number])[])[];
}

/** Lay out, with a lane in each rank that a line skips: a line behind a box could not be seen. */
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
  if (lanes.every((lane) => lane.length === 0)) return { spots: first, via: lines.map(() => []) };
  const size = flow === "TB" ? { width: LANE.across, height: LANE.along } : { width: LANE.along, height: LANE.across };
  const passing = lanes.flat().map((id, i) => ({ id, ...size, order: boxes.length + i }));
  const led = lines.flatMap(({ from, to }, i) => {
    const stops = [from, ...(lanes[i] ?? []), to];
    return stops.slice(1).map((stop, k) => ({ from: stops[k] as string, to: stop }));
  });
  const all = [...boxes, ...passing];
  const spots = layOut(all, led);
  const ranks = stretches(all, spots, flow);
  const via = lanes.map((lane) =>
    lane.flatMap((id) => {
      const { x, y, rank: at } = spots.get(id) ?? { x: 0, y: 0, rank: 0 };
      const [from, to] = ranks.get(at) ?? [0, 0];
      const middle = LANE.across / 2 + (flow === "TB" ? x : y);
      return flow === "TB" ? ([[middle, from], [middle, to]] as const) : ([[from, middle], [to, middle]] as const); // prettier-ignore
    }),
  );
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
