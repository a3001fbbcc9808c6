/** What the address of this page says. */
export interface ExecutionSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function executionSearch(raw: Record<string, unknown>): ExecutionSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
