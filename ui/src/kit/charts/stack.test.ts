import { expect, test } from "vitest";

import { fewest, layersOf, tick, tops } from "./stack";

const buckets = { fromMs: 1000, stepMs: 10, count: 3 };

test("what was counted stands in its bucket, the largest layer first", () => {
  const counted = [
    { fromMs: 1000, name: "few", count: 1 },
    { fromMs: 1020, name: "many", count: 4 },
    { fromMs: 1020, name: "many", count: 1 },
    { fromMs: 1030, name: "late", count: 9 },
  ];
  const layers = layersOf(counted, buckets, (_, at) => at);
  expect(layers).toEqual([
    { name: "many", tone: 0, values: [0, 0, 5] },
    { name: "few", tone: 1, values: [1, 0, 0] },
  ]);
});

test("a given order is kept", () => {
  const counted = ["a", "b"].map((name) => ({ fromMs: 1000, name, count: name === "a" ? 1 : 2 }));
  expect(layersOf(counted, buckets, () => "good", ["a", "c", "b"]).map((layer) => layer.name)).toEqual(["a", "b"]);
});

test("layers stand on each other", () => {
  const layers = [1, 2].map((value) => ({ name: "", tone: 0, values: [value, 0, value] }));
  expect(tops(layers)).toEqual([
    [1, 0, 1],
    [3, 0, 3],
  ]);
});

test("beyond the most, layers are one", () => {
  const layers = [3, 2, 1].map((value) => ({ name: `${value}`, tone: 0, values: [value] }));
  expect(fewest(layers, 2).map(({ name, values }) => [name, ...values])).toEqual([
    ["3", 3],
    ["2 others", 3],
  ]);
  expect(fewest(layers, 3)).toBe(layers);
});

test("ticks name the largest thing that begins there", () => {
  const at = (...parts: [number, number, number, number?, number?]) => tick(new Date(...parts).getTime() / 1000);
  expect(at(2026, 0, 1)).toBe("2026");
  expect(at(2026, 9, 10)).toBe("Oct 10");
  expect(at(2026, 9, 10, 9, 5)).toBe("09:05");
});
