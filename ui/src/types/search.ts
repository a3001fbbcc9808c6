/** What the address of this page says. */
export interface TypeSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function typeSearch(raw: Record<string, unknown>): TypeSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
