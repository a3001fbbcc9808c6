import { describe, expect, it } from "vitest";

import { layout } from "./layout";
import type { Box, Line, Orientation, Spots } from "./model";
import { dice, sample } from "./sample";

function overlaps(boxes: readonly Box[], spots: Spots): number {
  const sorted = boxes
    .map((box) => ({ box, spot: spots.get(box.id) }))
    .filter((one): one is { box: Box; spot: { x: number; y: number; rank: number } } => one.spot !== undefined)
    .sort((a, b) => a.spot.x - b.spot.x);
  let found = 0;
  sorted.forEach((a, i) => {
    for (let k = i + 1; k < sorted.length; k += 1) {
      const b = sorted[k];
      if (!b || b.spot.x >= a.spot.x + a.box.width) break;
      if (a.spot.y < b.spot.y + b.box.height - 1e-6 && b.spot.y < a.spot.y + a.box.height - 1e-6) found += 1;
    }
  });
  return found;
}

function backward(lines: readonly Line[], spots: Spots): Line[] {
  return lines.filter(({ from, to }) => (spots.get(from)?.rank ?? 0) >= (spots.get(to)?.rank ?? 0));
}

describe("a fresh layout", () => {
  for (const orientation of ["LR", "TB"] satisfies Orientation[]) {
    it.each([1, 2, 40, 300, 2000])(
      `of %i boxes ${orientation} leads every line forward and overlaps nothing`,
      (size) => {
        for (let seed = 1; seed <= 3; seed += 1) {
          const plan = { ...sample(size, seed), orientation };
          const spots = layout(plan);
          expect(spots.size).toBe(size);
          expect(backward(plan.lines, spots)).toEqual([]);
          expect(overlaps(plan.boxes, spots)).toBe(0);
        }
      },
    );
  }

  it("is the same for the same plan, in whatever order it is listed", () => {
    const plan = sample(400);
    const again = { boxes: plan.boxes.toReversed(), lines: plan.lines.toReversed() };
    const first = layout({ ...plan, orientation: "LR" });
    expect(layout({ ...plan, orientation: "LR" })).toEqual(first);
    expect(new Map([...layout({ ...again, orientation: "LR" })].sort())).toEqual(new Map([...first].sort()));
  });

  it("puts a chain on one line", () => {
    const boxes = ["a", "b", "c"].map((id) => ({ id, width: 200, height: 56 }));
    const spots = layout({ boxes, lines: [{ from: "a", to: "b" }, { from: "b", to: "c" }], orientation: "LR" }); // prettier-ignore
    expect([...spots.values()].map(({ y }) => y)).toEqual([0, 0, 0]);
    expect(boxes.map(({ id }) => spots.get(id)?.rank)).toEqual([0, 1, 2]);
  });

  it("breaks cycles instead of never ending", () => {
    const boxes = ["a", "b", "c"].map((id) => ({ id, width: 10, height: 10 }));
    const lines = [{ from: "a", to: "b" }, { from: "b", to: "c" }, { from: "c", to: "a" }, { from: "b", to: "b" }]; // prettier-ignore
    const spots = layout({ boxes, lines, orientation: "LR" });
    expect(boxes.map(({ id }) => spots.get(id)?.rank)).toEqual([0, 1, 2]);
  });

  it("survives a path of 50,000 boxes", () => {
    const boxes = Array.from({ length: 50_000 }, (_, i) => ({ id: `${i}`, width: 10, height: 10, order: i }));
    const lines = boxes.slice(1).map((box, i) => ({ from: `${i}`, to: box.id }));
    expect(layout({ boxes, lines, orientation: "LR" }).get("49999")?.rank).toBe(49_999);
  });

  it("of nothing is nothing", () => {
    expect(layout({ boxes: [], lines: [], orientation: "LR" }).size).toBe(0);
  });
});

describe("a layout that goes on from another", () => {
  it("keeps every row when boxes come, wherever they are joined", () => {
    const roll = dice(7);
    for (let seed = 1; seed <= 20; seed += 1) {
      let plan = sample(60, seed);
      let before = layout({ ...plan, orientation: "LR" });
      for (let step = 0; step < 12; step += 1) {
        const fresh = Array.from({ length: 1 + Math.floor(roll() * 4) }, (_, i) => ({
          id: `new${step}.${i}`,
          width: 200,
          height: 56,
          order: 1000 + step * 10 + i,
        }));
        const lines = fresh.flatMap(({ id }) => joined(id, plan.boxes, before, roll));
        plan = { boxes: [...plan.boxes, ...fresh], lines: [...plan.lines, ...lines] };
        const after = layout({ ...plan, orientation: "LR", before });
        for (const [id, spot] of before) expect(after.get(id)?.y).toBe(spot.y);
        expect(backward(plan.lines, after)).toEqual([]);
        expect(overlaps(plan.boxes, after)).toBe(0);
        before = after;
      }
    }
  });

  it("moves nothing at all when boxes go", () => {
    const plan = sample(120);
    const before = layout({ ...plan, orientation: "LR" });
    const boxes = plan.boxes.filter((_, i) => i % 7 !== 3);
    const after = layout({ boxes, lines: plan.lines, orientation: "LR", before });
    for (const { id } of boxes) expect(after.get(id)).toEqual(before.get(id));
  });

  it("puts new children beside their parent", () => {
    const boxes = [{ id: "a", width: 200, height: 56, order: 0 }];
    const before = layout({ boxes, lines: [], orientation: "LR" });
    const fresh = Array.from({ length: 3 }, (_, i) => ({ id: `b${i}`, width: 200, height: 56, order: i + 1 }));
    const lines = fresh.map(({ id }) => ({ from: "a", to: id }));
    const spots = layout({ boxes: [...boxes, ...fresh], lines, orientation: "LR", before });
    expect(spots.get("b1")?.y).toBe(spots.get("a")?.y);
    expect(fresh.map(({ id }) => spots.get(id)?.rank)).toEqual([1, 1, 1]);
  });
});

/** Lines that join a new box somewhere: behind one box, before another, without making a cycle. */
function joined(id: string, boxes: readonly Box[], spots: Spots, roll: () => number): Line[] {
  const a = boxes[Math.floor(roll() * boxes.length)];
  const b = boxes[Math.floor(roll() * boxes.length)];
  if (!a || !b) return [];
  const [low, high] = [a, b].sort((x, y) => (spots.get(x.id)?.rank ?? 0) - (spots.get(y.id)?.rank ?? 0));
  if (!low || !high) return [];
  const kind = roll();
  if (kind < 0.3) return [{ from: low.id, to: id }];
  if (kind < 0.6) return [{ from: id, to: high.id }];
  const apart = (spots.get(low.id)?.rank ?? 0) < (spots.get(high.id)?.rank ?? 0);
  return apart ? [{ from: low.id, to: id }, { from: id, to: high.id }] : [{ from: low.id, to: id }]; // prettier-ignore
}
