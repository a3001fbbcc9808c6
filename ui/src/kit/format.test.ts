import { expect, test } from "vitest";

import { saidBy } from "./format";

test("an edge tells who said so, and how sure that is where it was not said outright", () => {
  expect(saidBy({ source: "openlineage", confidence: null })).toBe("openlineage");
  expect(saidBy({ source: "notebook", confidence: 80 })).toBe("notebook 80 %");
  expect(saidBy({ source: null, confidence: null })).toBe("");
});
