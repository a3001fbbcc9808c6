import { expect, test } from "vitest";

import { axisFor, between, shares, within } from "./parallel";

test("numbers stay numbers, texts become places in their order", () => {
  expect(axisFor({ name: "n", values: [1, null, NaN] })).toEqual({ name: "n", texts: null, at: [1, null, null] });
  expect(axisFor({ name: "t", values: ["b10", "b9", null] })).toEqual({
    name: "t",
    texts: ["b9", "b10"],
    at: [1, 0, null],
  });
});

test("what tells nothing is no axis", () => {
  expect(axisFor({ name: "", values: [null] })).toBeNull();
  expect(axisFor({ name: "", values: [NaN] })).toBeNull();
  expect(axisFor({ name: "", values: Array.from({ length: 50 }, (_, at) => `${at}`) })).toBeNull();
});

test("rows are within when every brushed axis has them", () => {
  const axes = [
    { name: "a", texts: null, at: [1, 2, 3, null] },
    { name: "b", texts: null, at: [9, 9, 1, 9] },
  ];
  expect(within(axes, new Map([[0, [[2, 3]]], [1, [[8, 10]]]]), 4)).toEqual([1]); // prettier-ignore
  expect(within(axes, new Map([[0, [[1, 1], [3, 3]]]]), 4)).toEqual([0, 2]); // prettier-ignore
  expect(within(axes, new Map([[0, []]]), 4)).toEqual([0, 1, 2, 3]);
});

test("colours are mixed by share", () => {
  expect(between("#000000", "#ff8000", 0.5)).toBe("#804000");
  expect(shares([1, 3, null, 2])).toEqual([0, 1, null, 0.5]);
  expect(shares([5, 5])).toEqual([0.5, 0.5]);
});
