/** What the address of this page says. */
export interface LogSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function logSearch(raw: Record<string, unknown>): LogSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
