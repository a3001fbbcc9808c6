import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { moment, short } from "../format";
import { StateBadge } from "../State";
import { Time } from "../Time";
import styles from "./detail.module.css";
import { type Difference, differences, type Version } from "./history";

const STEP = 50;
const FEW = 12;

/** Every version of a node, the newest first, and what each change made of it. */
export function History({ versions }: { readonly versions: readonly Version[] }) {
  const [shown, show] = useState(STEP);
  const newest = versions.map((version, at) => ({ version, before: versions[at - 1] ?? null })).toReversed();
  return (
    <>
      <ol className={styles.history} reversed>
        {newest.slice(0, shown).map(({ version, before }) => (
          <li key={`${version.updatedSeq} ${version.updatedMs}`}>
            <div className={styles.version}>
              <Link to="/log" search={{ seq: version.updatedSeq }}>
                Change {version.updatedSeq}
              </Link>
              <span className="dim" title={moment(version.updatedMs)}>
                <Time ms={version.updatedMs} />
              </span>
              {version.state && <StateBadge state={version.state} />}
            </div>
            <Differences found={differences(before, version)} first={before === null} />
          </li>
        ))}
      </ol>
      {newest.length > shown && (
        <Button size="compact-sm" variant="subtle" onClick={() => show(shown + STEP)}>
          {newest.length - shown} older versions
        </Button>
      )}
    </>
  );
}

function Differences({ found, first }: { readonly found: readonly Difference[]; readonly first: boolean }) {
  const [all, setAll] = useState(false);
  if (found.length === 0) return <p className="dim">Nothing of what it says of itself changed: an edge did.</p>;
  return (
    <>
      <table className={styles.differences}>
        <caption className="unseen">What changed</caption>
        <thead className="unseen">
          <tr>
            <th scope="col">What</th>
            {!first && <th scope="col">Before</th>}
            <th scope="col">After</th>
          </tr>
        </thead>
        <tbody>
          {(all ? found : found.slice(0, FEW)).map(({ what, before, after }) => (
            <tr key={what}>
              <th scope="row" className="wrap" dir="auto">
                {short(what, 120)}
              </th>
              {!first && (
                <td>
                  {before !== null && (
                    <del className="wrap" dir="auto">
                      {short(before, 400)}
                    </del>
                  )}
                </td>
              )}
              <td>
                {after !== null && (
                  <ins className="wrap" dir="auto">
                    {short(after, 400)}
                  </ins>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {!all && found.length > FEW && (
        <Button size="compact-xs" variant="subtle" onClick={() => setAll(true)}>
          {found.length - FEW} more
        </Button>
      )}
    </>
  );
}
