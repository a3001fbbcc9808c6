import { useState } from "react";

import { short } from "../kit/format";
import styles from "./compare.module.css";
import { lineOf } from "./columns";
import type { DifferingFragment } from "./queries.generated";

const LONG = 300;
const MOST = 20_000;

/** What was compared, by section: the name, and what it is on either side. */
export function Entries({ entries }: { readonly entries: readonly DifferingFragment[] }) {
  const sections = [...new Set(entries.map(({ section }) => section))];
  return sections.map((section) => (
    <table key={section} className={styles.entries}>
      <caption>{section.charAt(0).toUpperCase() + section.slice(1)}</caption>
      <thead>
        <tr>
          <th scope="col" className="unseen">
            Name
          </th>
          <th scope="col">A</th>
          <th scope="col">B</th>
        </tr>
      </thead>
      <tbody>
        {entries
          .filter((entry) => entry.section === section)
          .map(({ name, a, b, same }) => (
            <tr key={name} data-same={same || undefined}>
              <th scope="row" className="wrap" dir="auto">
                {short(name, 300)}
              </th>
              <td data-side={same ? undefined : "a"}>
                <Side value={a} />
              </td>
              <td data-side={same ? undefined : "b"}>
                <Side value={b} />
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  ));
}

function Side({ value }: { readonly value: unknown }) {
  const [whole, setWhole] = useState(false);
  if (value === null || value === undefined) return <span className="dim">–</span>;
  const text = lineOf(value);
  return (
    <span className="wrap" dir="auto">
      {short(text, whole ? MOST : LONG)}
      {text.length > LONG && (
        <button type="button" className={styles.more} onClick={() => setWhole(!whole)}>
          {whole ? "less" : "all of it"}
        </button>
      )}
    </span>
  );
}
