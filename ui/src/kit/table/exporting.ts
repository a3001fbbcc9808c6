import { type Column, valueText } from "./columns";
import type { AskPage } from "./pages";

/** A file format rows can be written in. */
export type Format = "csv" | "json";

const PAGE = 1000;

/** Read a whole listing, page by page; `told` hears how many rows came so far, and the signal ends it. */
export async function readAll<Row>(
  ask: AskPage<Row>,
  signal: AbortSignal,
  told: (rows: readonly Row[], count: number) => void,
): Promise<number> {
  let after: string | null = null;
  let count = 0;
  for (;;) {
    signal.throwIfAborted();
    const page: Awaited<ReturnType<AskPage<Row>>> = await ask(after, PAGE, signal);
    count += page.rows.length;
    told(page.rows, count);
    if (!page.more || page.cursor === null) return count;
    after = page.cursor;
  }
}

/** Everything a listing holds as the text of a file, in pieces. */
export async function exportAll<Row>(
  ask: AskPage<Row>,
  columns: readonly Column<Row>[],
  format: Format,
  signal: AbortSignal,
  told: (count: number) => void,
): Promise<Blob> {
  const pieces: string[] = [format === "csv" ? csvLine(columns.map((column) => column.title)) : "["];
  let first = true;
  await readAll(ask, signal, (rows, count) => {
    const lines = rows.map((row) => {
      if (format === "csv") return csvLine(columns.map((column) => column.value(row)));
      const comma = first ? "\n" : ",\n";
      first = false;
      return (
        comma + JSON.stringify(Object.fromEntries(columns.map((column) => [column.id, column.value(row) ?? null])))
      );
    });
    pieces.push(lines.join(""));
    told(count);
  });
  if (format === "json") pieces.push("\n]\n");
  return new Blob(pieces, { type: format === "csv" ? "text/csv;charset=utf-8" : "application/json" });
}

/** One line of CSV (RFC 4180). A text that a spreadsheet would take for a formula is led by an apostrophe. */
export function csvLine(values: readonly unknown[]): string {
  return `${values.map(csvField).join(",")}\r\n`;
}

function csvField(value: unknown): string {
  let text = valueText(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Hand a file to the reader. */
export function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
