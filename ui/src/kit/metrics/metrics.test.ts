import { expect, test } from "vitest";

import type { Property } from "../PropertyList";
import { unwrapped } from "../struct";
import { accuracyOf, areaUnder, metricsOf } from "./metrics";

const confusion = {
  annotationSpecs: [{ displayName: "a" }, { displayName: "b" }],
  rows: [{ row: [8, 2] }, { row: [1, 9] }],
};
const roc = [
  { confidenceThreshold: "Infinity", recall: 0, falsePositiveRate: 0 },
  { confidenceThreshold: 0.5, recall: 0.8, falsePositiveRate: 0.2 },
  { confidenceThreshold: 0.1, recall: 1, falsePositiveRate: 1 },
];

const struct = (name: string, value: unknown): Property => ({ name, kind: "STRUCT", value });

test("numbers of a metrics artifact are its metrics, whatever JSON makes of them", () => {
  const properties: Property[] = [
    { name: "accuracy", kind: "DOUBLE", value: 0.96 },
    { name: "loss", kind: "DOUBLE", value: "Infinity" },
    { name: "rows", kind: "INT", value: 5 },
    { name: "display_name", kind: "STRING", value: "3" },
    { name: "clew.size", kind: "INT", value: 5 },
  ];
  expect(metricsOf(properties).numbers).toEqual([
    { name: "accuracy", value: 0.96 },
    { name: "loss", value: Infinity },
    { name: "rows", value: 5 },
  ]);
});

test("curves and matrices are read as KFP records them, infinite thresholds too", () => {
  const { slices } = metricsOf([
    struct("confidenceMetrics", { list: roc }),
    struct("confusionMatrix", JSON.stringify({ struct: confusion })),
  ]);
  expect(slices).toHaveLength(1);
  expect(slices[0]?.roc[0]).toEqual({ fpr: 0, tpr: 0, threshold: Infinity });
  expect(slices[0]?.confusion).toEqual({ labels: ["a", "b"], rows: [[8, 2], [1, 9]] }); // prettier-ignore
  expect(areaUnder(slices[0]?.roc ?? [])).toBeCloseTo(0.8, 12);
  expect(accuracyOf({ labels: [], rows: [[8, 2], [1, 9]] })).toBeCloseTo(0.85, 12); // prettier-ignore
});

test("slices are read one by one; what is no metric is none", () => {
  const slices = {
    list: [{ slice: "young", sliceClassificationMetrics: { confusionMatrix: confusion } }, { slice: "old" }, 7],
  };
  expect(metricsOf([struct("evaluationSlices", slices)]).slices.map((one) => one.name)).toEqual(["young"]);
  const nonsense = [struct("confusionMatrix", { struct: { rows: 5 } }), struct("confidenceMetrics", "no JSON")];
  expect(metricsOf(nonsense).slices).toEqual([]);
});

test("envelopes are opened, and text with numbers that JSON has not is read", () => {
  expect(unwrapped({ list: [1] })).toEqual([1]);
  expect(unwrapped({ struct: { a: 1 } })).toEqual({ a: 1 });
  expect(unwrapped({ list: [1], more: 2 })).toEqual({ list: [1], more: 2 });
  expect(unwrapped('{"a": Infinity, "b": "NaN, said \\"so\\"", "c": -Infinity}')).toEqual({
    a: "Infinity",
    b: 'NaN, said "so"',
    c: "-Infinity",
  });
  expect(unwrapped("{")).toBe("{");
});
