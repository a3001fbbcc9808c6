import { SegmentedControl, TextInput } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

import { useLiveQuery } from "../api/live";
import { DataTable, useArrayPages } from "../kit/DataTable";
import { count, short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import listing from "../kit/listing/listing.module.css";
import { timeColumn } from "../kit/listing/nodeColumns";
import { type Column, type Sort, valueText } from "../kit/table/columns";
import { Empty, ErrorFace, Loading, Partial } from "../shell/faces";
import { TypeRowsDocument, type TypeRowsQuery } from "./queries.generated";
import type { TypeSearch } from "./search";

type Row = TypeRowsQuery["types"]["nodes"][number];

const KINDS = [
  { value: "", label: "All" },
  { value: "ARTIFACT", label: "Artifacts" },
  { value: "EXECUTION", label: "Executions" },
  { value: "CONTEXT", label: "Contexts" },
];
const LISTS = { ARTIFACT: "/artifacts", EXECUTION: "/executions", CONTEXT: "/contexts" } as const;

const COLUMNS: readonly Column<Row>[] = [
  {
    id: "name",
    title: "Name",
    width: 220,
    grow: 2,
    fixed: true,
    sort: "name",
    value: (row) => row.name,
    cell: (row) => (
      <>
        <KindIcon kind={row.kind} />
        <Link
          to="/types/$id"
          params={{ id: row.id.replace("type:", "") }}
          className="cut"
          style={{ marginLeft: 6 }}
          title={short(row.name, 500)}
          dir="auto"
          tabIndex={-1}
        >
          {short(row.name, 200)}
        </Link>
      </>
    ),
  },
  { id: "version", title: "Version", width: 90, sort: "version", value: (row) => row.version },
  {
    id: "count",
    title: "Nodes",
    width: 100,
    end: true,
    sort: "count",
    value: (row) => row.count,
    cell: (row) => (
      <Link to={LISTS[row.kind]} search={{ type: row.name }} tabIndex={-1}>
        {count(row.count)}
      </Link>
    ),
  },
  {
    id: "properties",
    title: "Properties",
    width: 110,
    end: true,
    sort: "properties",
    value: (row) => row.properties.length,
  },
  { id: "base", title: "Based on", width: 140, sort: "base", value: (row) => row.baseType?.name ?? null },
  { id: "description", title: "Description", width: 160, grow: 2, value: (row) => row.description },
  timeColumn("created", "Registered", (row) => row.createdMs, "created"),
  { id: "id", title: "Id", width: 90, value: (row) => row.id },
];
const rowId = (row: Row) => row.id;
const rowName = (row: Row) => row.name;

/** Every type of the record, with how many nodes it has. */
export function TypesView() {
  const search = useSearch({ from: "/types" });
  const navigate = useNavigate();
  const [{ data, error }, again] = useLiveQuery({ query: TypeRowsDocument, variables: { kind: search.kind ?? null } });
  const sort = useMemo(() => sortOf(search.sort), [search.sort]);
  const rows = useMemo(() => chosen(data?.types.nodes ?? [], search.q ?? "", sort), [data, search.q, sort]);
  const change = (patch: Readonly<Partial<Record<keyof TypeSearch, string>>>) =>
    void navigate({
      to: ".",
      replace: true,
      search: (now: object) =>
        Object.fromEntries(Object.entries({ ...now, ...patch }).filter(([, value]) => value !== "")),
    });
  const onOpen = useCallback(
    (row: Row) => void navigate({ to: "/types/$id", params: { id: row.id.replace("type:", "") } }),
    [navigate],
  );
  if (!data) return error ? <ErrorFace error={error} retry={again} /> : <Loading />;
  return (
    <div className={listing.view}>
      <h1 className="unseen">Types</h1>
      <div className={listing.top}>
        <TextInput
          size="xs"
          w={260}
          aria-label="Find by name"
          placeholder="Find by name"
          value={search.q ?? ""}
          onChange={(event) => change({ q: event.currentTarget.value })}
        />
        <SegmentedControl
          size="xs"
          aria-label="Kind"
          data={KINDS}
          value={search.kind ?? ""}
          onChange={(kind) => change({ kind })}
        />
      </div>
      {data.types.pageInfo.hasNextPage && <Partial>The first {count(data.types.nodes.length)} types.</Partial>}
      <Types
        rows={rows}
        sort={sort}
        onSort={(by) => change({ sort: `${by.down ? "-" : ""}${by.by}` })}
        onOpen={onOpen}
      />
    </div>
  );
}

function Types({
  rows,
  sort,
  onSort,
  onOpen,
}: {
  readonly rows: readonly Row[];
  readonly sort: Sort;
  readonly onSort: (sort: Sort) => void;
  readonly onOpen: (row: Row) => void;
}) {
  return (
    <DataTable
      name="types"
      label="Types"
      paged={useArrayPages(rows)}
      columns={COLUMNS}
      rowId={rowId}
      rowName={rowName}
      sort={sort}
      onSort={onSort}
      downFirst={["count", "created", "properties"]}
      onOpen={onOpen}
      empty={<Empty title="No types">Types come with what is recorded: the first run registers its own.</Empty>}
    />
  );
}

function sortOf(text: string | undefined): Sort {
  const by = text?.replace(/^-/, "");
  return COLUMNS.some((column) => column.sort === by) && by
    ? { by, down: text?.startsWith("-") ?? false }
    : { by: "name", down: false };
}

function chosen(rows: readonly Row[], text: string, { by, down }: Sort): readonly Row[] {
  const wanted = text.trim().toLowerCase();
  const column = COLUMNS.find((one) => one.sort === by);
  const found = rows.filter((row) => row.name.toLowerCase().includes(wanted));
  return found.toSorted((a, b) => {
    const [x, y] = [column?.value(a), column?.value(b)];
    const less = typeof x === "number" && typeof y === "number" ? x - y : valueText(x).localeCompare(valueText(y));
    return (down ? -less : less) || a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
  });
}
