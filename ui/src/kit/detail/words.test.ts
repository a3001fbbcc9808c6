import { expect, test } from "vitest";

import { amount, pinOf, type PinContext } from "./words";

const context = (more: Partial<PinContext>): PinContext => ({
  id: "context:1",
  name: "x",
  type: "t",
  namespace: "default",
  pins: [],
  ...more,
});

test("one is one", () => {
  expect([amount(1, "step"), amount(1204, "artifact"), amount(0, "run")]).toEqual([
    "1 step",
    "1,204 artifacts",
    "0 runs",
  ]);
});

test("a node is pinned by a context that says so; by hand when the context is its own pin", () => {
  const mine = context({ id: "context:9", type: "clew.Pin", name: "artifact:4", pins: [{ value: true }] });
  const deployed = context({ id: "context:8", pins: [{ value: true }] });
  expect(pinOf("artifact:4", [context({}), deployed, mine])).toEqual({ context: mine, byHand: true });
  expect(pinOf("artifact:4", [deployed])).toEqual({ context: deployed, byHand: false });
  expect(pinOf("artifact:4", [context({ pins: [{ value: false }] })])).toBeNull();
  expect(pinOf("artifact:5", [mine])).toEqual({ context: mine, byHand: false });
});
