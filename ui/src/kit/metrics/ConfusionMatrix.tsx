import type { CSSProperties } from "react";

import { figure, short } from "../format";
import { accuracyOf, type Confusion } from "./metrics";
import styles from "./metrics.module.css";

const MOST = 40;

/** A confusion matrix: rows are what it was, columns what it was taken for; the stronger a colour, the larger the share of its row. */
export function ConfusionMatrix({ name, confusion }: { readonly name: string; readonly confusion: Confusion }) {
  const accuracy = accuracyOf(confusion);
  const labels = confusion.labels.slice(0, MOST);
  const title = name ? `Confusion matrix of ${short(name, 60)}` : "Confusion matrix";
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={title}>
      <table className={styles.matrix}>
        <caption>
          {title}
          {accuracy !== null && <span className="dim"> · accuracy {figure(Number(accuracy.toFixed(4)))}</span>}
          {confusion.labels.length > MOST && <span className="dim"> · the first {MOST} classes</span>}
        </caption>
        <thead>
          <tr>
            <th scope="col" className="dim">
              was \ taken for
            </th>
            {labels.map((label, at) => (
              <th key={at} scope="col" title={short(label, 300)} dir="auto">
                {short(label, 16)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {labels.map((label, row) => {
            const cells = confusion.rows[row] ?? [];
            const sum = cells.reduce((all, value) => all + value, 0);
            return (
              <tr key={row}>
                <th scope="row" title={short(label, 300)} dir="auto">
                  {short(label, 24)}
                </th>
                {cells.slice(0, MOST).map((value, column) => (
                  <td
                    key={column}
                    data-right={row === column || undefined}
                    style={shade(sum > 0 ? value / sum : 0)}
                    title={sum > 0 ? `${((100 * value) / sum).toFixed(1)}% of ${short(label, 60)}` : undefined}
                  >
                    {figure(value)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function shade(share: number): CSSProperties {
  return { "--share": `${Math.round(share * 50)}%` } as CSSProperties;
}
