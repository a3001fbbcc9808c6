import { expect, test } from "vitest";

import { accept, around, pointOf, unitOf } from "./points";

test("positions count characters, whatever a browser counts", () => {
  const text = "name = '🧵x'";
  expect(pointOf(text, text.length)).toBe(11);
  expect(unitOf(text, 9)).toBe(10);
  expect(text.slice(unitOf(text, 9))).toBe("x'");
});

test("a suggestion replaces its part and leaves room to go on", () => {
  expect(accept("sta", { text: "state", from: 0, to: 3 })).toEqual({ text: "state ", cursor: 6 });
  expect(accept("sta = LIVE", { text: "state", from: 0, to: 3 })).toEqual({ text: "state = LIVE", cursor: 5 });
  expect(accept("🧵 ty", { text: "type", from: 2, to: 4 })).toEqual({ text: "🧵 type ", cursor: 8 });
  expect(accept("x", { text: "UPPER(", from: 0, to: 1 })).toEqual({ text: "UPPER(", cursor: 6 });
});

test("the word with the mistake is marked; where something is missing, the last character", () => {
  expect(around("state = LIVER AND x", 8)).toEqual(["state = ", "LIVER", " AND x"]);
  expect(around("name = 'a b", 7)).toEqual(["name = ", "'a b", ""]);
  expect(around("state =", 7)).toEqual(["state ", "=", ""]);
  expect(around("", 0)).toEqual(["", "", ""]);
});
