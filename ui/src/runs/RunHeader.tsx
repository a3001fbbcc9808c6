import { Badge } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { count, duration, short } from "../kit/format";
import { StateBadge } from "../kit/State";
import { Duration, Time } from "../kit/Time";
import { RunActions } from "./RunActions";
import styles from "./runs.module.css";
import { TallyBar } from "./TallyBar";
import type { Definition, RunFacts } from "./useRun";
import { isOpen } from "./useRun";
import { runName } from "./words";

/** What a run is, how it stands, and what can be done with it. */
export function RunHeader({
  run,
  definition,
}: {
  readonly run: RunFacts;
  readonly definition: Definition | null | undefined;
}) {
  const counts = Object.fromEntries(run.tally.counts.map((one) => [one.state, one.count]));
  const reused = counts.CACHED ?? 0;
  return (
    <header className={styles.header}>
      <div className={styles.title}>
        <h1 className="cut" dir="auto" title={short(runName(run), 500)}>
          {short(runName(run))}
        </h1>
        <StateBadge state={run.state || "UNKNOWN"} />
        {run.archived && (
          <Badge variant="outline" color="gray" size="sm" tt="none">
            Archived
          </Badge>
        )}
        <RunActions run={run} definition={definition} />
      </div>
      {run.description && (
        <p className={`wrap dim ${styles.description ?? ""}`} dir="auto">
          {short(run.description, 600)}
        </p>
      )}
      <dl className={styles.facts}>
        <Fact name="Pipeline">
          {run.pipeline ? (
            <Link to="/runs" search={{ pipeline: run.pipeline }} className="cut" title={short(run.pipeline, 500)}>
              {short(run.pipeline)}
            </Link>
          ) : (
            "–"
          )}
        </Fact>
        {run.experiment && (
          <Fact name="Experiment">
            <Link to="/runs" search={{ experiment: run.experiment }} className="cut" title={short(run.experiment, 500)}>
              {short(run.experiment)}
            </Link>
          </Fact>
        )}
        {run.schedule && (
          <Fact name="Schedule">
            <Link to="/runs" search={{ schedule: run.schedule }} className="mono">
              {run.schedule.slice(0, 8)}
            </Link>
          </Fact>
        )}
        {run.resumedFrom && <Fact name="Goes on from">{runLink(run.resumedFrom)}</Fact>}
        {run.clonedFrom && <Fact name="Clone of">{runLink(run.clonedFrom)}</Fact>}
        <Fact name={run.startedMs === null ? "Asked for" : "Started"}>
          <Time ms={run.startedMs ?? run.createdMs} />
        </Fact>
        <Fact name="Duration">
          <Duration fromMs={run.startedMs} toMs={run.endedMs ?? (isOpen(run.state) ? null : run.startedMs)} />
        </Fact>
        <Fact name="Steps">
          <TallyBar counts={counts} />
          {count(run.tally.steps)}
        </Fact>
        <Fact name="Reused">
          {count(reused)}
          {run.tally.savedMs > 0 && <span className="dim">saved {duration(run.tally.savedMs)}</span>}
        </Fact>
        <Fact name="Run">
          <span className="mono" title={run.id}>
            {run.id.slice(0, 8)}
          </span>
        </Fact>
        {run.labels.length > 0 && (
          <Fact name="Labels">
            {run.labels.map(({ key, value }) => (
              <Link
                key={key}
                to="/runs"
                search={{ label: [`${key}=${value}`] }}
                className={`cut ${styles.label ?? ""}`}
                title={short(`${key}=${value}`, 500)}
                dir="auto"
              >
                {short(`${key}=${value}`, 60)}
              </Link>
            ))}
          </Fact>
        )}
      </dl>
      {run.error && (
        <div className={styles.failure} role="alert">
          <strong>Why it {run.state === "CANCELED" ? "ended" : "failed"}</strong>
          <pre dir="auto">{short(run.error, 4000)}</pre>
        </div>
      )}
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function runLink(id: string) {
  return (
    <Link to="/runs/$id" params={{ id }} className="mono">
      {id.slice(0, 8)}
    </Link>
  );
}
