import type { Dimension } from "../kit/charts/parallel";
import { axisFor } from "../kit/charts/parallel";
import { type Column, numberOf } from "./columns";

const SECTIONS = ["parameters", "metrics", "attributes", "outputs", "properties"];
const MOST_AXES = 12;

/** The columns that can be an axis: numbers, and texts of which there are few; parameters first, then metrics. */
export function axesOf(columns: readonly Column[]): readonly Column[] {
  return columns
    .filter((column) => column.differs && SECTIONS.includes(column.section) && !/_ms$/.test(column.name))
    .filter((column) => axisFor(dimensionOf(column)) !== null)
    .toSorted((a, b) => SECTIONS.indexOf(a.section) - SECTIONS.indexOf(b.section));
}

/** Those drawn where nobody chose: parameters and metrics, the latter never crowded out. */
export function firstAxes(columns: readonly Column[]): readonly string[] {
  const of = (section: string) => columns.filter((column) => column.section === section).map((column) => column.id);
  const [parameters, metrics] = [of("parameters"), of("metrics")];
  const room = Math.max(MOST_AXES / 2, MOST_AXES - metrics.length);
  const chosen = [...parameters.slice(0, room), ...metrics.slice(0, MOST_AXES - Math.min(room, parameters.length))];
  return chosen.length > 1 ? chosen : columns.slice(0, MOST_AXES).map((column) => column.id);
}

/** A column as a dimension of parallel coordinates. */
export function dimensionOf(column: Column): Dimension {
  return {
    name: column.name,
    values: column.values.map((value) => {
      if (value === null || value === undefined) return null;
      if (column.isNumber) return numberOf(value);
      return typeof value === "string" ? value : JSON.stringify(value);
    }),
  };
}
