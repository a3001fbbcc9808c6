import { expect, test } from "vitest";

import { columnRows } from "./columnRows";

const column = (name: string) => ({ artifact: "artifact:1", location: "s3://lake/raw", name });
const step = (subtype: string) => ({ type: "DIRECT", subtype });

test("columns keep the order of the schema, and what all depend on comes last", () => {
  const rows = columnRows({
    columns: ["b", "a"],
    partial: false,
    edges: [
      { source: column("z"), target: column(""), transformations: [step("FILTER")] },
      { source: column("x"), target: column("a"), transformations: [step("SUM"), step("SUM")] },
      { source: column("y"), target: column("a"), transformations: [] },
    ],
  });
  expect(rows.map((row) => [row.name, row.sources.map(({ source, how }) => `${source.name} ${how}`)])).toEqual([
    ["b", []],
    ["a", ["x sum", "y "]],
    ["", ["z filter"]],
  ]);
});
