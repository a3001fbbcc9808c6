import { describe, expect, it } from "vitest";

import { added, marked, matches, NO_LINES, shownLine } from "./log";

describe("a log", () => {
  it("grows by pieces that end within a line", () => {
    let log = added(NO_LINES, "one\ntw");
    expect(log).toMatchObject({ lines: ["one", "tw"], open: true });
    log = added(log, "o\nthree\n");
    expect(log).toMatchObject({ lines: ["one", "two", "three"], open: false });
    expect(added(log, "\nlast").lines).toEqual(["one", "two", "three", "", "last"]);
  });

  it("lets its beginning go when it grows too long, and says how much", () => {
    const log = added(added(NO_LINES, "1\n2\n3\n", 3), "4\n5\n", 3);
    expect(log).toMatchObject({ lines: ["3", "4", "5"], dropped: 2 });
  });

  it("shows a line as a terminal would", () => {
    expect(shownLine("\u001b[31mred\u001b[0m \u001b]0;title\u0007text")).toBe("red text");
    expect(shownLine(" 10%\r 50%\r100%\r")).toBe("100%");
    expect(shownLine("x".repeat(30_000))).toHaveLength(20_001);
  });

  it("finds a text in either case, and marks it", () => {
    expect(matches(["An Error", "fine", "error"], "ERROR")).toEqual([0, 2]);
    expect(marked("an error, an Error", "error")).toEqual([
      ["an ", false],
      ["error", true],
      [", an ", false],
      ["Error", true],
    ]);
    expect(marked("", "x")).toEqual([["", false]]);
    expect(marked("İİx", "x")).toEqual([["İİx", true]]);
  });
});
