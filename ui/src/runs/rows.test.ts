import { describe, expect, it } from "vitest";

import { rowsOf, spanOf, ticks } from "./rows";
import type { Branch } from "./tree";
import { entriesOf, flat, textOf } from "./values";

function branch(
  path: string,
  state: string,
  children: readonly Branch[] = [],
  from = 10,
  to: number | null = 20,
): Branch {
  const fact = {
    path, kind: "container", state, origin: null, startedMs: from, endedMs: to, error: "", skipped: "", attempts: 1,
    savedMs: 0, execution: "execution:1",
  }; // prettier-ignore
  return {
    path, name: path, shape: children.length ? "graph" : "step", kind: "container", state, fact, defined: undefined,
    after: [], children, counts: {}, savedMs: 0,
  }; // prettier-ignore
}

const TREE = [branch("a", "COMPLETE"), branch("g", "FAILED", [branch("g/b", "FAILED"), branch("g/c", "COMPLETE")])];

describe("rows", () => {
  it("keep what a match lies in", () => {
    expect(rowsOf(TREE, "", "").map(({ branch: { path } }) => path)).toEqual(["a", "g", "g/b", "g/c"]);
    expect(rowsOf(TREE, "B", "").map(({ branch: { path } }) => path)).toEqual(["g", "g/b"]);
    expect(rowsOf(TREE, "", "COMPLETE").map(({ branch: { path } }) => path)).toEqual(["a", "g", "g/c"]);
  });

  it("span the run, to now while it goes on", () => {
    const rows = rowsOf([branch("a", "RUNNING", [], 100, null)], "", "");
    expect(spanOf(rows, 50, null, 400)).toEqual({ fromMs: 50, toMs: 400 });
    expect(spanOf([], null, null, 7)).toEqual({ fromMs: 7, toMs: 8 });
  });

  it("have a ruler with round marks", () => {
    expect(ticks({ fromMs: 0, toMs: 16_000 }, 8)).toEqual([0, 2000, 4000, 6000, 8000, 10_000, 12_000, 14_000, 16_000].map((one) => one)); // prettier-ignore
    expect(ticks({ fromMs: 5, toMs: 6 }, 8)).toEqual([0, 1]);
    expect(ticks({ fromMs: 0, toMs: 86_400_000 * 365 }, 10).length).toBeLessThanOrEqual(11);
  });
});

describe("values", () => {
  it("are read as entries and as text", () => {
    expect(entriesOf({ a: 1 })).toEqual([["a", 1]]);
    expect(entriesOf(null)).toEqual([]);
    expect(entriesOf("x")).toEqual([["", "x"]]);
    expect([textOf("x"), textOf([1, 2]), textOf(null), textOf(undefined)]).toEqual(["x", "[1,2]", "null", ""]);
    expect(flat({ a: { b: 1, c: [] }, d: ["x"] })).toEqual([
      ["a.b", 1],
      ["a.c", []],
      ["d.0", "x"],
    ]);
  });
});
