import type { Told } from "../api/errors";
import { count, duration } from "../kit/format";
import { lookOf } from "../kit/State";
import type { Branch, Counts } from "./tree";

/** The order in which states are told: what needs eyes first. */
const ORDER = ["FAILED", "RUNNING", "COMPLETE", "CACHED", "SKIPPED", "CANCELED", "WAITING", "NOT_RUN"];

/** States with how many steps are in each, in the order in which they are told. */
export function parts(counts: Counts): readonly (readonly [string, number])[] {
  const rank = (state: string) => (ORDER.includes(state) ? ORDER.indexOf(state) : ORDER.length);
  return Object.entries(counts).sort((a, b) => rank(a[0]) - rank(b[0]));
}

/** `3 complete, 1 failed`. */
export function told(counts: Counts): string {
  return (
    parts(counts)
      .map(([state, many]) => `${count(many)} ${lookOf(state)[2].toLowerCase()}`)
      .join(", ") || "nothing yet"
  );
}

/** All steps of some counts. */
export function total(counts: Counts): number {
  return Object.values(counts).reduce((sum, many) => sum + many, 0);
}

/** What a branch is, for those who hear it: `train, container, Complete, 5.1 s`. */
export function heard(branch: Branch, nowMs: number): string {
  const [, , word] = lookOf(branch.state);
  const what = { step: branch.kind, graph: "graph", loop: "loop", iteration: "iteration" }[branch.shape];
  const time = tookMs(branch, nowMs);
  return [
    branch.name,
    what,
    word,
    branch.shape === "step" ? "" : told(branch.counts),
    time === null ? "" : duration(time),
  ]
    .filter(Boolean)
    .join(", ")
    .slice(0, 300);
}

/** How long a task took, or takes so far; null before it has begun. */
export function tookMs(branch: Branch, nowMs: number): number | null {
  const { startedMs = null, endedMs = null } = branch.fact ?? {};
  if (startedMs === null) return null;
  return Math.max(0, (endedMs ?? nowMs) - startedMs);
}

/** What to call a run: its name, else its pipeline and the beginning of its id. */
export function runName(run: { readonly id: string; readonly name: string; readonly pipeline: string }): string {
  return run.name || `${run.pipeline || "run"} ${run.id.slice(0, 8)}`;
}

/** When a schedule fires. */
export function firing(schedule: {
  readonly cron: string | null;
  readonly everyS: number | null;
  readonly zone: string;
}): string {
  if (schedule.cron) return `${schedule.cron} (${schedule.zone})`;
  return schedule.everyS === null ? "never" : `every ${duration(schedule.everyS * 1000)}`;
}

/** An error of the server as a text that fits under a field. */
export function sentence({ message, remedy }: Told): string {
  return [message, remedy].filter(Boolean).join(". ").slice(0, 600);
}
