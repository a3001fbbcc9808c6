import type { Line, Orientation, Spots } from "./model";

const STEPS: Readonly<Record<Orientation, Readonly<Record<string, "in" | "out" | "before" | "behind">>>> = {
  LR: { ArrowLeft: "in", ArrowRight: "out", ArrowUp: "before", ArrowDown: "behind" },
  TB: { ArrowUp: "in", ArrowDown: "out", ArrowLeft: "before", ArrowRight: "behind" },
};

/**
 * Where an arrow key leads from a box: along the flow over a line, to the neighbour most level with it; across the flow to the
 * next box of its column. Null where nothing lies that way.
 */
export function walk(
  from: string,
  key: string,
  spots: Spots,
  lines: readonly Line[],
  orientation: Orientation,
): string | null {
  const step = STEPS[orientation][key];
  const here = spots.get(from);
  if (!step || !here) return null;
  const level = (id: string) => {
    const spot = spots.get(id);
    return spot ? (orientation === "LR" ? spot.y : spot.x) : Number.NaN;
  };
  const own = level(from);
  const among =
    step === "in" || step === "out"
      ? lines.flatMap((line) =>
          step === "in" ? (line.to === from ? [line.from] : []) : line.from === from ? [line.to] : [],
        )
      : [...spots]
          .filter(([id, spot]) => spot.rank === here.rank && id !== from)
          .map(([id]) => id)
          .filter((id) => (step === "before" ? level(id) < own : level(id) > own));
  let best: string | null = null;
  for (const id of among) {
    if (!spots.has(id)) continue;
    if (best === null || Math.abs(level(id) - own) < Math.abs(level(best) - own)) best = id;
  }
  return best;
}

/** The first box of a drawing: where the keyboard begins. */
export function firstOf(spots: Spots): string | null {
  let best: string | null = null;
  for (const [id, spot] of spots) {
    const than = best === null ? undefined : spots.get(best);
    if (!than || spot.rank < than.rank || (spot.rank === than.rank && (spot.y < than.y || (spot.y === than.y && spot.x < than.x)))) best = id; // prettier-ignore
  }
  return best;
}
