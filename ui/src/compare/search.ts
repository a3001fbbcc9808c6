/** What the address of this page says. */
export interface CompareSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function compareSearch(raw: Record<string, unknown>): CompareSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
