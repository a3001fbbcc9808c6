import { expect, test } from "vitest";

import { hexLines } from "./bytes";

test("bytes are shown in rows of sixteen", () => {
  const lines = hexLines(btoa("\x89PNG\r\n" + "A".repeat(14)));
  expect(lines).toHaveLength(2);
  expect(lines[0]).toBe(`00000000  89 50 4e 47 0d 0a ${"41 ".repeat(10).trim()}  ·PNG··${"A".repeat(10)}`);
  expect(lines[1]?.startsWith("00000010  41 41 41 41")).toBe(true);
  expect(hexLines(btoa("x".repeat(100)), 2)).toHaveLength(2);
});
