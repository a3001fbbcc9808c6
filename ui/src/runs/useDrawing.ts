import { useMemo, useState } from "react";

import type { DrawnBox } from "../draw/Graph";
import { layout } from "../draw/layout";
import type { DrawnLine } from "../draw/Lines";
import type { Box, Line, Orientation, Spots } from "../draw/model";
import { place, type Placed } from "./place";
import type { LayOut } from "./route";
import type { Branch } from "./tree";
import { heard, told } from "./words";

/** What a box of the drawing shows. */
export type TaskBox = DrawnBox<Placed>;

/** A drawing as the canvas takes it. */
export interface Drawn {
  readonly boxes: readonly TaskBox[];
  readonly lines: readonly DrawnLine[];
  readonly spots: Spots;
}

type Draw = (tree: readonly Branch[], isOpen: (branch: Branch) => boolean, flow: Orientation) => Drawn;

/** What layout leaves between ranks is much for tasks: so much closer they stand. */
const CLOSER = 30;

/** The drawing of a run: boxes that show the same stay the same objects, and what is laid out once is not again. */
export function useDrawing(tree: readonly Branch[], isOpen: (branch: Branch) => boolean, flow: Orientation): Drawn {
  const [draw] = useState(drafter);
  return useMemo(() => draw(tree, isOpen, flow), [draw, tree, isOpen, flow]);
}

/** Draws, and remembers what it drew. */
export function drafter(): Draw {
  const lay = { LR: remembered("LR"), TB: remembered("TB") };
  let kept = new Map<string, TaskBox>();
  let before: readonly DrawnLine[] = [];
  return (tree, isOpen, flow) => {
    const drawing = place(tree, { isOpen, layOut: lay[flow], flow });
    const boxes = drawing.boxes.map((placed) => {
      const had = kept.get(idOf(placed));
      return had && same(had.data, placed) ? had : boxOf(placed);
    });
    kept = new Map(boxes.map((box) => [box.id, box]));
    const lines = drawing.lines.map(({ from, to, via }) => ({ id: `${from} ${to}`, from, to, via }));
    if (lines.length !== before.length || lines.some((line, i) => differs(line, before[i]))) before = lines;
    const spots = new Map(
      drawing.boxes.map(
        (box) => [idOf(box), { x: box.x, y: box.y, rank: Math.round(flow === "LR" ? box.x : box.y) }] as const,
      ),
    );
    return { boxes, lines: before, spots };
  };
}

function differs(line: DrawnLine, from: DrawnLine | undefined): boolean {
  return line.id !== from?.id || String(line.via) !== String(from.via);
}

function remembered(orientation: Orientation): LayOut {
  const laid = new Map<string, Spots>();
  return (boxes, lines) => {
    const signature = JSON.stringify([
      boxes.map((box) => [box.id, box.width, box.height]),
      lines.map((line) => [line.from, line.to]),
    ]);
    const known = laid.get(signature);
    if (known) return known;
    if (laid.size > 500) laid.clear();
    const spots = closer(boxes, lines, orientation);
    laid.set(signature, spots);
    return spots;
  };
}

function closer(boxes: readonly Box[], lines: readonly Line[], orientation: Orientation): Spots {
  const along = orientation === "LR" ? "width" : "height";
  const slim = boxes.map((box) => ({ ...box, [along]: box[along] - CLOSER }));
  const spots = layout({ boxes: slim, lines, orientation });
  const [x, y] = orientation === "LR" ? [CLOSER / 2, 0] : [0, CLOSER / 2];
  return new Map([...spots].map(([id, spot]) => [id, { ...spot, x: spot.x - x, y: spot.y - y }]));
}

function idOf(placed: Placed): string {
  return placed.more ? `${placed.branch.path}!more` : placed.branch.path;
}

function boxOf(placed: Placed): TaskBox {
  const { width, height, branch, more } = placed;
  const label = more ? `${more} more iterations of ${branch.name}` : heard(branch, Date.now());
  return { id: idOf(placed), width, height, label, data: placed };
}

function same(a: Placed, b: Placed): boolean {
  return (
    a.width === b.width &&
    a.height === b.height &&
    a.open === b.open &&
    a.more === b.more &&
    a.branch.state === b.branch.state &&
    a.branch.fact === b.branch.fact &&
    a.branch.shape === b.branch.shape &&
    (a.branch.shape === "step" || told(a.branch.counts) === told(b.branch.counts))
  );
}
