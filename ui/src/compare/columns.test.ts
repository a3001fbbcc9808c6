import { expect, test } from "vitest";

import { columnsOf, distance, ordered, sortOf, standing, type Told, unfolded } from "./columns";

const NONE = new Set<string>();

function told(name: string, values: readonly unknown[], section = "metrics"): Told {
  const numbers = values.filter((value) => typeof value === "number");
  const [min, max] = [Math.min(...numbers), Math.max(...numbers)];
  return { section, name, kind: "DOUBLE", differs: min !== max, min, max, values };
}

function column(name: string, values: readonly unknown[], low = NONE, high = NONE) {
  const [one] = columnsOf([told(name, values)], low, high);
  if (!one) throw new Error("no column");
  return one;
}

test.each([
  ["train.accuracy", "high"],
  ["train.metrics.rmse", "low"],
  ["val_loss", "low"],
  ["train/loss", "low"],
  ["closseness", "high"],
  ["latency_ms", "low"],
])("of %s the best is %s", (name, better) => expect(column(name, [1, 2]).better).toBe(better));

test("what someone says of a column counts more than its name", () => {
  expect(column("loss", [1, 2], NONE, new Set(["metrics.loss"])).better).toBe("high");
  expect(column("score", [1, 2], new Set(["metrics.score"])).better).toBe("low");
});

test("the best and the worst are marked, and only where there are any", () => {
  const accuracy = column("accuracy", [0.5, 0.9, null, 0.9]);
  expect(accuracy.values.map((value) => standing(accuracy, value))).toEqual(["worst", "best", null, "best"]);
  const loss = column("loss", [1, 2]);
  expect(standing(loss, 1)).toBe("best");
  const same = column("accuracy", [1, 1]);
  expect(standing(same, 1)).toBeNull();
});

test("parameters are neither good nor bad unless someone says so", () => {
  expect(columnsOf([told("depth", [1, 2], "parameters")], NONE, NONE)[0]?.better).toBeNull();
  expect(columnsOf([told("depth", [1, 2], "parameters")], new Set(["parameters.depth"]), NONE)[0]?.better).toBe("low");
});

test("rows are ordered by a column, the base before all and the empty behind", () => {
  const one = column("a", [3, null, "Infinity", 1]);
  expect(ordered(4, one, false, -1)).toEqual([3, 0, 2, 1]);
  expect(ordered(4, one, true, -1)).toEqual([2, 0, 3, 1]);
  expect(ordered(4, one, false, 1)).toEqual([1, 3, 0, 2]);
  expect(ordered(3, undefined, false, 2)).toEqual([2, 0, 1]);
  const texts = column("t", ["run 10", "run 9", "Run 1"]);
  expect(ordered(3, texts, false, -1)).toEqual([2, 1, 0]);
});

test("distances from the base", () => {
  expect(distance(3, 1)).toBe(2);
  expect(distance(1, 1)).toBeNull();
  expect(distance("x", 1)).toBeNull();
  expect(distance(Infinity, 1)).toBeNull();
});

test("a sort", () => {
  expect(sortOf("-metrics.a")).toEqual({ id: "metrics.a", down: true });
  expect(sortOf("metrics.a")).toEqual({ id: "metrics.a", down: false });
  expect(sortOf(undefined)).toBeNull();
});

test("small structures are unfolded, and what is the same in all of them is left out", () => {
  const candidates = [{ kind: "tree", depth: 4 }, { kind: "tree", depth: 5 }, null];
  const struct = { ...told("candidate", candidates, "parameters"), kind: "STRUCT" as const };
  const parts = unfolded([struct], false);
  expect(parts.map(({ name, kind, min, max }) => [name, kind, min, max])).toEqual([
    ["candidate.kind", "STRING", null, null],
    ["candidate.depth", "DOUBLE", 4, 5],
  ]);
  expect(parts[1]?.values).toEqual([4, 5, null]);
  const same = {
    ...struct,
    values: [
      { kind: "tree", depth: 4 },
      { kind: "tree", depth: 5 },
    ],
  };
  expect(unfolded([same], false).map((one) => one.name)).toEqual(["candidate.depth"]);
  expect(unfolded([same], true)).toHaveLength(2);
});

test("lists and deep structures stay whole", () => {
  for (const value of [[1, 2], { a: { b: 1 } }, {}]) {
    const struct = { ...told("s", [value, null]), kind: "STRUCT" as const };
    expect(unfolded([struct], false)).toEqual([struct]);
  }
});
