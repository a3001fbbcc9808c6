/** What the address of this page says. */
export interface ArtifactSearch {
  readonly q?: string;
}

/** Read it; what is no good is left out. */
export function artifactSearch(raw: Record<string, unknown>): ArtifactSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}
