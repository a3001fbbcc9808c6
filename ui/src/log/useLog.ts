import { useEffect, useEffectEvent, useMemo, useSyncExternalStore } from "react";

import { direct, link } from "../api/client";
import { listen, seq, useLiveQuery } from "../api/live";
import { useStore } from "../api/store";
import { LogPageDocument, type LogPageQueryVariables, type LogRowFragment } from "./queries.generated";
import { type LogSearch, narrows } from "./search";
import { type Ask, Found, type Known, Whole } from "./sources";

/** What narrows the log, as the API takes it. */
export type LogFilter = Pick<
  LogPageQueryVariables,
  "namespace" | "actor" | "touching" | "kinds" | "sinceMs" | "untilMs"
>;

/** The log a page shows, and what has come since. */
export interface Log {
  readonly known: Known<LogRowFragment>;
  readonly see: (from: number, to: number) => void;
  readonly indexOf: (seq: number) => number;
  readonly retry: () => void;
  /** Changes that came since; `more` where there are others that were not counted. */
  readonly fresh: { readonly count: number; readonly more: boolean };
  readonly showFresh: () => void;
}

const FRESH = 100;

/** The filter of an address. */
export function filterOf(search: LogSearch, namespace: string | undefined): LogFilter {
  const { actor, touching, kinds, since, until } = search;
  return {
    ...(namespace === undefined ? {} : { namespace }),
    ...(actor === undefined ? {} : { actor }),
    ...(touching === undefined ? {} : { touching }),
    ...(kinds === undefined ? {} : { kinds }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
  };
}

/** The log as far as it is seen; while not paused, it counts what comes. */
export function useLog(search: LogSearch, namespace: string | undefined, paused: boolean): Log {
  const words = JSON.stringify(filterOf(search, namespace));
  const narrow = narrows(search, namespace);
  const source = useMemo(() => {
    const ask = asking(JSON.parse(words) as LogFilter);
    return narrow ? new Found(ask) : new Whole(ask);
  }, [words, narrow]);
  const known = useSyncExternalStore(source.watch, source.get);
  useEffect(() => source.start(), [source]);
  useEffect(listen, []);
  const open = useStore(link) === "open";
  const again = useEffectEvent(() => {
    if (known.failure !== null) source.retry();
  });
  useEffect(() => {
    if (open) again();
  }, [open]);
  const at = useStore(seq);
  const filter = useMemo(() => JSON.parse(words) as LogFilter, [words]);
  const [answer] = useLiveQuery({
    query: LogPageDocument,
    variables: { ...filter, after: String(known.top), first: FRESH, direction: "ASC" },
    pause: paused || !narrow || known.waiting,
    requestPolicy: "network-only",
  });
  const since = narrow && !answer.fetching && !answer.stale ? answer.data : undefined;
  const rows = since?.changes.nodes.filter((row) => row.seq > known.top) ?? [];
  const more = since?.changes.pageInfo.hasNextPage ?? false;
  const count = paused || known.waiting ? 0 : narrow ? rows.length : Math.max(0, at - known.top);
  return {
    known,
    see: source.see,
    indexOf: source.indexOf,
    retry: source.retry,
    fresh: { count, more: narrow && more },
    showFresh: () => {
      if (source instanceof Whole) source.raise(at);
      else if (more || !since) source.again();
      else source.put([...rows].reverse(), since.seq);
    },
  };
}

function asking(filter: LogFilter): Ask<LogRowFragment> {
  return async (after, first) => {
    const answer = await direct.query(LogPageDocument, { ...filter, after, first, direction: "DESC" }).toPromise();
    if (answer.error) throw answer.error;
    if (!answer.data) throw new Error("The server gave no answer.");
    const { changes, seq: top } = answer.data;
    return {
      rows: changes.nodes,
      more: changes.pageInfo.hasNextPage,
      cursor: changes.pageInfo.endCursor,
      seq: top,
    };
  };
}
