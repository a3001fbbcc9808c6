import { local } from "../../api/storage";

/** The widths to which someone dragged the columns of a table; the browser keeps them by the table's name. */
export function keptWidths(table: string): Record<string, number> {
  try {
    const kept: unknown = JSON.parse(local.get(key(table)) ?? "{}");
    if (typeof kept !== "object" || kept === null) return {};
    return Object.fromEntries(
      Object.entries(kept).filter((entry): entry is [string, number] => typeof entry[1] === "number" && entry[1] > 0),
    );
  } catch {
    return {};
  }
}

/** Keep them. */
export function keepWidths(table: string, widths: Readonly<Record<string, number>>): void {
  local.set(key(table), Object.keys(widths).length ? JSON.stringify(widths) : null);
}

function key(table: string): string {
  return `clew.widths.${table}`;
}
