import { text, texts } from "../shell/search";

/** Faces of a comparison. */
export const TABS = ["table", "charts", "curves", "pair"] as const;
export type Tab = (typeof TABS)[number];

/** What the address of this page says. */
export interface CompareSearch {
  /** What is compared: `context:1,2,5` (the kind holds on for the numbers behind it). */
  readonly of?: string;
  readonly tab?: Tab;
  /** The item others are measured against. */
  readonly base?: string;
  /** Also what is the same in all. */
  readonly all?: true;
  /** `-metrics.accuracy`: ordered by a column, downwards. */
  readonly sort?: string;
  /** Columns of which the least is the best, and those of which the greatest is, where their names do not tell. */
  readonly low?: readonly string[];
  readonly high?: readonly string[];
  /** Items down and columns across, or the other way round. */
  readonly turn?: "rows" | "columns";
  /** Columns of the scatter plot. */
  readonly x?: string;
  readonly y?: string;
  /** Columns of the parallel coordinates, and the one that colours. */
  readonly axes?: readonly string[];
  readonly by?: string;
}

/** As many as the API puts side by side. */
export const MOST = 500;

/** Read it; what is no good is left out. */
export function compareSearch(raw: Record<string, unknown>): CompareSearch {
  const of = printed(parsed(texts(raw.of)));
  const tab = TABS.find((one) => one === raw.tab);
  const turn = raw.turn === "rows" || raw.turn === "columns" ? raw.turn : undefined;
  const words = (["base", "sort", "x", "y", "by"] as const).flatMap((name) =>
    text(raw[name]) ? [[name, text(raw[name])] as const] : [],
  );
  const lists = (["low", "high", "axes"] as const).flatMap((name) =>
    texts(raw[name]).length ? [[name, texts(raw[name])] as const] : [],
  );
  return {
    ...(of ? { of } : {}),
    ...(tab ? { tab } : {}),
    ...(turn ? { turn } : {}),
    ...(raw.all === true || raw.all === "true" ? { all: true } : {}),
    ...(Object.fromEntries(words) as Partial<Record<"base" | "sort" | "x" | "y" | "by", string>>),
    ...(Object.fromEntries(lists) as Partial<Record<"low" | "high" | "axes", readonly string[]>>),
  };
}

/** The ids an address names, each once, as many as can be compared. */
export function idsOf(of: string | undefined): readonly string[] {
  return of ? parsed([of]) : [];
}

/** Ids as an address spells them. */
export function printed(ids: readonly string[]): string {
  let before = "";
  return ids
    .map((id) => {
      const [kind = "", number = ""] = id.split(":");
      const spelled = kind === before ? number : id;
      before = kind;
      return spelled;
    })
    .join(",");
}

function parsed(of: readonly string[]): readonly string[] {
  const ids = new Set<string>();
  for (const part of of) {
    let kind = "";
    for (const word of part.split(",")) {
      const found = /^(?:(artifact|execution|context):)?([1-9]\d{0,17})$/.exec(word.trim());
      kind = found?.[1] ?? kind;
      if (found?.[2] && kind) ids.add(`${kind}:${found[2]}`);
    }
  }
  return [...ids].slice(0, MOST);
}
