import { text } from "../../shell/search";

/** What the address of a node or a type says besides its id. */
export interface DetailSearch {
  readonly tab?: string;
}

/** Read it; what is no good is left out. */
export function detailSearch(raw: Record<string, unknown>): DetailSearch {
  return text(raw.tab) ? { tab: text(raw.tab) } : {};
}
