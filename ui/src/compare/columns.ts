import type { PropertyKind } from "../api/schema.generated";

/** One thing that is told of the items, as the API tells it. */
export interface Told {
  readonly section: string;
  readonly name: string;
  readonly kind: PropertyKind;
  readonly differs: boolean;
  readonly min: number | null;
  readonly max: number | null;
  readonly values: readonly unknown[];
}

/** The same, with what can be said of it. */
export interface Column extends Told {
  /** `metrics.accuracy`. */
  readonly id: string;
  /** Whether its values are numbers that may be measured against each other. */
  readonly isNumber: boolean;
  /** Of numbers that are good or bad: which of them are good. */
  readonly better: "low" | "high" | null;
}

/** Where in a list of values an item stands. */
export type Standing = "best" | "worst" | null;

const LOW = /(^|[._\-/ ])(loss|err|error|errors|rmse|mse|mae|mape|perplexity|ppl|latency|seconds|duration|time|cost|wer|cer|fpr|brier|nll|logloss|regret|size_bytes|bytes)([._\-/ 0-9]|$)/i; // prettier-ignore

// What one compares for comes first; sections not named here come behind, as they are told.
const SECTIONS = ["parameters", "metrics", "outputs", "attributes", "states"];

/** Columns with their ids, parameters and metrics first; `low` and `high` say of which the least or the greatest is best, where names do not. */
export function columnsOf(
  told: readonly Told[],
  low: ReadonlySet<string>,
  high: ReadonlySet<string>,
): readonly Column[] {
  const place = ({ section }: Told) => (SECTIONS.includes(section) ? SECTIONS.indexOf(section) : SECTIONS.length);
  const sorted = told.toSorted((a, b) => place(a) - place(b));
  return sorted.map((one) => {
    const id = `${one.section}.${one.name}`;
    const isNumber = one.kind === "INT" || one.kind === "DOUBLE";
    const counts = isNumber && one.differs && (one.section === "metrics" || low.has(id) || high.has(id));
    const better = low.has(id) ? "low" : high.has(id) ? "high" : LOW.test(one.name) ? "low" : "high";
    return { ...one, id, isNumber, better: counts ? better : null };
  });
}

const MOST_PARTS = 12;

/** Columns of small structures as one column a part: `candidate.depth`; those that do not differ go, unless `all`. */
export function unfolded(told: readonly Told[], all: boolean): readonly Told[] {
  return told.flatMap((column) => {
    const parts = partsOf(column);
    return parts ? parts.filter((one) => all || one.differs) : [column];
  });
}

function partsOf(column: Told): readonly Told[] | null {
  if (column.kind !== "STRUCT") return null;
  const names = new Set<string>();
  for (const value of column.values) {
    if (value === null || value === undefined) continue;
    if (typeof value !== "object" || Array.isArray(value)) return null;
    for (const [name, part] of Object.entries(value)) {
      if (part !== null && typeof part === "object") return null;
      names.add(name);
    }
  }
  if (names.size === 0 || names.size > MOST_PARTS) return null;
  return [...names].map((name) => {
    const values = column.values.map((value) => (value as Record<string, unknown> | null)?.[name] ?? null);
    const known = values.filter((value) => value !== null);
    const numbers = known.filter((value) => typeof value === "number");
    const kind =
      numbers.length === known.length
        ? "DOUBLE"
        : known.every((one) => typeof one === "boolean")
          ? "BOOLEAN"
          : "STRING";
    return {
      section: column.section,
      name: `${column.name}.${name}`,
      kind,
      differs: new Set(values.map((value) => JSON.stringify(value))).size > 1,
      min: numbers.length ? Math.min(...numbers) : null,
      max: numbers.length ? Math.max(...numbers) : null,
      values,
    };
  });
}

/** How a value of a column stands among the others: the best, the worst, or neither. */
export function standing(column: Column, value: unknown): Standing {
  const { better, min, max } = column;
  if (better === null || min === null || max === null || min === max || typeof value !== "number") return null;
  const [best, worst] = better === "high" ? [max, min] : [min, max];
  return value === best ? "best" : value === worst ? "worst" : null;
}

/** The rows in order: the base first, then by a column, those without a value last. */
export function ordered(rows: number, column: Column | undefined, down: boolean, base: number): readonly number[] {
  const order = Array.from({ length: rows }, (_, row) => row).filter((row) => row !== base);
  if (column) order.sort((a, b) => against(column.values[a], column.values[b], down) || a - b);
  return base >= 0 ? [base, ...order] : order;
}

/** How far a number is from that of the base; null where that says nothing. */
export function distance(value: unknown, base: unknown): number | null {
  if (typeof value !== "number" || typeof base !== "number") return null;
  const found = value - base;
  return Number.isFinite(found) && found !== 0 ? found : null;
}

/** A number of a column: also one that JSON has not, which is told as text. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  if (value === "Infinity") return Infinity;
  if (value === "-Infinity") return -Infinity;
  return null;
}

/** `-metrics.accuracy`: the column, and whether downwards. */
export function sortOf(sort: string | undefined): { readonly id: string; readonly down: boolean } | null {
  if (!sort) return null;
  return sort.startsWith("-") ? { id: sort.slice(1), down: true } : { id: sort, down: false };
}

/** A value in one line. */
export function lineOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : JSON.stringify(value);
}

function against(a: unknown, b: unknown, down: boolean): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  const [x, y] = [numberOf(a), numberOf(b)];
  const order =
    x !== null && y !== null ? x - y : lineOf(a).localeCompare(lineOf(b), "en", { numeric: true, sensitivity: "base" });
  return down ? -order : order;
}
