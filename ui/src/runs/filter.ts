import type { RunFilter } from "../api/schema.generated";
import { labelsOf } from "./parameters";
import type { RunsSearch } from "./search";

/** The states of a run. */
export const RUN_STATES = ["PENDING", "RUNNING", "COMPLETE", "FAILED", "CANCELED"] as const;

/** What a list of runs asks the server, from its address. */
export function filterOf(search: RunsSearch, namespace: string | undefined): RunFilter {
  const { state, pipeline, experiment, schedule } = search;
  const labels = (search.label ?? []).flatMap((label) => labelsOf(label) ?? []);
  return {
    ...(state ? { state } : {}),
    ...(pipeline ? { pipeline } : {}),
    ...(experiment ? { experiment } : {}),
    ...(schedule ? { schedule } : {}),
    ...(labels.length ? { labels } : {}),
    ...(namespace ? { namespace } : {}),
    archived: search.archived === 1,
  };
}

/** Whether an address narrows the list. */
export function isNarrowed(search: RunsSearch): boolean {
  const { q, state, pipeline, experiment, schedule, label, archived } = search;
  return [q, state, pipeline, experiment, schedule, label, archived].some((part) => part !== undefined);
}
