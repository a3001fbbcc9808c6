import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useMemo, useState } from "react";
import { useQuery } from "urql";

import type { PropertyKind } from "../../api/schema.generated";
import { Empty } from "../../shell/faces";
import type { Shared } from "../../shell/search";
import { DataTable, usePages } from "../DataTable";
import { FilterBox } from "../FilterBox";
import { nodePath } from "../node";
import type { Column, Sort } from "../table/columns";
import type { AskPage } from "../table/pages";
import { Chips } from "./Chips";
import styles from "./listing.module.css";
import { type NodeRow, propertyColumn, rowId, rowName } from "./nodeColumns";
import { OwnColumnsDocument, TypeNamesDocument } from "./queries.generated";
import { Saved } from "./Saved";
import { filterPart } from "./saved";
import type { List } from "./useList";

const DOWN_FIRST = ["CREATED", "UPDATED", "ID", "SIZE", "STARTED", "ENDED"];

/** A list of nodes of one kind: filter, chips, saved filters, and the table; its address tells all of it. */
export function NodeList<Row extends NodeRow>({
  list,
  label,
  columns,
  states,
  ask,
  total,
  actions,
  hint,
}: {
  readonly list: List;
  /** `Artifacts`. */
  readonly label: string;
  /** The columns of the kind; those of properties come by themselves. */
  readonly columns: readonly Column<Row>[];
  readonly states: readonly string[];
  readonly ask: AskPage<Row>;
  readonly total: number | null;
  readonly actions: ReactNode;
  /** What puts something here where nothing is. */
  readonly hint: ReactNode;
}) {
  const { search, change, kind } = list;
  const navigate = useNavigate();
  const name = label.toLowerCase();
  const [wanted, want] = useState({ types: false, columns: false });
  const [{ data: named }] = useQuery({ query: TypeNamesDocument, variables: { kind }, pause: !wanted.types });
  const own = useOwnColumns(list, wanted.columns);
  const all = useMemo(() => [...columns, ...own.map(([id, of]) => propertyColumn<Row>(id, of))], [columns, own]);
  const types = useMemo(() => [...new Set(named?.types.nodes.map((type) => type.name))].toSorted(), [named]);
  const onOpen = useCallback((row: Row) => void navigate({ to: nodePath(row.id) }), [navigate]);
  const narrowed = Object.keys(filterPart(search)).length > 0 || list.namespace !== undefined;
  const clear = () => change({ q: "", type: "", state: [], since: "", until: "" });
  return (
    <div className={styles.view}>
      <h1 className="unseen">{label}</h1>
      <div className={styles.top}>
        <FilterBox kind={kind} value={search.q ?? ""} onApply={(q) => change({ q })} />
        <Chips
          search={search}
          onChange={change}
          types={types}
          onTypes={() => want({ ...wanted, types: true })}
          states={states}
          namespace={list.namespace}
          onNamespace={() => void navigate({ to: ".", search: (now: Shared) => ({ ...now, ns: undefined }) })}
        />
        <Saved list={name} search={search} onTake={(saved) => change({ ...CLEAR, ...saved })} />
      </div>
      <DataTable
        name={name}
        label={label}
        paged={usePages(ask)}
        columns={all}
        shown={list.cols}
        onShown={(cols) => change({ cols: cols ?? [] })}
        onChooser={() => want({ ...wanted, columns: true })}
        rowId={rowId}
        rowName={rowName}
        total={total}
        sort={list.sort}
        onSort={(sort: Sort) => change({ sort: `${sort.down ? "-" : ""}${sort.by}` })}
        downFirst={DOWN_FIRST}
        onOpen={onOpen}
        chosen={list.chosen}
        onChoose={list.choose}
        actions={actions}
        file={name}
        ask={ask}
        bar={
          narrowed && (
            <Button size="compact-xs" variant="subtle" onClick={clear}>
              Clear the filter
            </Button>
          )
        }
        empty={
          narrowed ? (
            <Empty title={`No ${name} match`} action={<Button onClick={clear}>Clear the filter</Button>}>
              Nothing recorded fits the filter{list.namespace !== undefined && ` in the namespace ${list.namespace}`}.
            </Empty>
          ) : (
            <Empty title={`No ${name} yet`}>{hint}</Empty>
          )
        }
      />
    </div>
  );
}

const CLEAR = { q: "", type: "", state: [], since: "", until: "" } as const;

/** The columns of properties: those the address names, and, once the chooser was opened, those of the types listed. */
function useOwnColumns(list: List, wanted: boolean): readonly (readonly [string, PropertyKind | undefined])[] {
  const { kind, search, cols } = list;
  const shown = cols.filter((id) => /^[pc]\../.test(id));
  const [{ data }] = useQuery({
    query: OwnColumnsDocument,
    variables: { kind, name: search.type ?? null },
    pause: !wanted && shown.length === 0,
  });
  const key = JSON.stringify(shown);
  return useMemo(() => {
    const found = new Map<string, PropertyKind | undefined>((JSON.parse(key) as string[]).map((id) => [id, undefined]));
    for (const type of data?.types.nodes ?? []) {
      for (const one of type.properties) found.set(`p.${one.name}`, one.kind);
      for (const one of type.customProperties) found.set(`c.${one.name}`, one.kind);
    }
    return [...found];
  }, [key, data]);
}
