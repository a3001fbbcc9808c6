import type { ColumnsOfQuery } from "./queries.generated";

/** What the server tells of the columns of a version. */
export type Told = ColumnsOfQuery["columnLineage"];
/** A column that went in. */
export type Source = Told["edges"][number]["source"];

/** A column and what it was made of; an empty name stands for all columns together. */
export interface ColumnRow {
  readonly name: string;
  readonly sources: readonly { readonly source: Source; readonly how: string }[];
}

/** One row a column, in the order of the schema; what all depend on comes last. */
export function columnRows({ columns, edges }: Told): readonly ColumnRow[] {
  const rows = new Map<string, { source: Source; how: string }[]>(columns.map((name) => [name, []]));
  for (const { source, target, transformations } of edges) {
    const sources = rows.get(target.name) ?? [];
    const how = [...new Set(transformations.map((one) => one.subtype || one.type))].filter(Boolean).join(", ");
    sources.push({ source, how: how.toLowerCase() });
    rows.set(target.name, sources);
  }
  const all = [...rows].map(([name, sources]) => ({ name, sources }));
  return [...all.filter((row) => row.name), ...all.filter((row) => !row.name)];
}
