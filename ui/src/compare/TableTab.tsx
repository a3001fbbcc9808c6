import { useMemo } from "react";

import { count } from "../kit/format";
import { Empty } from "../shell/faces";
import { Cell } from "./Cell";
import styles from "./compare.module.css";
import { type Column, ordered, sortOf } from "./columns";
import { Grid } from "./Grid";
import { type ColumnActs, ColumnHead, ItemHead } from "./Heads";

/** What the table is made of. */
export interface Items {
  readonly ids: readonly string[];
  readonly names: readonly (string | null)[];
}

/** The items side by side: down with columns across, or across with columns down. */
export function TableTab({
  items,
  columns,
  base,
  sort,
  turn,
  acts,
  onBase,
  onRemove,
}: {
  readonly items: Items;
  readonly columns: readonly Column[];
  readonly base: string | undefined;
  readonly sort: string | undefined;
  readonly turn: "rows" | "columns";
  readonly acts: ColumnActs;
  readonly onBase: (id: string | undefined) => void;
  readonly onRemove: (id: string) => void;
}) {
  const by = sortOf(sort);
  const baseAt = base === undefined ? -1 : items.ids.indexOf(base);
  const order = useMemo(() => {
    const wanted = sortOf(sort);
    const column = wanted ? columns.find((one) => one.id === wanted.id) : undefined;
    return ordered(items.ids.length, column, wanted?.down ?? false, baseAt);
  }, [items, columns, sort, baseAt]);
  const lines = useMemo(() => linesOf(columns), [columns]);
  const narrow = useMemo(() => columns.map(widthOf), [columns]);
  const wide = useMemo(() => order.map(() => 190), [order]);
  if (columns.length === 0) {
    return (
      <Empty title="Nothing differs">
        {items.ids.length > 1
          ? `${count(items.ids.length)} items agree in everything that is told of them. Show also what is the same to see it.`
          : "A comparison takes two items at least. Add another."}
      </Empty>
    );
  }
  const head = (item: number) => {
    const id = items.ids[item] ?? "";
    return (
      <ItemHead id={id} name={items.names[item] ?? null} isBase={item === baseAt} onBase={onBase} onRemove={onRemove} />
    );
  };
  const value = (column: Column | undefined, item: number | undefined) =>
    column !== undefined &&
    item !== undefined && (
      <Cell
        column={column}
        value={column.values[item]}
        base={baseAt >= 0 && item !== baseAt ? column.values[baseAt] : undefined}
      />
    );
  if (turn === "columns") {
    const at = lines.findIndex((line) => typeof line !== "string" && line.id === by?.id);
    return (
      <Grid
        label="Comparison"
        rows={lines.length}
        widths={wide}
        lead={250}
        head={48}
        corner={<span className={styles.section}>{count(columns.length)} columns</span>}
        columnHead={(column) => head(order[column] ?? 0)}
        columnKey={(column) => items.ids[order[column] ?? 0] ?? ""}
        rowKey={(row) => keyOf(lines[row])}
        rowHead={(row) => {
          const line = lines[row];
          return typeof line === "string"
            ? line
            : line && <ColumnHead column={line} sort={by} acts={acts} section={null} />;
        }}
        rowLook={(row) => (typeof lines[row] === "string" ? "heading" : undefined)}
        cell={(row, column) => {
          const line = lines[row];
          return typeof line === "string" ? null : value(line, order[column]);
        }}
        sorted={by && at >= 0 ? { row: at, down: by.down } : undefined}
      />
    );
  }
  const at = columns.findIndex((column) => column.id === by?.id);
  return (
    <Grid
      label="Comparison"
      rows={order.length}
      widths={narrow}
      lead={270}
      head={54}
      corner={<span className={styles.section}>{count(order.length)} items</span>}
      columnHead={(column) => {
        const one = columns[column];
        return one && <ColumnHead column={one} sort={by} acts={acts} section={one.section} />;
      }}
      columnKey={(column) => columns[column]?.id ?? ""}
      rowKey={(row) => items.ids[order[row] ?? 0] ?? ""}
      rowHead={(row) => head(order[row] ?? 0)}
      rowLook={(row) => (order[row] === baseAt ? "base" : undefined)}
      cell={(row, column) => value(columns[column], order[row])}
      sorted={by && at >= 0 ? { column: at, down: by.down } : undefined}
    />
  );
}

function linesOf(columns: readonly Column[]): readonly (string | Column)[] {
  return columns.flatMap((column, at) =>
    columns[at - 1]?.section === column.section ? [column] : [titled(column.section), column],
  );
}

function titled(section: string): string {
  return section.charAt(0).toUpperCase() + section.slice(1);
}

function keyOf(line: string | Column | undefined): string {
  return typeof line === "string" ? `§ ${line}` : (line?.id ?? "");
}

function widthOf(column: Column): number {
  if (column.section === "states") return 138;
  return column.isNumber ? (/_ms$/.test(column.name) ? 176 : 164) : 190;
}
