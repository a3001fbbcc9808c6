import {
  columnResizingFeature, columnSizingFeature, type ReactTable, tableFeatures, useTable,
} from "@tanstack/react-table"; // prettier-ignore
import { useEffect, useMemo } from "react";

import { type Column, widthOf } from "./columns";
import { keepWidths, keptWidths } from "./widths";

const features = tableFeatures({ columnSizingFeature, columnResizingFeature });

/** What the headless table does for us: the widths of columns, and dragging them. */
export type WidthFeatures = typeof features;
/** It never sees a row: the grid draws those itself. */
export type NoRow = Record<string, never>;

/** The headers of the columns shown, with the widths someone dragged them to, which the browser keeps. */
export function useWidths<Row>(
  name: string,
  columns: readonly Column<Row>[],
): {
  readonly table: ReactTable<WidthFeatures, NoRow>;
  readonly dragged: Readonly<Record<string, number>>;
  readonly setWidth: (id: string, width: number | null) => void;
} {
  const defs = useMemo(
    () => columns.map((column) => ({ id: column.id, header: column.title, size: widthOf(column), minSize: 48 })),
    [columns],
  );
  const data = useMemo<NoRow[]>(() => [], []);
  const initialState = useMemo(() => ({ columnSizing: keptWidths(name) }), [name]);
  const table = useTable<WidthFeatures, NoRow>({
    features,
    columns: defs,
    data,
    initialState,
    columnResizeMode: "onChange",
  });
  const dragged = table.state.columnSizing;
  useEffect(() => keepWidths(name, dragged), [name, dragged]);
  const setWidth = (id: string, width: number | null) => {
    table.setColumnSizing((now) => {
      const rest = Object.fromEntries(Object.entries(now).filter(([one]) => one !== id));
      return width === null ? rest : { ...rest, [id]: width };
    });
  };
  return { table, dragged, setWidth };
}
