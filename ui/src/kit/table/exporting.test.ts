import { expect, test } from "vitest";

import { askArray } from "./array";
import type { Column } from "./columns";
import { csvLine, exportAll, readAll } from "./exporting";

const columns: readonly Column<{ n: number; name: string | null }>[] = [
  { id: "n", title: "Number", value: (row) => row.n },
  { id: "name", title: "Name", value: (row) => row.name },
];
const rows = Array.from({ length: 2500 }, (_, n) => ({ n, name: n ? `row ${n}` : null }));

test("a CSV field is quoted where it must be", () => {
  expect(csvLine(["a,b", 'say "x"', "two\nlines", null, 1.5, true, { a: 1 }])).toBe(
    '"a,b","say ""x""","two\nlines",,1.5,true,"{""a"":1}"\r\n',
  );
});

test("a text that a spreadsheet would compute is none, a number stays one", () => {
  expect(csvLine(["=HYPERLINK(1)", "@x", "-x", -1])).toBe("'=HYPERLINK(1),'@x,'-x,-1\r\n");
});

test("all pages are exported, and counted on the way", async () => {
  const told: number[] = [];
  const blob = await exportAll(
    askArray(() => rows),
    columns,
    "json",
    new AbortController().signal,
    (n) => told.push(n),
  );
  expect(JSON.parse(await blob.text())).toEqual(rows);
  expect(told).toEqual([1000, 2000, 2500]);
});

test("CSV has a line for the names and one for each row", async () => {
  const blob = await exportAll(
    askArray(() => rows.slice(0, 2)),
    columns,
    "csv",
    new AbortController().signal,
    () => undefined,
  );
  expect(await blob.text()).toBe("Number,Name\r\n0,\r\n1,row 1\r\n");
});

test("an export that is given up ends", async () => {
  const control = new AbortController();
  const read = readAll(
    askArray(() => rows),
    control.signal,
    () => control.abort(),
  );
  await expect(read).rejects.toThrow();
});
