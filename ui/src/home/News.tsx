import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { bytes, short } from "../kit/format";
import { NodeLink } from "../kit/NodeLink";
import { StateBadge } from "../kit/State";
import { Duration, Time } from "../kit/Time";
import styles from "./home.module.css";
import type { HomeNewsQuery } from "./queries.generated";

/** The newest runs. */
export function Runs({ runs }: { readonly runs: HomeNewsQuery["runs"]["nodes"] }) {
  return (
    <Card title="Runs" to="/runs" none="No pipeline ran yet: `clew run pipeline.yaml`.">
      {runs.map((run) => (
        <li key={run.id} className={styles.row}>
          <StateBadge state={run.state} />
          <Link to="/runs/$id" params={{ id: run.id }} className={styles.grow} title={short(run.name, 500)}>
            <span className="cut" dir="auto">
              {short(run.name || run.id)}
            </span>
          </Link>
          <span className={`dim cut ${styles.aside ?? ""}`} dir="auto" title={short(run.pipeline, 500)}>
            {short(run.pipeline, 60)}
          </span>
          <span className={styles.figure}>
            <Duration fromMs={run.startedMs} toMs={run.endedMs} />
          </span>
          <span className={`dim ${styles.figure ?? ""}`}>
            <Time ms={run.createdMs} />
          </span>
        </li>
      ))}
    </Card>
  );
}

/** The newest models, and what made each. */
export function Models({ models }: { readonly models: HomeNewsQuery["models"]["nodes"] }) {
  return (
    <Card title="Newest models" to="/artifacts" none="No artifact whose type ends in Model yet.">
      {models.map((model) => (
        <li key={model.id} className={styles.row}>
          <span className={styles.grow}>
            <NodeLink node={model} />
          </span>
          {model.producer && (
            <span className={styles.aside}>
              <span className="dim">by</span> <NodeLink node={model.producer} />
            </span>
          )}
          <span className={styles.figure}>{model.sizeBytes !== null && bytes(model.sizeBytes)}</span>
          <span className={`dim ${styles.figure ?? ""}`}>
            <Time ms={model.createdMs} />
          </span>
        </li>
      ))}
    </Card>
  );
}

/** What failed last. */
export function Failures({ failures }: { readonly failures: HomeNewsQuery["failures"]["nodes"] }) {
  return (
    <Card title="Last failures" to="/executions" none="Nothing has failed.">
      {failures.map((one) => (
        <li key={one.id} className={styles.row}>
          <StateBadge state="FAILED" />
          <span className={styles.grow}>
            <NodeLink node={one} />
          </span>
          <span className={`dim cut ${styles.aside ?? ""}`} title={short(one.type, 500)}>
            {short(one.type, 60)}
          </span>
          <span className={`dim ${styles.figure ?? ""}`}>
            <Time ms={one.endedMs ?? one.createdMs} />
          </span>
        </li>
      ))}
    </Card>
  );
}

function Card({
  title,
  to,
  none,
  children,
}: {
  readonly title: string;
  readonly to: string;
  readonly none: string;
  readonly children: readonly ReactNode[];
}) {
  return (
    <section className={`card ${styles.list ?? ""}`} aria-label={title}>
      <div className={styles.head}>
        <h2>{title}</h2>
        <Link to={to}>All</Link>
      </div>
      {children.length ? <ul>{children}</ul> : <p className="dim">{none}</p>}
    </section>
  );
}
