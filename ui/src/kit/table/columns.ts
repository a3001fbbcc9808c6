import type { ReactNode } from "react";

/** One column of a table: what it is called, what it shows, and what it exports. */
export interface Column<Row> {
  /** Stable: it stands in addresses and in what the browser keeps. */
  readonly id: string;
  readonly title: string;
  /** The exact value: what is exported, and shown as text where there is no `cell`. */
  readonly value: (row: Row) => unknown;
  readonly cell?: (row: Row) => ReactNode;
  /** Pixels at first; what it takes at least where it `grow`s. */
  readonly width?: number;
  /** Its share of the room that is left. */
  readonly grow?: number;
  /** Numbers stand at the end. */
  readonly end?: boolean;
  /** What to sort by; without it the column cannot be sorted. */
  readonly sort?: string;
  /** It cannot be hidden. */
  readonly fixed?: boolean;
  /** Heading in the column chooser. */
  readonly group?: string;
}

/** The order of a table. */
export interface Sort {
  readonly by: string;
  readonly down: boolean;
}

const WIDTH = 140;

/** The width a column has before anyone drags it. */
export function widthOf<Row>(column: Column<Row>): number {
  return column.width ?? WIDTH;
}

/** The columns to show, in the order asked for; those that cannot be hidden lead where they were left out. */
export function chosenColumns<Row>(columns: readonly Column<Row>[], shown: readonly string[]): readonly Column<Row>[] {
  const byId = new Map(columns.map((column) => [column.id, column]));
  const asked = [...new Set(shown)].map((id) => byId.get(id)).filter((column) => column !== undefined);
  return [...columns.filter((column) => column.fixed && !asked.includes(column)), ...asked];
}

/** Next order when a column's header is pressed: down, up, down ... for times, up first for texts. */
export function nextSort(sort: Sort | null, by: string, downFirst: boolean): Sort {
  return sort?.by === by ? { by, down: !sort.down } : { by, down: downFirst };
}

/** CSS grid columns: dragged ones as they were left, the others as they are made, the rest of the room shared. */
export function template<Row>(columns: readonly Column<Row>[], dragged: Readonly<Record<string, number>>): string {
  const tracks = columns.map((column) => {
    const width = dragged[column.id];
    if (width !== undefined) return `${Math.round(width)}px`;
    return column.grow ? `minmax(${widthOf(column)}px, ${column.grow}fr)` : `${widthOf(column)}px`;
  });
  const grows = columns.some((column) => column.grow && dragged[column.id] === undefined);
  return [...tracks, ...(grows ? [] : ["minmax(0, 1fr)"])].join(" ");
}

/** Pixels the columns need at least. */
export function leastWidth<Row>(columns: readonly Column<Row>[], dragged: Readonly<Record<string, number>>): number {
  return columns.reduce((sum, column) => sum + Math.round(dragged[column.id] ?? widthOf(column)), 0);
}

/** A value as a table shows it where the column says nothing else. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  return JSON.stringify(value);
}
