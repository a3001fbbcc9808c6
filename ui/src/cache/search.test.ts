import { expect, test } from "vitest";

import { cacheSearch, executionId } from "./search";

test("an address is read, and what is no good is left out", () => {
  expect(cacheSearch({ by: "HITS", live: true, since: "7d", of: "execution:7", component: "p/train" })).toEqual({
    by: "HITS",
    live: true,
    since: "7d",
    of: "execution:7",
    component: "p/train",
  });
  expect(cacheSearch({ by: "NEWEST", live: "perhaps", since: "all", of: "artifact:7" })).toEqual({});
});

test.each([
  ["7", "execution:7"],
  [" execution:12 ", "execution:12"],
  ["artifact:7", ""],
  ["execution:0", ""],
])("%j is %j", (typed, id) => expect(executionId(typed)).toBe(id));
