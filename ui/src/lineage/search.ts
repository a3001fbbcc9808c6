import type { Orientation } from "../draw/model";
import { choice, text, texts, whole } from "../shell/search";

/** How the lineage is shown: as cards, as the whole in dots, or as a table. */
export type Mode = "graph" | "whole" | "table";

/** What the address of the explorer says: all that its screen depends on. */
export interface LineageSearch {
  /** The node everything is seen from. */
  readonly focus?: string;
  /** The shown nodes, as `ids.ts` spells them; without it what lies `hops` around the focus. */
  readonly shown?: string;
  readonly hops?: number;
  readonly sel?: string;
  readonly tab?: string;
  readonly dir?: Orientation;
  readonly mode?: Mode;
  /** Highlight all that the selected node was made from, and what was made from it. */
  readonly lock?: 1;
  /** Two nodes between which the ways are shown: `artifact:1~artifact:9`. */
  readonly path?: string;
  /** The node that the focus is compared with. */
  readonly diff?: string;
  /** The moment shown, and the one it is compared with: UTC epoch milliseconds. */
  readonly at?: number;
  readonly since?: number;
  readonly kinds?: readonly string[];
  readonly types?: readonly string[];
  readonly ctx?: readonly string[];
  readonly states?: readonly string[];
  readonly from?: number;
  readonly until?: number;
  /** Clusters that were taken apart: the first of their members. */
  readonly apart?: readonly string[];
  /** The numeric property that clusters tell the spread of. */
  readonly metric?: string;
  /** Whether siblings are drawn one by one. */
  readonly single?: 1;
}

const ID = /^(artifact|execution):\d+$/;
const FOREVER = 8_640_000_000_000_000;

/** Read it; what is no good is left out. */
export function lineageSearch(raw: Record<string, unknown>): LineageSearch {
  const id = (value: unknown) => (ID.test(text(value)) ? text(value) : undefined);
  const time = (value: unknown) => whole(value, 0, FOREVER, -1);
  const list = (value: unknown) => (texts(value).length ? texts(value) : undefined);
  const hops = whole(raw.hops, 1, 20, 1);
  const pair = text(raw.path).split("~");
  const found: { [Key in keyof LineageSearch]: LineageSearch[Key] | undefined } = {
    focus: id(raw.focus),
    shown: text(raw.shown) || undefined,
    hops: hops === 1 ? undefined : hops,
    sel: text(raw.sel).startsWith("cluster:") || id(raw.sel) ? text(raw.sel) : undefined,
    tab: text(raw.tab) || undefined,
    dir: raw.dir === "TB" ? "TB" : undefined,
    mode: nonDefault(choice(raw.mode, ["graph", "whole", "table"])),
    lock: raw.lock ? 1 : undefined,
    path: pair.length === 2 && pair.every(id) ? text(raw.path) : undefined,
    diff: id(raw.diff),
    at: known(time(raw.at)),
    since: known(time(raw.since)),
    kinds: list(raw.kinds),
    types: list(raw.types),
    ctx: list(raw.ctx),
    states: list(raw.states),
    from: known(time(raw.from)),
    until: known(time(raw.until)),
    apart: list(raw.apart),
    metric: text(raw.metric) || undefined,
    single: raw.single ? 1 : undefined,
  };
  return Object.fromEntries(Object.entries(found).filter(([, value]: [string, unknown]) => value !== undefined));
}

function nonDefault(mode: Mode): Mode | undefined {
  return mode === "graph" ? undefined : mode;
}

function known(value: number): number | undefined {
  return value === -1 ? undefined : value;
}
