import { expect, it } from "vitest";

import { layout } from "./layout";
import { firstOf, walk } from "./walk";

const boxes = ["a", "b", "c", "d", "e"].map((id, order) => ({ id, width: 100, height: 40, order }));
const lines = [{ from: "a", to: "c" }, { from: "b", to: "c" }, { from: "c", to: "d" }, { from: "c", to: "e" }]; // prettier-ignore
const spots = layout({ boxes, lines, orientation: "LR" });
const down = layout({ boxes, lines, orientation: "TB" });

it("walks along lines and within a column", () => {
  expect(firstOf(spots)).toBe("a");
  expect(walk("a", "ArrowRight", spots, lines, "LR")).toBe("c");
  expect(walk("a", "ArrowDown", spots, lines, "LR")).toBe("b");
  expect(walk("b", "ArrowUp", spots, lines, "LR")).toBe("a");
  expect(walk("d", "ArrowLeft", spots, lines, "LR")).toBe("c");
});

it("turns with the drawing", () => {
  expect(walk("a", "ArrowDown", down, lines, "TB")).toBe("c");
  expect(walk("a", "ArrowRight", down, lines, "TB")).toBe("b");
});

it("stays where nothing lies that way", () => {
  expect(walk("a", "ArrowLeft", spots, lines, "LR")).toBe(null);
  expect(walk("a", "ArrowUp", spots, lines, "LR")).toBe(null);
  expect(walk("gone", "ArrowUp", spots, lines, "LR")).toBe(null);
});
