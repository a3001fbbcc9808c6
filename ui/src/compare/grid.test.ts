import { expect, test } from "vitest";

import { seen, startsOf, stretched } from "./grid";

test("tracks of any size are found where they are", () => {
  const starts = startsOf([100, 50, 200, 50]);
  expect(starts).toEqual([0, 100, 150, 350, 400]);
  expect(seen(starts, 0, 100, 0)).toEqual({ from: 0, to: 2 });
  expect(seen(starts, 160, 100, 0)).toEqual({ from: 2, to: 3 });
  expect(seen(starts, 390, 500, 0)).toEqual({ from: 3, to: 4 });
  expect(seen(starts, 160, 100, 1)).toEqual({ from: 1, to: 4 });
  expect(seen(startsOf([]), 0, 100, 2)).toEqual({ from: 0, to: 0 });
});

test("tracks take the room that is left, within reason", () => {
  expect(stretched([100, 100], 300)).toEqual([150, 150]);
  expect(stretched([100], 1000)).toEqual([190]);
  expect(stretched([100, 300], 200)).toEqual([100, 300]);
  expect(stretched([], 200)).toEqual([]);
});
