import { IconArrowDown, IconArrowUp, IconArrowsSort } from "@tabler/icons-react";
import type { Header } from "@tanstack/react-table";
import type { KeyboardEvent, PointerEvent } from "react";

import type { Column, Sort } from "./columns";
import type { NoRow, WidthFeatures } from "./useWidths";
import styles from "./table.module.css";

const STEP = 16;
const LEAST = 48;

/** The header of one column: a press sorts, the edge is dragged, Alt with the arrows makes it wider or narrower. */
export function Head<Row>({
  column,
  header,
  sort,
  onSort,
  onWidth,
}: {
  readonly column: Column<Row>;
  readonly header: Header<WidthFeatures, NoRow>;
  readonly sort: Sort | null;
  readonly onSort: (by: string) => void;
  readonly onWidth: (id: string, width: number | null) => void;
}) {
  const { sort: by, title, end } = column;
  const sorted = by !== undefined && sort?.by === by ? (sort.down ? "descending" : "ascending") : undefined;
  const Arrow = sorted === "descending" ? IconArrowDown : sorted ? IconArrowUp : IconArrowsSort;
  const resize = (event: KeyboardEvent<HTMLElement>) => {
    if (!event.altKey || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    event.preventDefault();
    event.stopPropagation();
    const now = cellOf(event.currentTarget).offsetWidth;
    onWidth(column.id, Math.max(LEAST, now + (event.key === "ArrowRight" ? STEP : -STEP)));
  };
  const drag = (event: PointerEvent<HTMLElement>) => {
    onWidth(column.id, cellOf(event.currentTarget).offsetWidth); // from here it is dragged, not from its least width
    header.getResizeHandler()(event.nativeEvent);
  };
  return (
    <div
      role="columnheader"
      aria-sort={by === undefined ? undefined : (sorted ?? "none")}
      className={styles.head}
      data-end={end || undefined}
    >
      {by === undefined ? (
        <span className="cut" title={title}>
          {title}
        </span>
      ) : (
        <button
          type="button"
          className={styles.sort}
          data-on={sorted && ""}
          onClick={() => onSort(by)}
          onKeyDown={resize}
          title={title}
        >
          <span className="cut">{title}</span>
          <Arrow size={13} aria-hidden />
        </button>
      )}
      <span
        className={styles.edge}
        aria-hidden
        onPointerDown={drag}
        onDoubleClick={() => onWidth(column.id, null)}
        data-resizing={header.column.getIsResizing() || undefined}
      />
    </div>
  );
}

function cellOf(inside: HTMLElement): HTMLElement {
  return inside.closest<HTMLElement>("[role=columnheader]") ?? inside;
}
