import { useQuery } from "urql";

import { Asked } from "../kit/detail/Asked";
import { Part } from "../kit/detail/Detail";
import styles from "../kit/detail/detail.module.css";
import { bytes, duration, short } from "../kit/format";
import { JsonView } from "../kit/JsonView";
import { NodeLink } from "../kit/NodeLink";
import { valueText } from "../kit/table/columns";
import { ExecutionDecisionDocument, type ExecutionDecisionQuery } from "./queries.generated";

type Explained = ExecutionDecisionQuery["cache"]["explain"];

const WORDS: Readonly<Record<string, string>> = {
  hit: "It was reused.",
  miss: "It had to run.",
  off: "The cache was off.",
  failed: "It is known to fail.",
};

/** Why an execution was reused or had to run; whole also with what its fingerprint was made of. */
export function Decision({ id, whole = false }: { readonly id: string; readonly whole?: boolean }) {
  const [{ data, error }, again] = useQuery({ query: ExecutionDecisionDocument, variables: { id } });
  const part = (
    <Part title="The cache's decision" wide={whole}>
      <Asked data={data?.cache.explain} error={error} again={again} lines={3}>
        {(explained) => <Why explained={explained} />}
      </Asked>
    </Part>
  );
  if (!whole) return part;
  return (
    <div className={styles.parts}>
      {part}
      {data && (
        <Part title="What its fingerprint was made of" wide>
          <JsonView value={data.cache.explain.parts} label="fingerprint parts" />
        </Part>
      )}
    </div>
  );
}

function Why({ explained }: { readonly explained: Explained }) {
  const { outcome, reason, origin, comparedWith, changed, savedMs, savedBytes, nondeterministic } = explained;
  const saved = [savedMs > 0 && duration(savedMs), savedBytes > 0 && bytes(savedBytes)].filter(Boolean).join(", ");
  return (
    <>
      <p className={styles.sentence}>
        <strong>{WORDS[outcome] ?? outcome}</strong> <span className="wrap">{short(reason, 600)}</span>
        {saved && <span className="dim"> Saved {saved}.</span>}
      </p>
      {nondeterministic !== null && <p className="wrap">{short(nondeterministic, 600)}</p>}
      {origin && (
        <p className={styles.inline}>
          The work was done by <NodeLink node={origin} />
        </p>
      )}
      {comparedWith && (
        <p className={styles.inline}>
          Compared with <NodeLink node={comparedWith} />
        </p>
      )}
      {changed.length > 0 && (
        <table className={styles.differences}>
          <caption className="unseen">What differs</caption>
          <thead>
            <tr>
              <th scope="col">What differs</th>
              <th scope="col">Before</th>
              <th scope="col">Now</th>
            </tr>
          </thead>
          <tbody>
            {changed.map(({ part, before, after }) => (
              <tr key={part}>
                <th scope="row" className="wrap">
                  {short(part, 200)}
                </th>
                <td>
                  <del className="wrap" dir="auto">
                    {short(valueText(before), 400)}
                  </del>
                </td>
                <td>
                  <ins className="wrap" dir="auto">
                    {short(valueText(after), 400)}
                  </ins>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </>
  );
}
