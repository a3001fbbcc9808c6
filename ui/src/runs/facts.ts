import type { RunNewsSubscription, RunStepFragment } from "./queries.generated";

/** What the record says of a task that has begun. */
export interface Fact {
  readonly path: string;
  readonly kind: string;
  readonly state: string;
  readonly origin: string | null;
  readonly startedMs: number | null;
  readonly endedMs: number | null;
  readonly error: string;
  readonly skipped: string;
  readonly attempts: number;
  readonly savedMs: number;
  /** `execution:7`. */
  readonly execution: string;
}

/** The tasks of a run that have begun, by path. */
export type Facts = ReadonlyMap<string, Fact>;

/** News of a task, or of the run itself where the name is empty. */
export type News = RunNewsSubscription["runTasks"];

/** A task of a listing, as a fact. */
export function factOf(step: RunStepFragment): Fact {
  return { ...pick(step), path: step.name, execution: step.execution.id };
}

/** News as a fact; null of the run itself. */
export function factOfNews(news: News): Fact | null {
  return news.execution === null ? null : { ...pick(news), path: news.name, execution: news.execution };
}

/** Take in what is new. Of a task that was begun twice the later counts; what has ended does not begin again. */
export function merged(known: Facts, fresh: readonly Fact[]): Facts {
  if (fresh.length === 0) return known;
  const next = new Map(known);
  for (const fact of fresh) {
    const had = next.get(fact.path);
    if (had && older(fact, had)) continue;
    next.set(fact.path, fact);
  }
  return next;
}

function older(fact: Fact, than: Fact): boolean {
  const [a, b] = [numberOf(fact), numberOf(than)];
  return a < b || (a === b && fact.endedMs === null && than.endedMs !== null);
}

function numberOf(fact: Fact): number {
  return Number(fact.execution.slice(fact.execution.indexOf(":") + 1));
}

function pick(of: RunStepFragment | News): Omit<Fact, "path" | "execution"> {
  const { kind, state, origin, startedMs, endedMs, error, skipped, attempts, savedMs } = of;
  return { kind, state, origin, startedMs, endedMs, error, skipped, attempts, savedMs };
}
