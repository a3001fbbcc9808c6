import { csvLine } from "../kit/table/exporting";
import type { Column } from "./columns";

/** What is compared as a file: a line an item, a column each thing that is told of it. */
export function fileOf(
  format: "csv" | "json",
  ids: readonly string[],
  names: readonly (string | null)[],
  columns: readonly Column[],
): Blob {
  if (format === "json") {
    const items = ids.map((id, row) => ({
      id,
      name: names[row] ?? null,
      ...Object.fromEntries(columns.map((column) => [column.id, column.values[row] ?? null])),
    }));
    return new Blob([`${JSON.stringify(items, null, 1)}\n`], { type: "application/json" });
  }
  const lines = [
    csvLine(["id", "name", ...columns.map((column) => column.id)]),
    ...ids.map((id, row) => csvLine([id, names[row] ?? null, ...columns.map((column) => column.values[row] ?? null)])),
  ];
  return new Blob(lines, { type: "text/csv;charset=utf-8" });
}
