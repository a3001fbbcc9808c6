import { type CSSProperties, type ReactNode, useLayoutEffect, useMemo, useRef, useState } from "react";

import { useStore } from "../api/store";
import { looks } from "../theme/looks";
import styles from "./grid.module.css";
import { seen, startsOf, stretched } from "./grid";

/** What a grid draws: any number of rows and columns, of which those in view are made. */
export interface GridProps {
  readonly label: string;
  readonly rows: number;
  /** Widths of the columns. */
  readonly widths: readonly number[];
  /** Width of the first column, which stays. */
  readonly lead: number;
  /** Height of the first row, which stays. */
  readonly head: number;
  readonly corner: ReactNode;
  readonly columnHead: (column: number) => ReactNode;
  readonly rowHead: (row: number) => ReactNode;
  readonly cell: (row: number, column: number) => ReactNode;
  readonly columnKey: (column: number) => string;
  readonly rowKey: (row: number) => string;
  /** How a row stands out: a heading, the base. */
  readonly rowLook?: (row: number) => "heading" | "base" | undefined;
  /** The order of a column or row, for those who hear it. */
  readonly sorted?: { readonly column?: number; readonly row?: number; readonly down: boolean } | undefined;
}

const COMFORTABLE = 34;
const COMPACT = 28;
/** Of the room, where it is narrow. */
const MOST_LEAD = 0.45;

/** A table that scrolls both ways under heads that stay. */
export function Grid(props: GridProps) {
  const { label, rows, widths, head, corner, columnHead, rowHead, cell, columnKey, rowKey, rowLook, sorted } = props;
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ width: 1200, height: 700 });
  const [scroll, setScroll] = useState({ left: 0, top: 0 });
  const height = useStore(looks).density === "compact" ? COMPACT : COMFORTABLE;
  const lead = Math.min(props.lead, Math.floor(view.width * MOST_LEAD));
  const sizes = useMemo(() => stretched(widths, view.width - lead), [widths, view.width, lead]);
  const lefts = useMemo(() => startsOf(sizes), [sizes]);
  const tops = useMemo(() => startsOf(Array.from({ length: rows }, () => height)), [rows, height]);
  useLayoutEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    const watcher = new ResizeObserver(() => setView({ width: place.clientWidth, height: place.clientHeight }));
    watcher.observe(place);
    return () => watcher.disconnect();
  }, []);
  const down = seen(tops, scroll.top, Math.max(0, view.height - head), 6);
  const across = seen(lefts, scroll.left, Math.max(0, view.width - lead), 2);
  const columns = Array.from({ length: across.to - across.from }, (_, at) => across.from + at);
  const size = { width: lead + (lefts.at(-1) ?? 0), "--lead": `${lead}px` } as CSSProperties;
  const place = (column: number): CSSProperties => ({
    left: lead + (lefts[column] ?? 0),
    width: sizes[column] ?? 0,
  });
  const order = sorted?.down ? "descending" : "ascending";
  return (
    <div
      ref={box}
      className={styles.grid}
      role="table"
      aria-label={label}
      aria-rowcount={rows + 1}
      aria-colcount={widths.length + 1}
      tabIndex={0}
      onScroll={({ currentTarget: { scrollLeft: left, scrollTop: top } }) => setScroll({ left, top })}
    >
      <div role="rowgroup" className={styles.head} style={{ ...size, height: head }}>
        <div role="row" aria-rowindex={1} className={styles.headRow}>
          <div role="columnheader" aria-colindex={1} className={styles.corner}>
            {corner}
          </div>
          {columns.map((column) => (
            <div
              key={columnKey(column)}
              role="columnheader"
              aria-colindex={column + 2}
              aria-sort={sorted?.column === column ? order : undefined}
              className={styles.columnHead}
              style={place(column)}
            >
              {columnHead(column)}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className={styles.body} style={{ ...size, height: tops.at(-1) ?? 0 }}>
        {Array.from({ length: down.to - down.from }, (_, at) => down.from + at).map((row) => {
          const look = rowLook?.(row);
          return (
            <div
              key={rowKey(row)}
              role="row"
              aria-rowindex={row + 2}
              className={styles.row}
              data-look={look}
              style={{ top: tops[row], height }}
            >
              <div role="rowheader" aria-colindex={1} className={styles.rowHead}>
                {rowHead(row)}
              </div>
              {look !== "heading" &&
                columns.map((column) => (
                  <div
                    key={columnKey(column)}
                    role="cell"
                    aria-colindex={column + 2}
                    className={styles.cell}
                    style={place(column)}
                  >
                    {cell(row, column)}
                  </div>
                ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
