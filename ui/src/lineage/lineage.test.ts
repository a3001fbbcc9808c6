import { describe, expect, it } from "vitest";

import { byState, clustersOf, histogram } from "./clusters";
import { contracted, type GraphNode, lineOf, waysOf } from "./graph";
import { detours, passes } from "./hide";
import { read, spell } from "./ids";
import { lineageSearch } from "./search";

function node(id: string, more: Partial<GraphNode> = {}): GraphNode {
  const kind = id.startsWith("a") ? "ARTIFACT" : "EXECUTION";
  return {
    id, kind, type: "T", name: id, namespace: "default", state: "LIVE", createdMs: 0, updatedMs: 0, startedMs: null, endedMs: null,
    order: Number(id.slice(1)) || 0, parents: 0, children: 0, contexts: [], ...more,
  }; // prettier-ignore
}

function ways(...lines: readonly string[]) {
  const edges = lines.map((line) => line.split(">")).map(([from = "", to = ""]) => ({ from, to }));
  const ids = new Set(edges.flatMap(({ from, to }) => [from, to]));
  return { ids, ways: waysOf(ids, edges) };
}

describe("a set of nodes in the address", () => {
  it("is read as it was spelled, sorted", () => {
    const ids = ["execution:7", "artifact:9007199254740000", "artifact:3", "artifact:300", "execution:0"];
    expect(read(spell(ids))).toEqual(["artifact:3", "artifact:300", "artifact:9007199254740000", "execution:0", "execution:7"]); // prettier-ignore
    expect(read(spell([]))).toEqual([]);
    expect(spell(ids)).toBe(spell(ids.toReversed()));
  });

  it("takes little more than a byte a node where they were recorded together", () => {
    const ids = Array.from({ length: 1000 }, (_, i) => `artifact:${500_000 + i * 3}`);
    expect(spell(ids).length).toBeLessThan(1400);
  });

  it("leaves 400 nodes from all over a record of a billion below 2.5 KB, of the 8 that servers take", () => {
    const ids = Array.from({ length: 400 }, (_, i) => `${i % 2 ? "artifact" : "execution"}:${(i * 7_919_317) % 1_000_000_000}`); // prettier-ignore
    expect(spell(ids).length).toBeLessThan(2500);
  });

  it.each(["", "!!", "AAAA", "_____w", "gICAgICAgICAgICAgA", spell(["artifact:1"]).slice(1)])(
    "is null of %j",
    (text) => {
      expect(read(text)).toBe(null);
    },
  );
});

describe("the address", () => {
  it("keeps what is good and leaves out what is not", () => {
    const raw = { focus: "artifact:5", sel: "javascript:1", hops: "3", dir: "TB", mode: "x", at: 12, path: "artifact:1~b", kinds: "ARTIFACT", lock: 1 }; // prettier-ignore
    expect(lineageSearch(raw)).toEqual({ focus: "artifact:5", hops: 3, dir: "TB", at: 12, kinds: ["ARTIFACT"], lock: 1 }); // prettier-ignore
    expect(lineageSearch({})).toEqual({});
  });
});

describe("contracting", () => {
  const { ids, ways: chain } = ways("a1>e1", "e1>a2", "a2>e2", "e2>a3", "a9>e1");
  it("takes what was opened there, and nothing that hangs on the focus", () => {
    expect([...contracted(ids, chain, "a2", "DOWN", "a1")].sort()).toEqual(["a1", "a2", "a9", "e1"]);
    expect([...contracted(ids, chain, "a2", "UP", "a2")].sort()).toEqual(["a2", "a3", "e2"]);
  });
  it("never takes the focus, nor what leads to it", () => {
    expect(contracted(ids, chain, "a2", "UP", "a1").has("a1")).toBe(true);
    expect(contracted(ids, chain, "e1", "DOWN", "a3").has("a3")).toBe(true);
  });
});

describe("siblings", () => {
  const trials = Array.from({ length: 6 }, (_, i) => node(`e${i}`, { state: i ? "COMPLETE" : "FAILED" }));
  const { ways: fan } = ways(...trials.map(({ id }) => `a0>${id}`), "a0>e9");
  it("of five or more become one", () => {
    const [cluster, ...more] = clustersOf([node("a0"), ...trials], fan, new Set(), new Set());
    expect(cluster?.id).toBe("cluster:e0");
    expect(cluster?.members.length).toBe(6);
    expect(more).toEqual([]);
    expect(byState(cluster?.members ?? [])).toEqual([
      { label: "COMPLETE", count: 5, state: "COMPLETE" },
      { label: "FAILED", count: 1, state: "FAILED" },
    ]);
  });
  it("that each made something of their own are two clusters", () => {
    const models = trials.map((_, i) => node(`a${i + 10}`));
    const lanes = ["a0>e9", ...trials.flatMap(({ id }, i) => [`a0>${id}`, `${id}>a${i + 10}`, `a${i + 10}>e8`])];
    const { ways: lane } = ways(...lanes);
    const all = [node("a0"), node("e8"), ...trials, ...models];
    expect(clustersOf(all, lane, new Set(), new Set()).map(({ id, members }) => [id, members.length])).toEqual([
      ["cluster:e0", 6],
      ["cluster:a10", 6],
    ]);
    const split = clustersOf(all, ways(...lanes, "a10>e7").ways, new Set(), new Set());
    expect(split.map(({ members }) => members.length)).toEqual([5, 5]);
  });
  it("that few others tell apart stay by themselves", () => {
    const lanes = trials.flatMap(({ id }, i) => [`a0>${id}`, `${id}>a${20 + (i % 2)}`]);
    expect(clustersOf([node("a0"), node("a20"), node("a21"), ...trials], ways(...lanes).ways, new Set(), new Set())).toEqual([]); // prettier-ignore
  });
  it("stay by themselves when too few are left, or when taken apart", () => {
    expect(clustersOf(trials, fan, new Set(["e0", "e1"]), new Set())).toEqual([]);
    expect(clustersOf(trials, fan, new Set(), new Set(["e0"]))).toEqual([]);
    expect(clustersOf(trials.map((one, i) => ({ ...one, type: `${i % 2}` })), fan, new Set(), new Set())).toEqual([]); // prettier-ignore
  });
  it("spread over bins that hold each of them once", () => {
    const bins = histogram([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, Number.NaN]);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(10);
    expect(bins.at(-1)?.to).toBe(9);
    expect(histogram([2, 2])).toEqual([{ from: 2, to: 2, count: 2 }]);
    expect(histogram([])).toEqual([]);
  });
});

describe("hiding", () => {
  it("leaves a dashed way where only hidden nodes lie between", () => {
    const { ways: chain } = ways("a1>e1", "e1>a2", "a2>e2", "e2>a3", "a1>e3", "e3>a3");
    const shown = new Set(["a1", "a3"]);
    const hidden = new Set(["e1", "a2", "e2", "e3"]);
    expect(detours(shown, hidden, chain)).toEqual([{ from: "a1", to: "a3", via: ["e3"] }]);
    expect(detours(new Set(["a1", "a2", "a3"]), new Set(["e1", "e2", "e3"]), chain)).toEqual([
      { from: "a1", to: "a2", via: ["e1"] },
      { from: "a1", to: "a3", via: ["e3"] },
      { from: "a2", to: "a3", via: ["e2"] },
    ]);
  });
  it("ends on cycles", () => {
    const { ways: ring } = ways("a1>e1", "e1>a2", "a2>e1", "e1>a1");
    expect(detours(new Set(["a1"]), new Set(["e1", "a2"]), ring)).toEqual([]);
  });
  it("asks all that is set", () => {
    const one = node("a1", { createdMs: 5, contexts: [{ id: "context:1", type: "R", name: null }] });
    expect(passes(one, {})).toBe(true);
    expect(passes(one, { kinds: ["ARTIFACT"], types: ["T"], states: ["LIVE"], ctx: ["context:1"], from: 5, until: 6, ns: "default" })).toBe(true); // prettier-ignore
    for (const wrong of [{ kinds: ["EXECUTION"] }, { types: ["X"] }, { states: ["FAILED"] }, { ctx: ["context:2"] }, { from: 6 }, { until: 5 }, { ns: "x" }]) expect(passes(one, wrong)).toBe(false); // prettier-ignore
  });
});

it("knows what lies up and down", () => {
  const { ways: chain } = ways("a1>e1", "e1>a2", "e1>a3");
  const { up, down } = lineOf("a2", chain);
  expect([...up].sort()).toEqual(["a1", "a2", "e1"]);
  expect([...down]).toEqual(["a2"]);
});
