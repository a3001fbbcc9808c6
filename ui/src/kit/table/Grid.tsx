import { useElementSize } from "@mantine/hooks";
import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  useCallback,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from "react";
import type { CombinedError } from "urql";

import { useStore } from "../../api/store";
import { type Key, useKeys } from "../../shell/keys";
import { looks } from "../../theme/looks";
import { type Column, leastWidth, nextSort, type Sort, template } from "./columns";
import { Head } from "./Head";
import { moveOf } from "./move";
import type { Pages } from "./pages";
import { Row } from "./Row";
import styles from "./table.module.css";
import { useWidths } from "./useWidths";

const HEAD = 34;
const CHECK = 36;
const NARROW = 600;
const [CARD, LINE] = [15, 22];

/** What the grid of a table is given by it. */
export interface GridProps<Row> {
  readonly name: string;
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly pages: Pages<Row, CombinedError>;
  readonly stale: boolean;
  readonly total: number | null;
  readonly cards: boolean;
  readonly rowId: (row: Row) => string;
  readonly rowName: (row: Row) => string;
  readonly sort: Sort | null;
  readonly onSort: (sort: Sort) => void;
  readonly downFirst: ReadonlySet<string>;
  readonly onOpen: ((row: Row) => void) | undefined;
  readonly chosen: ReadonlySet<string> | undefined;
  readonly onChoose: ((chosen: ReadonlySet<string>) => void) | undefined;
}

/** The rows of a table, those in view: one stop of the Tab key, within which the arrows move. */
export function Grid<Row>(props: GridProps<Row>) {
  const { columns, pages, chosen, onChoose, rowId, onOpen } = props;
  const listing = useSyncExternalStore(pages.watch, pages.get);
  const box = useRef<HTMLDivElement>(null);
  const { ref: measured, width } = useElementSize<HTMLDivElement>();
  const [place, setPlace] = useState({ pages, at: 0, anchor: 0 });
  const { table, dragged, setWidth } = useWidths(props.name, columns);
  const { density } = useStore(looks);
  const id = useId();
  const narrow = props.cards && width > 0 && width < NARROW;
  const height = narrow ? CARD + LINE * (1 + Math.ceil((columns.length - 1) / 2)) : density === "compact" ? 28 : 36;
  const head = narrow ? 0 : HEAD;
  const at = place.pages === pages ? Math.min(place.at, Math.max(0, listing.length - 1)) : 0;
  // eslint-disable-next-line react-hooks/incompatible-library -- no compiler memoises what is drawn here
  const rows = useVirtualizer({
    count: listing.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    overscan: 8,
    scrollPaddingStart: head,
    scrollMargin: head,
  });
  const items = rows.getVirtualItems();
  const [first, last] = [items[0]?.index ?? 0, items.at(-1)?.index ?? 0];
  useEffect(() => pages.see(first, last), [pages, first, last]);
  useEffect(() => rows.measure(), [rows, height]);
  useEffect(() => {
    box.current?.scrollTo({ top: 0 });
  }, [pages]);

  const pick = useCallback(
    (row: number, extend: boolean, toggle: boolean) => {
      setPlace((now) => ({ pages, at: row, anchor: extend && now.pages === pages ? now.anchor : row }));
      if (!onChoose || !chosen || !(extend || toggle)) return;
      const next = new Set(chosen);
      const from = extend ? Math.min(place.anchor, row) : row;
      for (let one = from; one <= (extend ? Math.max(place.anchor, row) : row); one += 1) {
        const found = pages.get().row(one);
        if (!found) continue;
        if (toggle && !extend && next.has(rowId(found))) next.delete(rowId(found));
        else next.add(rowId(found));
      }
      onChoose(next);
    },
    [pages, chosen, onChoose, rowId, place.anchor],
  );
  const open = useCallback(
    (row: number) => {
      const found = pages.get().row(row);
      if (found && onOpen) onOpen(found);
    },
    [pages, onOpen],
  );
  const act = (stroke: KeyboardEvent | globalThis.KeyboardEvent): boolean => {
    const page = Math.max(1, Math.floor(((box.current?.clientHeight ?? 0) - head) / height) - 1);
    const move = moveOf(stroke, at, listing.length, page);
    if (!move) return false;
    if (move.kind === "to") {
      pick(move.row, move.extend, false);
      rows.scrollToIndex(move.row, { align: "auto" });
    } else if (move.kind === "open") open(at);
    else if (move.kind === "scroll") box.current?.scrollBy({ left: move.by });
    else if (!onChoose) return false;
    else if (move.kind === "toggle") pick(at, false, true);
    else if (move.kind === "none") onChoose(new Set());
    else onChoose(new Set(loaded(pages).map(rowId)));
    return true;
  };
  const strokes = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget && !inRow(event.target, event.key)) return;
    if (!act(event)) return;
    event.preventDefault();
    box.current?.focus({ preventScroll: true });
  };
  useTableKeys(box, !!onOpen, !!onChoose);

  const columnsStyle = {
    "--columns": `${onChoose ? `${CHECK}px ` : ""}${template(columns, dragged)}`,
    minWidth: narrow ? undefined : leastWidth(columns, dragged) + (onChoose ? CHECK : 0),
  };
  const headers = table.getFlatHeaders();
  const some = (chosen?.size ?? 0) > 0;
  return (
    <div ref={measured} className={styles.frame} data-stale={props.stale || undefined}>
      <div
        ref={box}
        role="grid"
        tabIndex={0}
        className={styles.grid}
        aria-label={props.label}
        aria-rowcount={props.total === null ? -1 : props.total + 1}
        aria-multiselectable={!!onChoose}
        aria-busy={listing.asking}
        aria-activedescendant={items.some((item) => item.index === at) ? `${id}${at}` : undefined}
        onKeyDown={strokes}
      >
        {!narrow && (
          <div role="rowgroup" className={styles.headGroup} style={columnsStyle}>
            <div role="row" aria-rowindex={1} className={styles.headRow}>
              {onChoose && (
                <div role="columnheader" className={styles.check}>
                  <input
                    type="checkbox"
                    aria-label="Select all rows that are loaded"
                    checked={some}
                    onChange={() => onChoose(some ? new Set() : new Set(loaded(pages).map(rowId)))}
                  />
                </div>
              )}
              {columns.map((column) => {
                const header = headers.find((one) => one.column.id === column.id);
                return (
                  header && (
                    <Head
                      key={column.id}
                      column={column}
                      header={header}
                      sort={props.sort}
                      onSort={(by) => props.onSort(nextSort(props.sort, by, props.downFirst.has(by)))}
                      onWidth={setWidth}
                    />
                  )
                );
              })}
            </div>
          </div>
        )}
        <div role="rowgroup" className={styles.body} style={{ ...columnsStyle, height: listing.length * height }}>
          {items.map((item) => {
            const row = listing.row(item.index);
            const key = row === undefined ? undefined : rowId(row);
            return (
              <Row
                key={item.index}
                id={`${id}${item.index}`}
                row={row}
                at={item.index}
                height={height}
                columns={columns}
                active={item.index === at}
                chosen={key !== undefined && !!chosen?.has(key)}
                choice={onChoose && (row === undefined ? "" : props.rowName(row))}
                narrow={narrow}
                onPick={pick}
                onOpen={open}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

function loaded<Row>(pages: Pages<Row, CombinedError>): Row[] {
  const listing = pages.get();
  return Array.from({ length: listing.known }, (_, at) => listing.row(at)).filter((row) => row !== undefined);
}

/** Whether a stroke on something inside a row is meant for the table: arrows and paging are. */
function inRow(target: EventTarget, key: string): boolean {
  return /^(Arrow(Up|Down)|Page)/.test(key) && !(target instanceof Element && target.closest("[role=columnheader]"));
}

/** The table's keys, for the list of keys; pressed elsewhere on the page they lead into the table. */
function useTableKeys(box: React.RefObject<HTMLDivElement | null>, opens: boolean, chooses: boolean) {
  const keys = useMemo<readonly Key[]>(() => {
    const act = () => box.current?.focus();
    return [
      { key: "j", what: `Into the table; next row (also the arrow)${opens ? "; Enter opens it" : ""}`, act },
      { key: "k", what: "Into the table; row before (also the arrow)", act },
      ...(chooses
        ? [{ key: "x", what: "Select the row (also the space bar; Shift with an arrow: up to it)", act }]
        : []),
    ];
  }, [box, opens, chooses]);
  useKeys("Table", keys);
}
