import { expect, test } from "vitest";

import type { SideFragment } from "./queries.generated";
import { connected, overlay } from "./lineage";

type Edge = readonly [execution: string, type: "INPUT" | "OUTPUT", artifact: string];

function side(ids: readonly string[], edges: readonly Edge[]): SideFragment {
  return {
    partial: false,
    nodes: ids.map((id, order) => ({
      id,
      order,
      parents: 0,
      children: 0,
      node: {
        kind: id.startsWith("a") ? ("ARTIFACT" as const) : ("EXECUTION" as const),
        type: "t",
        name: null,
        label: id,
        externalId: null,
        namespace: "default",
        state: null,
        createdMs: 0,
        updatedMs: 0,
      },
    })),
    edges: edges.map(([execution, type, artifact]) => ({ execution, type, artifact })),
  };
}

const A = side(["a1", "e1", "a2"], [["e1", "INPUT", "a1"], ["e1", "OUTPUT", "a2"]]); // prettier-ignore
const B = side(["a1", "e2", "a3"], [["e2", "INPUT", "a1"], ["e2", "OUTPUT", "a3"]]); // prettier-ignore

test("what both have is of both, the rest of one side", () => {
  const { marks, onlyA, onlyB, both, edges } = overlay(A, B, new Map());
  expect(Object.fromEntries(marks)).toEqual({ e1: "a", a2: "a", e2: "b", a3: "b" });
  expect([onlyA, onlyB, both]).toEqual([2, 2, 1]);
  expect(edges).toContainEqual({ from: "a1", to: "e2", mark: "b" });
});

test("twins are drawn as one", () => {
  const { marks, nodes, edges } = overlay(A, B, new Map([["e2", "e1"]]));
  expect(Object.fromEntries(marks)).toEqual({ a2: "a", a3: "b" });
  expect(nodes.map(({ id }) => id)).toEqual(["a1", "e1", "a2", "a3"]);
  expect(edges).toContainEqual({ from: "a1", to: "e1", mark: null });
  expect(edges).toContainEqual({ from: "e1", to: "a3", mark: "b" });
});

test("what nothing leads to is left out", () => {
  const lonely = overlay(side(["e9", ...A.nodes.map(({ id }) => id)], [["e1", "INPUT", "a1"]]), B, new Map());
  expect(connected(lonely).nodes.map(({ id }) => id)).toEqual(["a1", "e1", "e2", "a3"]);
  expect(connected(lonely)).toMatchObject({ onlyA: 1, onlyB: 2, both: 1 });
});
