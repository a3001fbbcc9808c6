import { expect, it } from "vitest";

import { cameraOn, type Dot, dotAt, dotInk, dotsIn, lineInk } from "./dots";
import { escaped, picture } from "./picture";

const dot = (id: string, x: number, y: number): Dot => ({ id, x, y, size: 3, color: "#123456", label: id });
const dots = [dot("a", 0, 0), dot("b", 100, 50), dot("c", 1000, 500)];
const ink = { line: "line", text: "text", body: "body", faint: "faint", chosen: "chosen" };

it("shows all of it, whatever its shape", () => {
  const camera = cameraOn(dots, 800, 600, 40);
  expect(dotsIn(dots, camera, 800, 600)).toEqual(dots);
  const flat = cameraOn([dot("a", 5, 5)], 800, 600, 40);
  expect([5 * flat.zoom + flat.x, 5 * flat.zoom + flat.y]).toEqual([400, 300]);
  expect(cameraOn([], 800, 600, 40).zoom).toBe(1);
});

it("finds the nearest dot within reach of the pointer", () => {
  const camera = { x: 10, y: 10, zoom: 2, grown: 1 };
  expect(dotAt(dots, camera, 212, 111, 9)?.id).toBe("b");
  expect(dotAt(dots, camera, 230, 111, 9)).toBe(null);
});

it("lets what is not lit step back", () => {
  const painting = { dots, lines: [], byId: new Map(), selected: "c", lit: new Set(["a", "b"]) };
  expect(dots.map((one) => dotInk(one, painting, ink))).toEqual(["#123456", "#123456", "chosen"]);
  expect(lineInk({ from: "a", to: "b" }, painting, ink)).toBe("chosen");
  expect(lineInk({ from: "a", to: "c" }, painting, ink)).toBe("faint");
  expect(lineInk({ from: "a", to: "c" }, { ...painting, lit: null }, ink)).toBe("line");
});

it("draws a picture in which no name becomes markup", () => {
  const title = '<script>alert("&")</script>\u0000\u{1F9F6}';
  expect(escaped(title)).toBe("&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;\u{1F9F6}");
  const boxes = ["a", "b"].map((id) => ({ id, width: 200, height: 60, title, text: "type", color: '"/><x' }));
  const spots = new Map([["a", { x: 0, y: 0, rank: 0 }], ["b", { x: 272, y: 0, rank: 1 }]]); // prettier-ignore
  const inks = { body: "#fff", surface: "#fff", line: "#000", text: "#000", dim: "#555" };
  const svg = picture(boxes, [{ id: "a>b", from: "a", to: "b", dashed: true }], spots, "LR", inks);
  expect(svg).toContain('viewBox="-24 -24 520 108"');
  expect(svg).toContain("stroke-dasharray");
  expect(svg).not.toMatch(/<(script|x)/);
});
