import { expect, test } from "vitest";

import { aligned } from "./align";

test("curves are laid over all their x, gaps left open", () => {
  const { xs, values } = aligned([
    { name: "a", points: [[3, 30], [1, 10]] },
    { name: "b", points: [[2, 5], [Infinity, 1]] },
  ]); // prettier-ignore
  expect(xs).toEqual([1, 2, 3]);
  expect(values).toEqual([
    [10, undefined, 30],
    [undefined, 5, undefined],
  ]);
});

test("a curve that goes straight up keeps all its points, in order", () => {
  const { xs, values } = aligned([
    { name: "roc", points: [[0, 0], [0, 0.5], [0, 0.8], [1, 1]] },
    { name: "other", points: [[0, 0.1], [1, 1]] },
  ]); // prettier-ignore
  expect(xs).toEqual([0, 0, 0, 1]);
  expect(values[0]).toEqual([0, 0.5, 0.8, 1]);
  expect(values[1]).toEqual([0.1, undefined, undefined, 1]);
});
