/** What the address of this page says. */
export interface HomeSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function homeSearch(raw: Record<string, unknown>): HomeSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
