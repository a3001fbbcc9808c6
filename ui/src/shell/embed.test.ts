import { expect, it } from "vitest";

import { namespaceOf } from "./embed";

it("takes the namespace that a dashboard selects, and all of them", () => {
  expect(namespaceOf({ type: "namespace-selected", value: "team-a" })).toBe("team-a");
  expect(namespaceOf({ type: "all-namespaces", value: ["team-a", "team-b"] })).toBe("");
});

it("takes nothing from other messages", () => {
  const others = [
    null,
    "namespace-selected",
    {},
    { type: "parent-connected", value: null },
    { type: "namespace-selected", value: 7 },
  ];
  expect(others.map(namespaceOf)).toEqual([null, null, null, null, null]);
});
