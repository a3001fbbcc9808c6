import { Link } from "@tanstack/react-router";

import { useLiveQuery } from "../../api/live";
import { ErrorFace, Loading } from "../../shell/faces";
import { count, short } from "../format";
import { NodeLink } from "../NodeLink";
import { Part } from "./Detail";
import styles from "./detail.module.css";
import { ReachDocument, type ReachQuery } from "./queries.generated";
import { amount } from "./words";

const MOST_TYPES = 8;

/** How an artifact or an execution came to be, and what came of it, in numbers that no drawing bounds. */
export function Reach({ id }: { readonly id: string }) {
  const [{ data, error }, again] = useLiveQuery({ query: ReachDocument, variables: { id } });
  return (
    <div className={styles.column}>
      <Part title="How it was made">
        {data ? <Up data={data} id={id} /> : error ? <ErrorFace error={error} retry={again} /> : <Loading lines={2} />}
      </Part>
      <Part title="What was made from it">
        {data ? <Down data={data} id={id} /> : error ? null : <Loading lines={2} />}
      </Part>
    </div>
  );
}

function Up({ data, id }: { readonly data: ReachQuery; readonly id: string }) {
  const { artifacts, executions, total, depth } = data.lineage.upstream;
  if (total === 0) return <p className={styles.sentence}>Nothing is recorded that it was made from: it is a source.</p>;
  return (
    <p className={styles.sentence}>
      {artifacts === 0
        ? `By ${amount(executions, "execution")}, of no input that is recorded.`
        : `From ${amount(artifacts, "artifact")}, by ${amount(executions, "execution")}, up to ${amount(depth, "step")} back.`}{" "}
      <Link to="/explorer" search={{ focus: id }}>
        Explore
      </Link>
    </p>
  );
}

function Down({ data, id }: { readonly data: ReachQuery; readonly id: string }) {
  const { artifacts, executions, total, depth } = data.lineage.downstream;
  if (total === 0) return <p className={styles.sentence}>Nothing yet.</p>;
  const leaves = data.impact.leaves.filter((leaf) => leaf.id !== id);
  return (
    <>
      <p className={styles.sentence}>
        {amount(artifacts, "artifact")}, by {amount(executions, "execution")}, up to {amount(depth, "step")} on.
      </p>
      <ul className={styles.list} aria-label="By type">
        {data.impact.byType.slice(0, MOST_TYPES).map(({ type, count: many }) => (
          <li key={type.id}>
            <Link
              to="/types/$id"
              params={{ id: type.id.replace("type:", "") }}
              className="cut"
              title={short(type.name, 500)}
            >
              {short(type.name, 80)}
            </Link>
            <span className="dim">{count(many)}</span>
          </li>
        ))}
      </ul>
      {leaves.length > 0 && (
        <>
          <p className={styles.ends}>It ends in</p>
          <ul className={styles.list} aria-label="It ends in">
            {leaves.slice(0, MOST_TYPES).map((leaf) => (
              <li key={leaf.id}>
                <NodeLink node={leaf} />
                <span className="mono dim">{leaf.id}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}
