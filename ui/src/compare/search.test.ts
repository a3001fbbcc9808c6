import { expect, test } from "vitest";

import { compareSearch, idsOf, printed } from "./search";

test("ids are spelled short, and read in every spelling", () => {
  const ids = ["context:1", "context:2", "context:12"];
  expect(printed(ids)).toBe("context:1,2,12");
  expect(idsOf("context:1,2,12")).toEqual(ids);
  expect(compareSearch({ of: ids }).of).toBe("context:1,2,12");
  expect(compareSearch({ of: ["context:1", "context:2,12"] }).of).toBe("context:1,2,12");
  expect(idsOf("artifact:1,execution:2,3")).toEqual(["artifact:1", "execution:2", "execution:3"]);
});

test("what is no id is left out, and none comes twice", () => {
  expect(idsOf("7,context:0,context:x,context:3,3,<b>")).toEqual(["context:3"]);
  expect(compareSearch({ of: "nothing" })).toEqual({});
});

test("no more than can be compared", () => {
  const many = Array.from({ length: 600 }, (_, at) => `context:${at + 1}`);
  expect(idsOf(printed(many))).toHaveLength(500);
});

test("the rest of an address", () => {
  expect(compareSearch({ tab: "charts", turn: "sideways", all: true, sort: "-metrics.acc", low: "metrics.a" })).toEqual(
    {
      tab: "charts",
      all: true,
      sort: "-metrics.acc",
      low: ["metrics.a"],
    },
  );
});
