import { ActionIcon, Tooltip } from "@mantine/core";
import { IconChartBar, IconTable } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

import { short } from "../format";
import styles from "./charts.module.css";
import { type Tone, variableOf } from "./colors";

/** What a chart shows, as a table: for those who cannot see it, or want the numbers. */
export interface Numbers {
  readonly head: readonly string[];
  readonly rows: readonly (readonly ReactNode[])[];
}

/** One entry of a legend. */
export interface Legend {
  readonly name: string;
  readonly tone: Tone | number;
}

const MOST_ROWS = 500;
const MOST_NAMES = 10;

/** Around every chart: its name, its legend, and a switch to the same as a table. */
export function Figure({
  label,
  legend = [],
  numbers,
  children,
  bare = false,
}: {
  readonly label: string;
  readonly legend?: readonly Legend[];
  /** Made only when asked for. */
  readonly numbers: () => Numbers;
  readonly children: ReactNode;
  /** Without a visible name. */
  readonly bare?: boolean;
}) {
  const [table, setTable] = useState(false);
  const other = table ? `Show ${label} as a chart` : `Show ${label} as a table`;
  return (
    <figure className={styles.figure} aria-label={label}>
      <div className={styles.head}>
        <figcaption className={bare ? "unseen" : styles.caption}>{label}</figcaption>
        <ul className={styles.legend} aria-label="Legend" hidden={!legend.length || table}>
          {legend.slice(0, MOST_NAMES).map(({ name, tone }, at) => (
            <li key={`${at} ${name}`} title={short(name, 500)}>
              <i style={{ background: `var(${variableOf(tone)})` }} aria-hidden />
              <span className="cut" dir="auto">
                {short(name, 60)}
              </span>
            </li>
          ))}
          {legend.length > MOST_NAMES && <li>{legend.length - MOST_NAMES} more</li>}
        </ul>
        <Tooltip label={table ? "As a chart" : "As a table"}>
          <ActionIcon
            className={styles.other}
            variant="subtle"
            color="gray"
            size={24}
            aria-label={other}
            onClick={() => setTable(!table)}
          >
            {table ? <IconChartBar size={15} /> : <IconTable size={15} />}
          </ActionIcon>
        </Tooltip>
      </div>
      {table ? <NumbersTable label={label} {...numbers()} /> : children}
    </figure>
  );
}

function NumbersTable({ label, head, rows }: Numbers & { readonly label: string }) {
  return (
    <div className={styles.numbers} tabIndex={0} role="region" aria-label={`${label}: table`}>
      <table>
        <thead>
          <tr>
            {head.map((name, at) => (
              <th key={at} scope="col" title={short(name, 500)}>
                {short(name, 40)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, MOST_ROWS).map((row, at) => (
            <tr key={at}>
              {row.map((cell, column) => (
                <td key={column}>{typeof cell === "string" ? short(cell, 60) : cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > MOST_ROWS && <p className="dim">The first {MOST_ROWS} rows are shown.</p>}
    </div>
  );
}
