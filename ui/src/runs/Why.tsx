import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { bytes, duration, short } from "../kit/format";
import { StateBadge } from "../kit/State";
import { nodePath } from "../kit/node";
import type { TaskOfRunQuery } from "./queries.generated";
import { Value } from "./Values";
import { flat } from "./values";
import styles from "./why.module.css";

type Decision = NonNullable<TaskOfRunQuery["run"]["task"]["decision"]>;

const WORDS: Readonly<Record<string, string>> = {
  hit: "Reused",
  miss: "Ran",
  off: "Ran: the cache was off",
  failed: "Known to fail",
};

/** Why a task was reused or had to run: the decision, and part by part what is not as it was. */
export function Why({ decision }: { readonly decision: Decision }) {
  const [all, setAll] = useState(false);
  const { outcome, reason, origin, comparedWith, changed } = decision;
  const same = flat(decision.parts);
  return (
    <div className={styles.why}>
      <p className={styles.verdict} data-outcome={outcome}>
        {outcome === "hit" ? <StateBadge state="CACHED" /> : <strong>{WORDS[outcome] ?? outcome}</strong>}
        <span className="wrap">{short(reason, 600)}</span>
      </p>
      {origin && (
        <p>
          The work was done by <Execution id={origin.id} />
          {decision.savedMs > 0 && `, which took ${duration(decision.savedMs)}`}
          {decision.savedBytes > 0 && ` and made ${bytes(decision.savedBytes)}`}.
        </p>
      )}
      {decision.nondeterministic && <p className={styles.warning}>{short(decision.nondeterministic, 600)}</p>}
      {comparedWith && (
        <p>
          Compared with <Execution id={comparedWith.id} />, the nearest before it:{" "}
          {changed.length === 1 ? "one part is" : `${changed.length} parts are`} not as it was.
        </p>
      )}
      {changed.map(({ part, before, after }) => (
        <div key={part} className={styles.change}>
          <div className={`mono wrap ${styles.part ?? ""}`} dir="auto">
            {short(part, 300)}
          </div>
          <Side name="was" value={before} />
          <Side name="is" value={after} />
        </div>
      ))}
      {same.length > 0 && (
        <>
          <button type="button" className={styles.all} aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Hide" : "Show"} all {same.length} parts of its key
          </button>
          {all && (
            <dl className={styles.parts}>
              {same.slice(0, 400).map(([name, value]) => (
                <div key={name}>
                  <dt className="wrap">{short(name, 200)}</dt>
                  <dd>
                    <Value value={value} />
                  </dd>
                </div>
              ))}
            </dl>
          )}
        </>
      )}
    </div>
  );
}

function Side({ name, value }: { readonly name: "was" | "is"; readonly value: unknown }) {
  return (
    <div className={styles.side} data-side={name}>
      <span aria-hidden>{name === "was" ? "−" : "+"}</span>
      <span className="unseen">{name}</span>
      {value === null || value === undefined ? <em className="dim">nothing</em> : <Value value={value} />}
    </div>
  );
}

function Execution({ id }: { readonly id: string }) {
  return (
    <Link to={nodePath(id)} className="mono">
      {id}
    </Link>
  );
}
