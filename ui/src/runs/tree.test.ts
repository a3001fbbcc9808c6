import { describe, expect, it } from "vitest";

import { layout } from "../draw/layout";
import { type Fact, merged } from "./facts";
import { openness, toggled } from "./opened";
import { MOST_ITERATIONS, place } from "./place";
import { branchAt, type Defined, grow, NOT_RUN, parentOf, walk, WAITING } from "./tree";

function fact(path: string, more: Partial<Fact> = {}): Fact {
  const kind = /(^|\/)(loop|graph)(#\d+)?$/.test(path) ? "dag" : "container";
  return {
    path, kind, state: "COMPLETE", origin: null, startedMs: 1, endedMs: 2, error: "", skipped: "", attempts: 1,
    savedMs: 0, execution: "execution:1", ...more,
  }; // prettier-ignore
}

function defined(path: string, more: Partial<Defined> = {}): Defined {
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  return {
    path, parent, name: path.slice(path.lastIndexOf("/") + 1), kind: "container", component: "c", image: "",
    loop: false, condition: "", whatever: false, after: [], ...more,
  }; // prettier-ignore
}

const DEFINITION = [
  defined("split"),
  defined("loop", { kind: "dag", loop: true, after: [{ task: "split", carries: ["data"] }] }),
  defined("loop/train"),
  defined("loop/score", { after: [{ task: "loop/train", carries: [] }] }),
  defined("pick", { after: [{ task: "loop", carries: [] }] }),
];
const of = (...facts: readonly Fact[]) => merged(new Map(), facts);

describe("the tree of a run", () => {
  it("holds what has not begun, waiting while the run goes on", () => {
    const tree = grow(DEFINITION, of(fact("split")), false);
    expect(tree.map((one) => [one.path, one.state])).toEqual([
      ["split", "COMPLETE"],
      ["loop", WAITING],
      ["pick", WAITING],
    ]);
    expect(grow(DEFINITION, of(), true)[0]?.state).toBe(NOT_RUN);
  });

  it("unrolls a loop into its iterations, each with its own links", () => {
    const facts = of(fact("loop"), fact("loop#1"), fact("loop#0"), fact("loop#0/train"), fact("loop#10"));
    const loop = branchAt(grow(DEFINITION, facts, false), "loop");
    expect(loop?.children.map((one) => one.path)).toEqual(["loop#0", "loop#1", "loop#10"]);
    expect(loop?.children[0]?.children[1]).toMatchObject({
      path: "loop#0/score",
      state: WAITING,
      after: [{ path: "loop#0/train", carries: [] }],
    });
    expect(loop?.counts).toEqual({ COMPLETE: 1, [WAITING]: 5 });
  });

  it("calls a graph reused in which all that ran was", () => {
    const facts = of(fact("loop"), fact("loop#0"), fact("loop#0/train", { state: "CACHED", savedMs: 5 }), fact("loop#0/score", { state: "SKIPPED" })); // prettier-ignore
    expect(branchAt(grow(DEFINITION, facts, true), "loop")).toMatchObject({ state: "CACHED", savedMs: 5 });
  });

  it("shows tasks of a pipeline that was not kept", () => {
    const tree = grow([], of(fact("graph"), fact("graph/a"), fact("b")), true);
    expect([...walk(tree)].map(({ branch, depth }) => [branch.path, depth])).toEqual([
      ["graph", 0],
      ["graph/a", 1],
      ["b", 0],
    ]);
  });

  it("knows in what a task lies", () => {
    expect(["a#2/b#0/c", "a#2/b#0", "a#2/b", "a"].map(parentOf)).toEqual(["a#2/b#0", "a#2/b", "a#2", ""]);
  });
});

describe("facts", () => {
  it("keep the later of two attempts, and no end is taken back", () => {
    const first = fact("a", { execution: "execution:9", state: "FAILED" });
    const again = fact("a", { execution: "execution:10", state: "RUNNING", endedMs: null });
    expect(merged(of(again), [first]).get("a")).toBe(again);
    expect(merged(of(first), [again]).get("a")).toBe(again);
    const stale = fact("a", { execution: "execution:9", state: "RUNNING", endedMs: null });
    expect(merged(of(first), [stale]).get("a")).toBe(first);
  });
});

describe("the drawing", () => {
  const lay = (boxes: Parameters<typeof layout>[0]["boxes"], lines: Parameters<typeof layout>[0]["lines"]) =>
    layout({ boxes, lines, orientation: "TB" });
  const draw = (tree: ReturnType<typeof grow>, search: Parameters<typeof openness>[1]) =>
    place(tree, { isOpen: openness(tree, search), layOut: lay, flow: "TB" });

  it("keeps a loop closed until it is opened, and then shows it around its iterations", () => {
    const tree = grow(DEFINITION, of(fact("loop"), fact("loop#0")), false);
    const closed = draw(tree, {});
    expect(closed.boxes.map((box) => box.branch.path)).toEqual(["split", "loop", "pick"]);
    const open = draw(tree, { open: ["loop"] });
    const at = new Map(open.boxes.map((box) => [box.branch.path, box]));
    const [loop, train] = [at.get("loop"), at.get("loop#0/train")];
    expect(loop && train && train.x > loop.x && train.y > loop.y && train.x + train.width < loop.x + loop.width).toBe(true); // prettier-ignore
    expect(open.lines.map(({ from, to }) => `${from} ${to}`)).toContain("loop#0/train loop#0/score");
  });

  it("leads a line around the boxes between its ends", () => {
    const chain = [defined("a"), defined("b", { after: [{ task: "a", carries: [] }] }), defined("c", { after: [{ task: "a", carries: [] }, { task: "b", carries: [] }] })]; // prettier-ignore
    const { boxes, lines } = draw(grow(chain, of(), false), {});
    const middle = boxes.find((box) => box.branch.path === "b");
    const x = lines.find(({ from, to }) => from === "a" && to === "c")?.via[0]?.[0] ?? 0;
    expect(middle && (x < middle.x || x > middle.x + middle.width)).toBe(true);
  });

  it("draws the foremost of many iterations, what failed among them, and tells of the rest", () => {
    const many = Array.from({ length: 1000 }, (_, i) => fact(`loop#${i}`, i === 900 ? { state: "FAILED" } : {}));
    const tree = grow(DEFINITION, of(fact("loop"), ...many), true);
    const { boxes } = draw(tree, { open: ["loop"] });
    expect(boxes.length).toBeLessThan(20);
    expect(boxes.some((box) => box.branch.path === "loop#900")).toBe(true);
    expect(boxes.find((box) => box.more)?.more).toBe(1000 - MOST_ITERATIONS);
  });

  it("closes graphs that would make too many boxes", () => {
    const graphs = Array.from({ length: 40 }, (_, i) => defined(`graph${i}`, { kind: "dag" }));
    const steps = graphs.flatMap((graph) => Array.from({ length: 9 }, (_, i) => defined(`${graph.path}/s${i}`)));
    const tree = grow([...graphs, ...steps], of(), false);
    expect(draw(tree, {}).boxes).toHaveLength(40);
    expect(draw(tree, { open: ["graph3"] }).boxes).toHaveLength(49);
  });

  it("remembers in the address what was opened and closed", () => {
    const [loop] = grow([defined("loop", { kind: "dag", loop: true })], of(), false);
    if (!loop) throw new Error("no loop");
    expect(toggled(loop, false, {})).toEqual({ open: ["loop"], shut: undefined });
    expect(toggled(loop, true, { open: ["loop"] })).toEqual({ open: undefined, shut: ["loop"] });
  });
});
