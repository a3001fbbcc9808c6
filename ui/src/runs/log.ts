/** What a step printed, as lines to show. */
export interface Lines {
  readonly lines: readonly string[];
  /** Whether the last line may go on with the next piece. */
  readonly open: boolean;
  /** Lines that were let go at the beginning. */
  readonly dropped: number;
}

export const NO_LINES: Lines = { lines: [], open: false, dropped: 0 };

/** Lines kept: beyond, the earliest are let go; the download has them all. */
export const MOST_LINES = 100_000;
/** A line longer than this is cut where it is shown. */
export const LONGEST = 20_000;

// What terminals take as orders, not as text: colours, cursor moves, titles.
// eslint-disable-next-line no-control-regex
const ORDERS = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Take in the next piece. */
export function added(to: Lines, piece: string, most = MOST_LINES): Lines {
  if (!piece) return to;
  const [first = "", ...rest] = piece.replaceAll("\r\n", "\n").split("\n");
  const before = to.open ? to.lines.slice(0, -1) : to.lines;
  const begun = to.open ? (to.lines.at(-1) ?? "") : "";
  const fresh = [begun + first, ...rest];
  const open = fresh.at(-1) !== "";
  if (!open) fresh.pop();
  const lines = [...before, ...fresh];
  const over = Math.max(0, lines.length - most);
  return { lines: over ? lines.slice(over) : lines, open, dropped: to.dropped + over };
}

/** A line as it would stand in a terminal: a progress bar at its last, without colours. */
export function shownLine(line: string): string {
  const text = line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
  const plain = text.replace(ORDERS, "");
  const end = plain.endsWith("\r") ? plain.slice(0, -1) : plain;
  return end.slice(end.lastIndexOf("\r") + 1);
}

/** The numbers of the lines that hold a text, in either case. */
export function matches(lines: readonly string[], text: string): readonly number[] {
  const wanted = text.toLowerCase();
  if (!wanted) return [];
  const found: number[] = [];
  lines.forEach((line, i) => {
    if (shownLine(line).toLowerCase().includes(wanted)) found.push(i);
  });
  return found;
}

/** A line in pieces, those that match marked. */
export function marked(line: string, text: string): readonly (readonly [string, boolean])[] {
  if (!text) return [[line, false]];
  const [low, wanted] = [line.toLowerCase(), text.toLowerCase()];
  if (low.length !== line.length) return [[line, low.includes(wanted)]]; // case changed its length: mark it whole
  const pieces: (readonly [string, boolean])[] = [];
  let at = 0;
  for (let hit = low.indexOf(wanted); hit >= 0; hit = low.indexOf(wanted, at)) {
    if (hit > at) pieces.push([line.slice(at, hit), false]);
    at = hit + wanted.length;
    pieces.push([line.slice(hit, at), true]);
  }
  if (at < line.length || pieces.length === 0) pieces.push([line.slice(at), false]);
  return pieces;
}
