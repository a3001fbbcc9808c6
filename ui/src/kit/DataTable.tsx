import { ActionIcon, Button, Select, Tooltip } from "@mantine/core";
import { IconBaselineDensityMedium, IconBaselineDensitySmall, IconX } from "@tabler/icons-react";
import { type ReactNode, useMemo, useSyncExternalStore } from "react";

import { useStore } from "../api/store";
import { Empty, ErrorFace, Partial } from "../shell/faces";
import { looks, setLooks } from "../theme/looks";
import { count } from "./format";
import { ColumnChooser } from "./table/ColumnChooser";
import { chosenColumns, type Column, type Sort } from "./table/columns";
import { ExportMenu } from "./table/ExportMenu";
import { Grid } from "./table/Grid";
import type { AskPage } from "./table/pages";
import styles from "./table/table.module.css";
import type { Paged } from "./table/usePages";

export type { Column, Sort } from "./table/columns";
export { askConnection } from "./table/ask";
export { useArrayPages, usePages } from "./table/usePages";

const NONE: ReadonlySet<string> = new Set();

/** What a table is given. */
export interface TableProps<Row> {
  /** Under this name the browser keeps what the reader did to the widths: `artifacts`. */
  readonly name: string;
  /** What the rows are, for those who hear it and above an empty table: `Artifacts`. */
  readonly label: string;
  /** The rows: `usePages(askConnection(...))` of a GraphQL listing, `useArrayPages(rows)` of rows that are all here. */
  readonly paged: Paged<Row>;
  /** Every column there is (memoise it) ... */
  readonly columns: readonly Column<Row>[];
  /** ... the ids of those shown, in their order (all, when left out) ... */
  readonly shown?: readonly string[];
  /** ... and what to do when the reader chose others; null for those of the beginning. Without it there is no chooser. */
  readonly onShown?: (shown: readonly string[] | null) => void;
  /** The chooser was opened: time to ask which columns there are. */
  readonly onChooser?: () => void;
  /** The id of a row (a steady function): `artifact:7`. */
  readonly rowId: (row: Row) => string;
  /** What a row is called, for its checkbox. */
  readonly rowName?: (row: Row) => string;
  /** Rows in all, where that is known; the table tells what it knows otherwise. */
  readonly total?: number | null;
  readonly sort?: Sort | null;
  /** The reader pressed a header of a column that has a `sort`. */
  readonly onSort?: (sort: Sort) => void;
  /** What is sorted downwards at the first press: times. */
  readonly downFirst?: readonly string[];
  /** Enter or a double click on a row (a steady function). */
  readonly onOpen?: (row: Row) => void;
  /** Ids of the rows that are selected, and what to do when others are. Without `onChoose` none can be. */
  readonly chosen?: ReadonlySet<string>;
  readonly onChoose?: (chosen: ReadonlySet<string>) => void;
  /** What can be done with the rows selected: buttons. */
  readonly actions?: ReactNode;
  /** Name of the file of an export; with `ask` the whole listing is exported. */
  readonly file?: string;
  readonly ask?: AskPage<Row>;
  /** Whether rows are cards where it is narrow; else it scrolls sideways there too. */
  readonly cards?: boolean;
  /** What else stands in the bar, before the tools. */
  readonly bar?: ReactNode;
  /** Shown where there is no row. */
  readonly empty?: ReactNode;
}

/**
 * A table of any length, of which the rows in view are held and drawn: sorted by the server, columns of choice and of any
 * width, rows selected, walked by the keyboard, exported whole. Where it is narrow its rows are cards.
 *
 * It fills the height of its parent: a flex column with `min-height: 0`.
 */
export function DataTable<Row>(props: TableProps<Row>) {
  const { paged, columns, chosen = NONE, onChoose, sort = null, onSort, rowId } = props;
  const total = props.total ?? paged.total ?? null;
  const listing = useSyncExternalStore(paged.pages.watch, paged.pages.get);
  const shown = useMemo(() => props.shown ?? columns.map((column) => column.id), [props.shown, columns]);
  const visible = useMemo(() => chosenColumns(columns, shown), [columns, shown]);
  const downFirst = useMemo(() => new Set(props.downFirst), [props.downFirst]);
  const nothing = listing.known === 0 && !listing.waiting;
  return (
    <section className={styles.table} aria-label={props.label}>
      <div className={styles.bar}>
        {onChoose && chosen.size > 0 ? (
          <>
            <span className={styles.count}>{count(chosen.size)} selected</span>
            <Tooltip label="Select none">
              <ActionIcon size="sm" variant="subtle" aria-label="Select none" onClick={() => onChoose(NONE)}>
                <IconX size={14} aria-hidden />
              </ActionIcon>
            </Tooltip>
            {props.actions}
          </>
        ) : (
          <span className={styles.count} role="status">
            {countText(listing, total)}
          </span>
        )}
        {props.bar}
        <div className={styles.tools}>
          {onSort && <SortMenu columns={columns} sort={sort} onSort={onSort} />}
          {props.onShown && (
            <ColumnChooser
              columns={columns}
              shown={shown}
              onShown={props.onShown}
              {...(props.onChooser ? { onOpen: props.onChooser } : {})}
            />
          )}
          {props.ask && <ExportMenu ask={props.ask} columns={visible} file={props.file ?? props.name} />}
          <DensityButton />
        </div>
      </div>
      {listing.failure && listing.known > 0 && (
        <Partial>
          {listing.failure.message}{" "}
          <Button size="compact-xs" variant="default" onClick={paged.pages.refresh}>
            Try again
          </Button>
        </Partial>
      )}
      {listing.failure && listing.known === 0 ? (
        <ErrorFace error={listing.failure} retry={paged.pages.refresh} />
      ) : nothing ? (
        (props.empty ?? <Empty title={`No ${props.label.toLowerCase()}`} />)
      ) : (
        <Grid
          name={props.name}
          label={props.label}
          columns={visible}
          pages={paged.pages}
          stale={paged.stale}
          total={total ?? (listing.whole ? listing.known : null)}
          cards={props.cards ?? true}
          rowId={rowId}
          rowName={props.rowName ?? rowId}
          sort={sort}
          onSort={onSort ?? (() => undefined)}
          downFirst={downFirst}
          onOpen={props.onOpen}
          chosen={chosen}
          onChoose={onChoose}
        />
      )}
      {!listing.whole && !listing.waiting && listing.length === listing.known && !listing.failure && (
        <div className={styles.end} role="status">
          The first {count(listing.known)} rows. Narrow the filter, or turn the order around, to see others.
        </div>
      )}
    </section>
  );
}

interface Counted {
  readonly waiting: boolean;
  readonly whole: boolean;
  readonly known: number;
  readonly failure: unknown;
}

function countText(listing: Counted, total: number | null): string {
  if (listing.failure && listing.known === 0) return "";
  if (listing.waiting) return "Loading";
  const all = total ?? (listing.whole ? listing.known : null);
  if (all === null) return `${count(listing.known)} rows and more`;
  return all === 1 ? "1 row" : `${count(all)} rows`;
}

/** The order, for those who have no headers to press: where the table is narrow. */
function SortMenu<Row>({
  columns,
  sort,
  onSort,
}: {
  readonly columns: readonly Column<Row>[];
  readonly sort: Sort | null;
  readonly onSort: (sort: Sort) => void;
}) {
  const choices = columns.flatMap(({ sort: by, title }) =>
    by === undefined
      ? []
      : [
          { value: `-${by}`, label: `${title} ↓` },
          { value: `+${by}`, label: `${title} ↑` },
        ],
  );
  if (choices.length === 0) return null;
  return (
    <Select
      className={styles.sortMenu}
      size="xs"
      aria-label="Order"
      allowDeselect={false}
      data={choices}
      value={sort ? `${sort.down ? "-" : "+"}${sort.by}` : null}
      onChange={(value) => {
        if (value) onSort({ by: value.slice(1), down: value.startsWith("-") });
      }}
    />
  );
}

function DensityButton() {
  const now = useStore(looks);
  const compact = now.density === "compact";
  const label = compact ? "Comfortable rows" : "Compact rows";
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="default"
        size={26}
        aria-label={label}
        onClick={() => setLooks({ ...now, density: compact ? "comfortable" : "compact" })}
      >
        {compact ? <IconBaselineDensityMedium size={14} /> : <IconBaselineDensitySmall size={14} />}
      </ActionIcon>
    </Tooltip>
  );
}
