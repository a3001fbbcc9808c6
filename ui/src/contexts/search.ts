/** What the address of this page says. */
export interface ContextSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function contextSearch(raw: Record<string, unknown>): ContextSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
