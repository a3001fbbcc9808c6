import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";

import type { ArtifactState, ExecutionState, NodeKind, OrderField } from "../../api/schema.generated";
import { useNamespace } from "../../shell/place";
import type { Sort } from "../table/columns";
import { numberOf } from "../node";
import { numbersOf, ranges } from "./ranges";
import { type ListSearch, listSearch } from "./search";
import { momentOf } from "./when";

const ORDERS: readonly OrderField[] = ["ID", "CREATED", "UPDATED", "NAME", "TYPE", "STATE", "SIZE", "STARTED", "ENDED"];

/** What a list asks the server, from its address. */
export interface ListVariables {
  readonly where: string | null;
  readonly filter: {
    readonly type?: string;
    readonly namespace?: string;
    readonly state?: readonly string[];
    readonly createdAfterMs?: number;
    readonly createdBeforeMs?: number;
  };
  readonly orderBy: { readonly field: OrderField; readonly direction: "ASC" | "DESC" };
  readonly properties: readonly string[];
  readonly custom: readonly string[];
}

/** A list as its address tells it, and how to tell the address otherwise. */
export interface List {
  readonly kind: NodeKind;
  readonly search: ListSearch;
  readonly variables: ListVariables;
  readonly sort: Sort;
  readonly cols: readonly string[];
  readonly chosen: ReadonlySet<string>;
  readonly namespace: string | undefined;
  /** Say otherwise what is given; empty takes it away. A change of the filter selects nothing. */
  readonly change: (patch: ListSearch) => void;
  readonly choose: (chosen: ReadonlySet<string>) => void;
}

/** Read the address of a list of nodes of a kind; `columns` are shown where it names none. */
export function useList(kind: NodeKind, columns: readonly string[]): List {
  const raw: unknown = useSearch({ strict: false });
  const key = JSON.stringify(listSearch(raw as Record<string, unknown>));
  const search = useMemo(() => JSON.parse(key) as ListSearch, [key]);
  const namespace = useNamespace();
  const navigate = useNavigate();
  const [now, setNow] = useState(() => Date.now());
  const go = useCallback(
    (patch: ListSearch) => {
      void navigate({ to: ".", replace: true, search: (before: object) => tidy({ ...before, ...patch }) });
    },
    [navigate],
  );
  const change = useCallback(
    (patch: ListSearch) => {
      setNow(Date.now());
      go(["sort", "cols"].some((part) => part in patch) ? patch : { ...patch, sel: [] });
    },
    [go],
  );
  const choose = useCallback((chosen: ReadonlySet<string>) => go({ sel: ranges([...chosen].map(numberOf)) }), [go]);
  const chosen = useMemo(
    () => new Set(numbersOf(search.sel ?? []).map((number) => `${kind.toLowerCase()}:${number}`)),
    [kind, search.sel],
  );
  const sort = useMemo(() => sortOf(search.sort), [search.sort]);
  const cols = search.cols ?? columns;
  const asked = JSON.stringify(variablesOf(search, sort, cols, namespace, now));
  const variables = useMemo(() => JSON.parse(asked) as ListVariables, [asked]);
  return { kind, search, variables, sort, cols, chosen, namespace, change, choose };
}

/** The filter of a list, as its kind's input spells states. */
export function artifactFilter(filter: ListVariables["filter"]) {
  return { ...filter, state: filter.state as readonly ArtifactState[] | undefined };
}

/** The same of executions. */
export function executionFilter(filter: ListVariables["filter"]) {
  return { ...filter, state: filter.state as readonly ExecutionState[] | undefined };
}

/** The same of contexts, which have no state. */
export function contextFilter(filter: ListVariables["filter"]) {
  return Object.fromEntries(Object.entries(filter).filter(([key]) => key !== "state")) as Omit<
    ListVariables["filter"],
    "state"
  >;
}

/** `-CREATED` as an order; the newest first where the address says nothing. */
export function sortOf(text: string | undefined): Sort {
  const by = ORDERS.find((order) => order === text?.replace(/^-/, ""));
  return by ? { by, down: text?.startsWith("-") ?? false } : { by: "CREATED", down: true };
}

/** What is asked, from an address. */
export function variablesOf(
  search: ListSearch,
  sort: Sort,
  cols: readonly string[],
  namespace: string | undefined,
  nowMs: number,
): ListVariables {
  const after = search.since ? momentOf(search.since, nowMs) : null;
  const before = search.until ? momentOf(search.until, nowMs) : null;
  const named = (prefix: string) => cols.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length));
  return {
    where: search.q ?? null,
    filter: {
      ...(search.type ? { type: search.type } : {}),
      ...(namespace ? { namespace } : {}),
      ...(search.state ? { state: search.state } : {}),
      ...(after === null ? {} : { createdAfterMs: after }),
      ...(before === null ? {} : { createdBeforeMs: before }),
    },
    orderBy: { field: sort.by as OrderField, direction: sort.down ? "DESC" : "ASC" },
    properties: named("p."),
    custom: named("c."),
  };
}

function tidy(search: object): object {
  const kept = Object.entries(search).filter(([, value]) => value !== "" && !(Array.isArray(value) && !value.length));
  return Object.fromEntries(kept);
}
