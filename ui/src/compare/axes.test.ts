import { expect, test } from "vitest";

import { axesOf, dimensionOf, firstAxes } from "./axes";
import { columnsOf, type Told } from "./columns";

function told(section: string, name: string, values: readonly unknown[], differs = true): Told {
  const kind = values.every((value) => typeof value === "number") ? "DOUBLE" : "STRING";
  return { section, name, kind, differs, min: null, max: null, values };
}

const columns = columnsOf(
  [
    told("metrics", "accuracy", [0.1, 0.2]),
    told("parameters", "depth", [1, 2]),
    told("parameters", "booster", ["a", "b"]),
    told("parameters", "same", [1, 1], false),
    told("attributes", "created_ms", [1, 2]),
    told("states", "train", ["COMPLETE", "FAILED"]),
  ],
  new Set(),
  new Set(),
);

test("parameters stand before metrics; what tells nothing is no axis", () => {
  const axes = axesOf(columns);
  expect(axes.map((one) => one.id)).toEqual(["parameters.depth", "parameters.booster", "metrics.accuracy"]);
  expect(firstAxes(axes)).toEqual(["parameters.depth", "parameters.booster", "metrics.accuracy"]);
});

test("metrics are not crowded out by parameters", () => {
  const many = columnsOf(
    [...Array.from({ length: 40 }, (_, at) => told("parameters", `p${at}`, [1, 2])), told("metrics", "m", [1, 2])],
    new Set(),
    new Set(),
  );
  expect(firstAxes(axesOf(many))).toHaveLength(12);
  expect(firstAxes(axesOf(many))).toContain("metrics.m");
});

test("structures are texts of an axis", () => {
  const [one] = columnsOf([{ ...told("parameters", "c", [{ a: 1 }, null]), kind: "STRUCT" }], new Set(), new Set());
  expect(one && dimensionOf(one).values).toEqual(['{"a":1}', null]);
});
