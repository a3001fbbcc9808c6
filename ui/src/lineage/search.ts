/** What the address of this page says. */
export interface LineageSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function lineageSearch(raw: Record<string, unknown>): LineageSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
