import { expect, test } from "vitest";

import { binned, roundStep } from "./bins";

test("bins have round edges and hold every finite value once", () => {
  const bins = binned([0.12, 0.5, 0.99, 1, NaN, Infinity], 5);
  expect(bins.map((bin) => bin.from)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
  expect(bins.reduce((all, bin) => all + bin.count, 0)).toBe(4);
  expect(bins.at(-1)?.count).toBe(2);
});

test("one value is one bin, none is none", () => {
  expect(binned([7, 7])).toEqual([{ from: 7, to: 7, count: 2 }]);
  expect(binned([NaN])).toEqual([]);
});

test.each([
  [0.013, 0.02],
  [1, 1],
  [3, 5],
  [70, 100],
])("the step after %d is %d", (least, step) => expect(roundStep(least)).toBeCloseTo(step, 12));
