import { choice } from "../shell/search";

/** How far Home looks back. */
export const SPANS = ["24h", "1h", "7d", "30d", "all"] as const;

/** One of them. */
export type Span = (typeof SPANS)[number];

/** What the address of Home says. */
export interface HomeSearch {
  readonly span?: Span;
}

/** Read it; what is no good is left out. */
export function homeSearch(raw: Record<string, unknown>): HomeSearch {
  const span = choice(raw.span, SPANS);
  return span === SPANS[0] ? {} : { span };
}
