/** One axis of parallel coordinates: a number a row, or a text. */
export interface Dimension {
  readonly name: string;
  readonly values: readonly (number | string | null)[];
}

/** A dimension as it is drawn: numbers as they are, texts as places on a list. */
export interface Axis {
  readonly name: string;
  /** The texts of the axis, in order; null for numbers. */
  readonly texts: readonly string[] | null;
  /** One a row; null where there is nothing, or no number. */
  readonly at: readonly (number | null)[];
}

/** Part of an axis that was brushed. */
export type Span = readonly [from: number, to: number];

const MOST_TEXTS = 24;

/** The axis of a dimension; null where it tells nothing: no values, or texts that are too many. */
export function axisFor({ name, values }: Dimension): Axis | null {
  const told = values.filter((value) => value !== null);
  if (!told.length) return null;
  if (told.every((value) => typeof value === "number")) {
    const at = values.map((value) => (typeof value === "number" && Number.isFinite(value) ? value : null));
    return at.some((value) => value !== null) ? { name, texts: null, at } : null;
  }
  const texts = [...new Set(told.map(String))].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  if (texts.length > MOST_TEXTS) return null;
  const place = new Map(texts.map((text, at) => [text, at]));
  return { name, texts, at: values.map((value) => (value === null ? null : (place.get(String(value)) ?? null))) };
}

/** The rows that lie within every brushed span (of an axis, any of its spans). */
export function within(
  axes: readonly Axis[],
  spans: ReadonlyMap<number, readonly Span[]>,
  rows: number,
): readonly number[] {
  const brushed = [...spans].filter(([, parts]) => parts.length);
  return Array.from({ length: rows }, (_, row) => row).filter((row) =>
    brushed.every(([axis, parts]) => {
      const at = axes[axis]?.at[row];
      return at !== null && at !== undefined && parts.some(([from, to]) => at >= from && at <= to);
    }),
  );
}

/** The colour between two, as far as `part` (0 to 1) goes; colours as `#rrggbb`. */
export function between(from: string, to: string, part: number): string {
  const [a, b] = [channels(from), channels(to)];
  const mixed = a.map((value, at) => Math.round(value + ((b[at] ?? 0) - value) * Math.min(1, Math.max(0, part))));
  return `#${mixed.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
}

/** How far each row lies between the least and the greatest, 0 to 1; null where it has nothing. */
export function shares(at: readonly (number | null)[]): readonly (number | null)[] {
  const known = at.filter((value) => value !== null);
  const least = Math.min(...known);
  const wide = Math.max(...known) - least;
  return at.map((value) => (value === null ? null : wide ? (value - least) / wide : 0.5));
}

function channels(colour: string): readonly number[] {
  const hex = /^#([0-9a-f]{6})$/i.exec(colour)?.[1] ?? "888888";
  return [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
