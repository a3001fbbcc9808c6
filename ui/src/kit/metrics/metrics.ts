import type { Property } from "../PropertyList";
import { unwrapped } from "../struct";

/** A point of a ROC curve. */
export interface RocPoint {
  readonly fpr: number;
  readonly tpr: number;
  readonly threshold: number | null;
}

/** How often which class was taken for which: rows are what it was, columns what it was taken for. */
export interface Confusion {
  readonly labels: readonly string[];
  readonly rows: readonly (readonly number[])[];
}

/** What was measured on one slice of the data. */
export interface Slice {
  /** Empty for all of it. */
  readonly name: string;
  readonly roc: readonly RocPoint[];
  readonly confusion: Confusion | null;
}

/** The metrics an artifact holds: plain numbers, and curves and matrices as KFP's classification metrics record them. */
export interface Metrics {
  readonly numbers: readonly { readonly name: string; readonly value: number }[];
  readonly slices: readonly Slice[];
}

/** Read the metrics among the properties of an artifact. */
export function metricsOf(properties: readonly Property[]): Metrics {
  const numbers = properties.flatMap(({ name, kind, value }) => {
    const number = kind === "INT" || kind === "DOUBLE" ? numberOf(value) : null;
    return number === null || name.startsWith("clew.") ? [] : [{ name, value: number }];
  });
  const structures = new Map(
    properties.filter(({ kind }) => kind === "STRUCT").map(({ name, value }) => [name, unwrapped(value)]),
  );
  const all = sliceOf("", Object.fromEntries(structures));
  const parts = list(structures.get("evaluationSlices")).map((one) => {
    const { slice, sliceClassificationMetrics } = fields(one);
    return sliceOf(
      typeof slice === "string" ? slice : String(numberOf(slice) ?? ""),
      fields(sliceClassificationMetrics),
    );
  });
  return { numbers, slices: [all, ...parts].filter((one) => one.roc.length > 0 || one.confusion !== null) };
}

/** Area under a ROC curve, by trapezoids between (0, 0) and (1, 1). */
export function areaUnder(roc: readonly RocPoint[]): number {
  const points = [{ fpr: 0, tpr: 0 }, ...ordered(roc), { fpr: 1, tpr: 1 }];
  let area = 0;
  for (let at = 1; at < points.length; at += 1) {
    const [a, b] = [points[at - 1], points[at]];
    if (a && b) area += ((b.fpr - a.fpr) * (a.tpr + b.tpr)) / 2;
  }
  return area;
}

/** Points from the strictest threshold to the laxest. */
export function ordered(roc: readonly RocPoint[]): readonly RocPoint[] {
  return roc.toSorted((a, b) => a.fpr - b.fpr || a.tpr - b.tpr);
}

/** Share of what was taken for what it was; null of nothing. */
export function accuracyOf({ rows }: Confusion): number | null {
  const all = rows.flat().reduce((sum, value) => sum + value, 0);
  const right = rows.reduce((sum, row, at) => sum + (row[at] ?? 0), 0);
  return all > 0 ? right / all : null;
}

function sliceOf(name: string, values: Readonly<Record<string, unknown>>): Slice {
  const roc = list(values.confidenceMetrics).flatMap((one) => {
    const point = fields(one);
    const [fpr, tpr] = [numberOf(point.falsePositiveRate), numberOf(point.recall)];
    const known = fpr !== null && tpr !== null && Number.isFinite(fpr) && Number.isFinite(tpr);
    return known ? [{ fpr, tpr, threshold: numberOf(point.confidenceThreshold) }] : [];
  });
  return { name, roc: ordered(roc), confusion: confusionOf(values.confusionMatrix) };
}

function confusionOf(value: unknown): Confusion | null {
  const { annotationSpecs, rows } = fields(unwrapped(value));
  const labels = list(annotationSpecs).map((one) => {
    const { displayName } = fields(one);
    return typeof displayName === "string" ? displayName : "";
  });
  const read = list(rows).map((one) => list(fields(one).row).map((cell) => numberOf(cell) ?? 0));
  const square =
    labels.length > 0 && read.length === labels.length && read.every((row) => row.length === labels.length);
  return square ? { labels, rows: read } : null;
}

/** A number, also where it is told as a text: beyond what JSON has. */
function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !value.trim()) return null;
  const number = Number(value.replace(/^NaN:.*$/, "NaN"));
  return Number.isNaN(number) && !value.startsWith("NaN") ? null : number;
}

function list(value: unknown): readonly unknown[] {
  const read = unwrapped(value);
  return Array.isArray(read) ? read : [];
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
