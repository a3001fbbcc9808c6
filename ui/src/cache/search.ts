/** What the address of this page says. */
export interface CacheSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function cacheSearch(raw: Record<string, unknown>): CacheSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
