import { expect, it } from "vitest";

import { asCsv, mermaid } from "./export";
import { type GraphNode, waysOf } from "./graph";
import { outline, whereOf } from "./outline";

function node(id: string, name = id): GraphNode {
  return {
    id, name, kind: id.startsWith("artifact") ? "ARTIFACT" : "EXECUTION", type: "T", namespace: "default", state: "LIVE", createdMs: 0,
    updatedMs: 0, startedMs: null, endedMs: null, order: Number(id.split(":")[1]), parents: 1, children: 2, contexts: [],
  }; // prettier-ignore
}

it("writes Mermaid that no name breaks", () => {
  const nodes = [node("artifact:1", 'a"]; click x "javascript:'), node("execution:2", "模型")];
  const edges = [{ from: "artifact:1", to: "execution:2", type: "INPUT" as const }];
  const text = mermaid({ nodes, edges, detours: [{ from: "execution:2", to: "artifact:1", via: ["artifact:9"] }] });
  expect(text.split("\n")).toEqual([
    "flowchart LR",
    '  artifact_1(["a#34;#93;#59; click x #34;javascript#58;"])',
    '  execution_2["模型"]',
    "  artifact_1 --> execution_2",
    "  execution_2 -. via 1 hidden .-> artifact_1",
    "",
  ]);
});

it("writes CSV that no spreadsheet runs", () => {
  const [, first, second] = asCsv({ nodes: [node("artifact:1", "=cmd()"), node("artifact:2", 'a,"b"')] }).split("\r\n");
  expect(first).toBe("artifact:1,ARTIFACT,T,'=cmd(),default,LIVE,1970-01-01T00:00:00.000Z,1,2");
  expect(second).toBe('artifact:2,ARTIFACT,T,"a,""b""",default,LIVE,1970-01-01T00:00:00.000Z,1,2');
});

it("lists what is shown once: the focus, upstream as a tree, downstream, then the rest", () => {
  const nodes = ["artifact:1", "execution:2", "artifact:3", "execution:4", "artifact:5", "artifact:9"].map((id) => node(id)); // prettier-ignore
  const lines = [["artifact:1", "execution:2"], ["execution:2", "artifact:3"], ["artifact:3", "execution:4"], ["execution:4", "artifact:5"], ["artifact:1", "execution:4"]]; // prettier-ignore
  const ways = waysOf(new Set(nodes.map(({ id }) => id)), lines.map(([from = "", to = ""]) => ({ from, to }))); // prettier-ignore
  expect(outline(nodes, ways, "artifact:3").map(({ node: { id }, hops }) => `${id} ${whereOf(hops)}`)).toEqual([
    "artifact:3 focus",
    "execution:2 1 up",
    "artifact:1 2 up",
    "execution:4 1 down",
    "artifact:5 2 down",
    "artifact:9 beside",
  ]);
});
