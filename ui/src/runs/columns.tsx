import { Link } from "@tanstack/react-router";

import { count, duration, short } from "../kit/format";
import { StateBadge } from "../kit/State";
import type { Column } from "../kit/table/columns";
import { Duration, Time } from "../kit/Time";
import type { RunsQuery } from "./queries.generated";
import styles from "./runs.module.css";
import { TallyBar } from "./TallyBar";
import { isOpen } from "./useRun";
import { runName, told } from "./words";

/** A run of the list. */
export type RunRow = RunsQuery["runs"]["nodes"][number];

/** The columns shown when the reader chose none. */
export const SHOWN = ["name", "state", "steps", "reused", "took", "started", "pipeline", "experiment", "labels"];

function counts(run: RunRow) {
  return Object.fromEntries(run.tally.counts.map((one) => [one.state, one.count]));
}

function text(id: string, title: string, of: (run: RunRow) => string | null, width = 150): Column<RunRow> {
  return {
    id,
    title,
    width,
    value: of,
    cell: (run) => {
      const value = of(run) ?? "";
      return (
        <span className="cut" dir="auto" title={short(value, 500)}>
          {short(value)}
        </span>
      );
    },
  };
}

/** The columns of a list of runs. */
export const COLUMNS: readonly Column<RunRow>[] = [
  {
    id: "name",
    title: "Run",
    width: 190,
    grow: 3,
    fixed: true,
    value: runName,
    cell: (run) => (
      <Link
        to="/runs/$id"
        params={{ id: run.id }}
        className="cut"
        dir="auto"
        tabIndex={-1}
        title={short(runName(run), 500)}
      >
        {short(runName(run))}
      </Link>
    ),
  },
  {
    id: "state",
    title: "State",
    width: 110,
    value: (run) => run.state,
    cell: (run) => <StateBadge state={run.state || "UNKNOWN"} />,
  },
  {
    id: "steps",
    title: "Steps",
    width: 146,
    value: (run) => told(counts(run)),
    cell: (run) => (
      <span className={styles.steps}>
        <TallyBar counts={counts(run)} />
        <span className="dim">{count(run.tally.steps)}</span>
      </span>
    ),
  },
  {
    id: "reused",
    title: "Reused",
    width: 122,
    end: true,
    value: (run) => counts(run).CACHED ?? 0,
    cell: (run) => (
      <span>
        {run.tally.savedMs > 0 && <span className="dim">saved {duration(run.tally.savedMs)} · </span>}
        {count(counts(run).CACHED ?? 0)}
      </span>
    ),
  },
  {
    id: "took",
    title: "Took",
    width: 84,
    end: true,
    value: (run) => (run.startedMs !== null && run.endedMs !== null ? run.endedMs - run.startedMs : null),
    cell: (run) =>
      (run.endedMs !== null || isOpen(run.state)) && <Duration fromMs={run.startedMs} toMs={run.endedMs} />,
  },
  {
    id: "started",
    title: "Started",
    width: 100,
    value: (run) => (run.startedMs === null ? null : new Date(run.startedMs).toISOString()),
    cell: (run) => <Time ms={run.startedMs ?? run.createdMs} />,
  },
  text("pipeline", "Pipeline", (run) => run.pipeline, 124),
  text("experiment", "Experiment", (run) => run.experiment, 100),
  {
    id: "labels",
    title: "Labels",
    width: 110,
    grow: 1,
    value: (run) => Object.fromEntries(run.labels.map(({ key, value }) => [key, value])),
    cell: (run) => (
      <span className={styles.labels}>
        {run.labels.slice(0, 6).map(({ key, value }) => (
          <span key={key} className={`cut ${styles.label ?? ""}`} dir="auto" title={short(`${key}=${value}`, 300)}>
            {short(`${key}=${value}`, 60)}
          </span>
        ))}
      </span>
    ),
  },
  text("error", "Why it failed", (run) => run.error, 260),
  text("description", "Description", (run) => run.description, 220),
  text("schedule", "Schedule", (run) => run.schedule, 130),
  text("resumedFrom", "Goes on from", (run) => run.resumedFrom, 130),
  text("clonedFrom", "Clone of", (run) => run.clonedFrom, 130),
  text("namespace", "Namespace", (run) => run.namespace, 120),
  {
    id: "created",
    title: "Asked for",
    width: 112,
    value: (run) => new Date(run.createdMs).toISOString(),
    cell: (run) => <Time ms={run.createdMs} />,
  },
  text("id", "Id", (run) => run.id, 290),
];

/** The id of a row: that of its context, by which runs are compared. */
export function rowId(run: RunRow): string {
  return run.context.id;
}
