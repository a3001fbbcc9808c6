import { memo, type MouseEvent, type ReactNode } from "react";

import { short } from "../format";
import { type Column, valueText } from "./columns";
import styles from "./table.module.css";

/** What a row needs to know; all of it steady while the table scrolls. */
export interface RowProps<Row> {
  readonly id: string;
  readonly row: Row | undefined;
  readonly at: number;
  readonly height: number;
  readonly columns: readonly Column<Row>[];
  readonly active: boolean;
  readonly chosen: boolean;
  /** How the row is called for those who hear it; undefined where rows cannot be chosen. */
  readonly choice: string | undefined;
  readonly narrow: boolean;
  readonly onPick: (at: number, extend: boolean, toggle: boolean) => void;
  readonly onOpen: (at: number) => void;
}

function RowOf<Row>({ id, row, at, height, columns, active, chosen, choice, narrow, onPick, onOpen }: RowProps<Row>) {
  const pick = (event: MouseEvent) => {
    if (event.target instanceof Element && event.target.closest("a, button, input, summary")) return;
    onPick(at, event.shiftKey, event.ctrlKey || event.metaKey);
  };
  return (
    <div
      id={id}
      role="row"
      aria-rowindex={at + 2}
      aria-selected={choice === undefined ? undefined : chosen}
      className={narrow ? styles.cardRow : styles.row}
      data-active={active || undefined}
      data-chosen={chosen || undefined}
      data-plain={choice === undefined || undefined}
      style={{ height, transform: `translateY(${at * height}px)` }}
      onClick={pick}
      onDoubleClick={() => onOpen(at)}
    >
      {choice !== undefined && (
        <div role="gridcell" className={styles.check}>
          {row !== undefined && (
            <input
              type="checkbox"
              tabIndex={-1}
              checked={chosen}
              aria-label={`Select ${short(choice)}`}
              onChange={() => undefined}
              onClick={(event) => onPick(at, event.shiftKey, true)}
            />
          )}
        </div>
      )}
      {columns.map((column, place) => (
        <div
          key={column.id}
          role="gridcell"
          className={narrow ? (place === 0 ? styles.cardTitle : styles.pair) : styles.cell}
          data-end={(!narrow && column.end) || undefined}
        >
          {narrow && place > 0 && row !== undefined && <span className={styles.pairName}>{column.title}</span>}
          {row === undefined ? <span className={styles.bone} aria-label="Loading" /> : cellOf(column, row)}
        </div>
      ))}
    </div>
  );
}

function cellOf<Row>(column: Column<Row>, row: Row): ReactNode {
  if (column.cell) return column.cell(row);
  const text = valueText(column.value(row));
  return (
    <span className="cut" dir="auto" title={short(text, 500)}>
      {short(text, 300)}
    </span>
  );
}

/** One row: cells under the headers, or a card where the table is narrow. Drawn again only when it changed. */
export const Row = memo(RowOf) as typeof RowOf;
