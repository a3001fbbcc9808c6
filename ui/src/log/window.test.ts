import { expect, test } from "vitest";

import { scrollTo, windowOf } from "./window";

test("what is seen is drawn, and a little more", () => {
  expect(windowOf(1000, 30, 300, 3000)).toEqual({ height: 30_000, from: 94, to: 116, top: 94 * 30 });
  expect(windowOf(3, 30, 300, 0)).toEqual({ height: 90, from: 0, to: 3, top: 0 });
  expect(windowOf(0, 30, 300, 0)).toMatchObject({ height: 0, from: 0, to: 0 });
});

test("ten million rows are scrolled from the first to the last", () => {
  const [rows, row, view] = [10_000_000, 36, 700];
  const top = windowOf(rows, row, view, 0);
  expect([top.from, top.height]).toEqual([0, 15_000_000]);
  const end = windowOf(rows, row, view, top.height - view);
  expect(end.to).toBe(rows);
  expect(end.top + (end.to - end.from) * row).toBeCloseTo(top.height, 3);
});

test("a row is brought into view by the shortest way", () => {
  expect(scrollTo(100, 30, 300, 0, 5)).toBe(0);
  expect(scrollTo(100, 30, 300, 0, 10)).toBe(30);
  expect(scrollTo(100, 30, 300, 900, 10)).toBe(300);
  const far = scrollTo(10_000_000, 36, 700, 0, 9_000_000);
  const seen = windowOf(10_000_000, 36, 700, far);
  expect(seen.from).toBeLessThan(9_000_000);
  expect(seen.to).toBeGreaterThan(9_000_000);
});
