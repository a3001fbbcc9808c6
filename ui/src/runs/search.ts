/** What the address of the runs says. */
export interface RunsSearch {
  readonly q?: string;
}

/** What the address of a run says. */
export interface RunSearch {
  readonly task?: string;
}

/** Read it; what is no good is left out. */
export function runsSearch(raw: Record<string, unknown>): RunsSearch {
  return typeof raw.q === "string" ? { q: raw.q } : {};
}

/** Read it; what is no good is left out. */
export function runSearch(raw: Record<string, unknown>): RunSearch {
  return typeof raw.task === "string" ? { task: raw.task } : {};
}
