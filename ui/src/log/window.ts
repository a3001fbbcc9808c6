/** Rows that are drawn, and where: fixed heights, any number of rows. */
export interface Window {
  /** Height of what is scrolled: a browser draws nothing higher than some 16 million pixels. */
  readonly height: number;
  /** The first row drawn, and the one behind the last. */
  readonly from: number;
  readonly to: number;
  /** Pixels from the top of what is scrolled to the first row drawn. */
  readonly top: number;
}

const MOST_PX = 15_000_000;
const MORE = 6;

/** The rows seen at `scroll` through a hole `view` high, and some more on either side. */
export function windowOf(rows: number, row: number, view: number, scroll: number): Window {
  const { height, factor } = scaleOf(rows, row, view);
  const real = Math.max(0, Math.min(scroll * factor, rows * row - view));
  const from = Math.max(0, Math.floor(real / row) - MORE);
  const to = Math.min(rows, Math.ceil((real + view) / row) + MORE);
  return { height, from, to, top: scroll - (real - from * row) };
}

/** Where to scroll so that row `at` is seen, staying where it is when it is seen already. */
export function scrollTo(rows: number, row: number, view: number, scroll: number, at: number): number {
  const { height, factor } = scaleOf(rows, row, view);
  const real = scroll * factor;
  const wanted = at * row < real ? at * row : (at + 1) * row > real + view ? (at + 1) * row - view : real;
  return Math.max(0, Math.min(wanted / factor, height - view));
}

function scaleOf(rows: number, row: number, view: number) {
  const full = rows * row;
  const height = Math.min(full, MOST_PX);
  return { height, factor: height > view ? (full - view) / (height - view) : 1 };
}
