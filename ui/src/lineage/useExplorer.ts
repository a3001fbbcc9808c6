import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";

import { listen, seq } from "../api/live";
import { useStore } from "../api/store";
import type { NeighbourOrder } from "../api/schema.generated";
import { type Loaded, merge, NOTHING } from "./graph";
import { read, spell } from "./ids";
import { ExplorerAgainDocument, ExplorerExpandDocument, ExplorerOpenDocument } from "./queries.generated";
import type { LineageSearch } from "./search";
import { type Asking, useAsk } from "./useAsk";

/** What one answer told of the whole, beyond what is shown. */
export interface Facts {
  readonly focus: string;
  readonly upstream: number;
  readonly downstream: number;
  readonly depth: number | null;
  readonly partial: boolean;
  readonly totalNodes: number | null;
  readonly seq: number;
  readonly tookMs: number;
  readonly firstMs: number | null;
  readonly lastMs: number | null;
}

interface Known {
  /** Everything that was told, of whatever moment; nodes as they were told last. */
  readonly union: Loaded;
  /** What there is at the moment shown; null for all. */
  readonly present: {
    readonly at: number;
    readonly nodes: ReadonlySet<string>;
    readonly edges: ReadonlySet<string>;
  } | null;
  readonly opened: readonly string[];
  readonly openedKey: string;
  readonly facts: Facts | null;
}

interface Step {
  readonly focus: string | undefined;
  readonly shown: string | undefined;
}

/** How a node is expanded. */
export interface Expansion {
  readonly by?: NeighbourOrder;
  readonly types?: readonly string[];
  readonly first?: number;
}

/** How many nodes a start shows at most, one expansion adds, and a drawing can hold. */
export const BOUNDS = { start: 60, page: 20, shown: 2000 } as const;

export type Explorer = ReturnType<typeof useExplorer>;

/** The explorer's state: the address says what is shown, the record what that is. */
export function useExplorer(focus: string) {
  const search = useSearch({ from: "/explorer" });
  const navigate = useNavigate({ from: "/explorer" });
  const [known, setKnown] = useState<Known>({ union: NOTHING, present: null, opened: [], openedKey: "", facts: null });
  const [past, setPast] = useState<{ readonly back: readonly Step[]; readonly forth: readonly Step[] }>({ back: [], forth: [] }); // prettier-ignore
  const [fresh, setFresh] = useState<readonly string[]>([]);
  const asking = useAsk();
  const { hops = 1, shown: spelled, at } = search;
  const openedKey = `${focus} ${hops}`;

  const shown = useMemo(() => {
    const ids = spelled === undefined ? null : read(spelled);
    return new Set(ids ? [focus, ...ids] : known.openedKey === openedKey ? known.opened : [focus]);
  }, [spelled, known.opened, known.openedKey, openedKey, focus]);
  const set = useCallback(
    (patch: Partial<LineageSearch>, replace = false) =>
      void navigate({ search: (now) => ({ ...now, ...patch }), replace }),
    [navigate],
  );
  const commit = useCallback(
    (ids: Iterable<string>, patch: Partial<LineageSearch> = {}, replace = false) => {
      setPast(({ back }) => ({ back: [...back.slice(-49), { focus, shown: spelled }], forth: [] }));
      set({ ...patch, shown: spell(ids) }, replace);
    },
    [focus, spelled, set],
  );
  useRecord({ focus, hops, spelled, at, openedKey, known, setKnown, asking });

  const move = (from: "back" | "forth", to: "back" | "forth") => {
    const step = past[from].at(-1);
    if (!step) return;
    setPast({ ...past, [from]: past[from].slice(0, -1), [to]: [...past[to], { focus, shown: spelled }] });
    set({ focus: step.focus, shown: step.shown });
  };
  const expand = (
    id: string,
    direction: "UP" | "DOWN",
    { by = "RECENT", types, first = BOUNDS.page }: Expansion = {},
  ) => {
    const room = BOUNDS.shown - shown.size;
    if (room <= 0) return;
    const drawn = [...shown];
    const variables = {
      of: id,
      direction,
      by,
      types: types ?? null,
      first: Math.min(first, room),
      drawn,
      asOf: asOf(at),
    };
    asking.ask("Expanding", ExplorerExpandDocument, variables, ({ neighbours }) => {
      const news = neighbours.nodes.map((node) => node.id);
      setKnown((now) => ({ ...now, ...taken(now, neighbours, at, false), facts: now.facts && { ...now.facts, tookMs: neighbours.tookMs, seq: neighbours.seq } })); // prettier-ignore
      setFresh([id, ...news]);
      if (news.length) commit([...drawn, ...news]);
    });
  };
  /** What lies one step from several nodes: found by one question, drawn by the next, which knows every edge. */
  const expandAll = (of: readonly string[], direction: "UP" | "DOWN") => {
    const most = Math.min(of.length + BOUNDS.page, BOUNDS.shown);
    asking.ask(
      "Expanding",
      ExplorerOpenDocument,
      { focus: [...of], direction, hops: 1, most, asOf: asOf(at) },
      ({ graph }) => {
        const news = graph.nodes.map(({ id }) => id).filter((id) => !shown.has(id));
        setFresh(news);
        commit([...shown, ...news].slice(0, BOUNDS.shown));
      },
    );
  };
  return {
    search,
    focus,
    set,
    commit,
    shown,
    known,
    asking,
    expand,
    expandAll,
    fresh,
    setFresh,
    undo: past.back.length ? () => move("back", "forth") : null,
    redo: past.forth.length ? () => move("forth", "back") : null,
  };
}

/** The moment, as a question takes it. */
export function asOf(at: number | undefined): { readonly timeMs: number } | null {
  return at === undefined ? null : { timeMs: at };
}

/** What is known, with an answer; of a moment in the past, also what there was. */
function taken(
  known: Known,
  answer: Parameters<typeof merge>[1],
  at: number | undefined,
  whole: boolean,
): Pick<Known, "union" | "present"> {
  const union = merge(known.union, answer);
  if (at === undefined) return { union, present: null };
  const told = merge(NOTHING, answer);
  const old = !whole && known.present?.at === at ? known.present : null;
  return {
    union,
    present: {
      at,
      nodes: new Set([...(old?.nodes ?? []), ...told.nodes.keys()]),
      edges: new Set([...(old?.edges ?? []), ...told.edges.keys()]),
    },
  };
}

/** Ask for what the address names and is not known, and again when the record has grown. */
function useRecord({
  focus,
  hops,
  spelled,
  at,
  openedKey,
  known,
  setKnown,
  asking,
}: {
  readonly focus: string;
  readonly hops: number;
  readonly spelled: string | undefined;
  readonly at: number | undefined;
  readonly openedKey: string;
  readonly known: Known;
  readonly setKnown: (change: (now: Known) => Known) => void;
  readonly asking: Asking;
}) /* prettier-ignore */ {
  const latest = useRef(known);
  useEffect(() => {
    latest.current = known;
  });
  const newest = useStore(seq);
  const seen = useRef(0);
  const asked = useRef("");
  const { ask } = asking;
  useEffect(() => {
    listen();
    const { union, present, facts, openedKey: opened } = latest.current;
    const ids = spelled === undefined ? null : read(spelled);
    const grown = at === undefined && newest > Math.max(seen.current, facts?.seq ?? 0) && seen.current > 0 && !document.hidden; // prettier-ignore
    const first = seen.current === 0 && newest > 0; // the pulse's first word is no news: what it found is on its way
    seen.current = newest;
    const wanted = `${focus} ${spelled ?? openedKey} ${at ?? ""}`;
    const sameTime = present?.at === at;
    const has = ids ? ids.every((id) => union.nodes.has(id)) && facts?.focus === focus : opened === openedKey;
    if ((has && sameTime && !grown) || (first && asked.current === wanted)) return;
    asked.current = wanted;
    const take = (answer: Answer) => {
      setKnown((now) => ({
        ...now,
        ...taken(now, answer.graph, at, true),
        ...(ids ? {} : { opened: answer.graph.nodes.map(({ id }) => id), openedKey }),
        facts: factsOf(answer, focus),
      }));
    };
    if (ids) ask("Reading the lineage", ExplorerAgainDocument, { ids: [...new Set([focus, ...ids])], focus: [focus], asOf: asOf(at) }, take); // prettier-ignore
    else ask("Reading the lineage", ExplorerOpenDocument, { focus: [focus], direction: "BOTH", hops, most: BOUNDS.start, asOf: asOf(at) }, take); // prettier-ignore
  }, [focus, hops, spelled, at, openedKey, newest, ask, setKnown]);
}

type Reach = { readonly upstream: { readonly total: number }; readonly downstream: { readonly total: number } };
interface Answer {
  readonly graph: Parameters<typeof merge>[1] & { readonly partial: boolean; readonly seq: number; readonly tookMs: number } & Partial<Reach & { readonly depth: number; readonly totalNodes: number }>; // prettier-ignore
  readonly reach?: Reach;
  readonly server: { readonly firstChangeMs: number | null; readonly lastChangeMs: number | null };
}

function factsOf({ graph, reach, server }: Answer, focus: string): Facts {
  return {
    focus,
    upstream: (reach ?? graph).upstream?.total ?? 0,
    downstream: (reach ?? graph).downstream?.total ?? 0,
    depth: graph.depth ?? null,
    partial: graph.partial,
    totalNodes: graph.totalNodes ?? null,
    seq: graph.seq,
    tookMs: graph.tookMs,
    firstMs: server.firstChangeMs,
    lastMs: server.lastChangeMs,
  };
}
