import { type CSSProperties, useMemo, useState } from "react";

import { DataTable, useArrayPages } from "../DataTable";
import { figure } from "../format";
import { type Column, type Sort, valueText } from "../table/columns";
import type { PreviewData } from "./Preview";
import styles from "./preview.module.css";

type Cells = readonly unknown[];
type Row = { readonly at: number; readonly cells: Cells };

const WIDE = 8;
const rowId = (row: Row) => String(row.at);

/** The rows of a table that was previewed: sorted, sized and exported as any other. */
export function TablePreview({ preview, label }: { readonly preview: PreviewData; readonly label: string }) {
  const [sort, setSort] = useState<Sort | null>(null);
  const { columns: names, rows: read } = preview;
  const rows = useMemo(() => (read ?? []).map((cells, at) => ({ at, cells })), [read]);
  const columns = useMemo(() => columnsOf(names ?? [], rows), [names, rows]);
  const sorted = useMemo(() => (sort ? rows.toSorted((a, b) => order(a, b, sort)) : rows), [rows, sort]);
  return (
    <div className={styles.table} style={{ "--rows": rows.length } as CSSProperties}>
      <DataTable
        name="preview"
        label={`Rows of ${label}`}
        paged={useArrayPages<Row>(sorted)}
        columns={columns}
        rowId={rowId}
        sort={sort}
        onSort={setSort}
        cards={false}
      />
    </div>
  );
}

function columnsOf(names: readonly string[], rows: readonly Row[]): readonly Column<Row>[] {
  return names.map((title, at) => {
    const isNumber = rows.slice(0, 50).every(({ cells }) => typeof cells[at] === "number" || cells[at] === null);
    return {
      id: String(at),
      title: title || `Column ${at + 1}`,
      width: Math.min(260, Math.max(80, 9 * title.length + 44)),
      ...(names.length <= WIDE ? { grow: 1 } : {}),
      end: isNumber,
      sort: String(at),
      value: (row) => row.cells[at] ?? null,
      ...(isNumber ? { cell: (row: Row) => numberCell(row.cells[at]) } : {}),
    };
  });
}

function numberCell(value: unknown) {
  return typeof value === "number" ? (
    <span className="cut" title={String(value)}>
      {figure(value)}
    </span>
  ) : null;
}

function order(a: Row, b: Row, { by, down }: Sort): number {
  const [x, y] = [a.cells[Number(by)], b.cells[Number(by)]];
  if (x === y) return a.at - b.at;
  if (x === null || x === undefined) return 1; // what is empty comes last, either way
  if (y === null || y === undefined) return -1;
  const less = typeof x === "number" && typeof y === "number" ? x - y : valueText(x).localeCompare(valueText(y));
  return down ? -less : less;
}
