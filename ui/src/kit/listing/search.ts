import { text, texts } from "../../shell/search";

/** What the address of a list of nodes says: all that its screen depends on. */
export interface ListSearch {
  /** In the filter language. */
  readonly q?: string;
  readonly type?: string;
  readonly state?: readonly string[];
  /** Created at that time or later: `7d`, or a day or moment (`2026-01-31`). */
  readonly since?: string;
  /** Created before that time. */
  readonly until?: string;
  /** `-CREATED`: the newest first. */
  readonly sort?: string;
  /** Ids of the columns shown, in their order: `name`, `p.rows`, `c.note`. */
  readonly cols?: readonly string[];
  /** Numbers of the nodes selected: `7`, `10-14`. */
  readonly sel?: readonly string[];
}

const WORDS = ["q", "type", "since", "until", "sort"] as const;
const LISTS = ["state", "cols", "sel"] as const;

/** Read it; what is no good is left out. */
export function listSearch(raw: Record<string, unknown>): ListSearch {
  const words = WORDS.map((key) => [key, text(raw[key])] as const).filter(([, value]) => value);
  const lists = LISTS.map((key) => [key, texts(raw[key])] as const).filter(([, value]) => value.length);
  return Object.fromEntries<string | readonly string[]>([...words, ...lists]);
}
