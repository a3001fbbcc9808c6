import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type CombinedError, useClient } from "urql";

import { client as shared, link } from "../api/client";
import { useLiveQuery } from "../api/live";
import { useStore } from "../api/store";
import { factOf, factOfNews, type Facts, merged, type News } from "./facts";
import {
  RunBodyDocument, type RunBodyQuery, RunMoreDocument, RunNewsDocument, RunPageDocument, type RunPageQuery,
} from "./queries.generated"; // prettier-ignore
import { type Branch, grow } from "./tree";

export type RunFacts = RunPageQuery["run"];
export type Definition = NonNullable<RunBodyQuery["run"]["definition"]>;

/** A run as its page shows it. */
export interface RunNow {
  readonly run: RunFacts | undefined;
  /** Null where the pipeline was not kept; undefined before it was told. */
  readonly definition: Definition | null | undefined;
  readonly facts: Facts;
  readonly tree: readonly Branch[];
  /** Whether tasks beyond those shown were not fetched. */
  readonly cut: boolean;
  readonly error: CombinedError | undefined;
  readonly again: () => void;
}

/** Tasks fetched at most. */
export const MOST_TASKS = 10_000;
const PACE_MS = 80;
const LATER_MS = 1_000;

/** Whether a run waits or goes on. */
export function isOpen(state: string): boolean {
  return state === "PENDING" || state === "RUNNING";
}

/** A run, live: its head with the record, its tasks by the subscription while it goes on. */
export function useRun(id: string): RunNow {
  const [{ data, error }, askHead] = useLiveQuery({ query: RunPageDocument, variables: { id } });
  const body = useBody(id);
  const { take } = body;
  const run = data?.run;
  const open = run !== undefined && isOpen(run.state);
  const [begun, setBegun] = useState(false);
  const [ended, setEnded] = useState(false);
  if (open && !begun) setBegun(true); // listened to until its end is told, though the head may say so first
  const news = useCallback(
    (fresh: readonly News[]) => {
      take(fresh.flatMap((one) => factOfNews(one) ?? []));
      if (!fresh.some((one) => one.execution === null)) return;
      setEnded(true);
      askHead({ requestPolicy: "network-only" });
    },
    [take, askHead],
  );
  useNews(id, begun && !ended, news);
  useHeal(run !== undefined && !open && !begun, body);
  const again = useCallback(() => {
    askHead({ requestPolicy: "network-only" });
    body.fetch();
  }, [askHead, body]);
  useReturn(again);
  const tree = useMemo(
    () => (body.definition === undefined ? [] : grow(body.definition?.tasks ?? [], body.facts, !open)),
    [body.definition, body.facts, open],
  );
  const { definition, facts, cut } = body;
  return { run, definition, facts, tree, cut, error: error ?? body.error, again };
}

/** What the pipeline is, and the tasks that have begun: asked for once, then told by `take`. */
function useBody(id: string) {
  const client = useClient();
  const [definition, setDefinition] = useState<Definition | null>();
  const [facts, setFacts] = useState<Facts>(new Map());
  const [cut, setCut] = useState(false);
  const [error, setError] = useState<CombinedError>();
  const [turn, setTurn] = useState(0);
  const take = useCallback((fresh: Parameters<typeof merged>[1]) => setFacts((known) => merged(known, fresh)), []);
  const fetch = useCallback(() => setTurn((last) => last + 1), []);
  useEffect(() => {
    let stale = false;
    const load = async () => {
      const first = await client.query(RunBodyDocument, { id }, { requestPolicy: "network-only" });
      if (stale) return;
      setError(first.error);
      if (!first.data) return;
      let page = first.data.run.tasks;
      setDefinition(first.data.run.definition);
      take(page.nodes.map(factOf));
      let many = page.nodes.length;
      while (page.pageInfo.hasNextPage && page.pageInfo.endCursor && many < MOST_TASKS) {
        const after = page.pageInfo.endCursor;
        const next = await client.query(RunMoreDocument, { id, after }, { requestPolicy: "network-only" });
        if (stale as boolean) return;
        if (!next.data) {
          setError(next.error);
          return;
        }
        page = next.data.run.tasks;
        many += page.nodes.length;
        take(page.nodes.map(factOf));
      }
      setCut(page.pageInfo.hasNextPage);
    };
    void load();
    return () => {
      stale = true;
    };
  }, [client, id, take, turn]);
  return useMemo(() => ({ definition, facts, cut, error, take, fetch }), [definition, facts, cut, error, take, fetch]);
}

/** News of the tasks while the run goes on, several at a time; listened to again where a server ended the stream. */
function useNews(id: string, open: boolean, heard: (news: readonly News[]) => void): void {
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    if (!open) return undefined;
    let waiting: News[] = [];
    let ended = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let later: ReturnType<typeof setTimeout> | undefined;
    const flush = () => {
      timer = undefined;
      const fresh = waiting;
      waiting = [];
      heard(fresh);
    };
    const stream = shared.subscription(RunNewsDocument, { id }).subscribe(({ data, hasNext }) => {
      if (data) {
        waiting.push(data.runTasks);
        ended ||= data.runTasks.execution === null;
        timer ??= setTimeout(flush, PACE_MS);
      }
      if (!hasNext && !ended) later ??= setTimeout(() => setTurn((last) => last + 1), LATER_MS);
    });
    return () => {
      stream.unsubscribe();
      clearTimeout(later);
      clearTimeout(timer);
      if (waiting.length) heard(waiting);
    };
  }, [id, open, heard, turn]);
}

/** A run that was over when its page opened may have ended between the two questions: then its tasks are asked again. */
function useHeal(over: boolean, { facts, fetch }: { readonly facts: Facts; readonly fetch: () => void }): void {
  const healed = useRef(false);
  useEffect(() => {
    if (!over || healed.current || [...facts.values()].every((fact) => fact.endedMs !== null)) return;
    healed.current = true;
    fetch();
  }, [over, facts, fetch]);
}

/** Ask again when the server is back. */
function useReturn(again: () => void): void {
  const at = useStore(link);
  const lost = useRef(false);
  useEffect(() => {
    if (at === "lost") lost.current = true;
    else if (at === "open" && lost.current) {
      lost.current = false;
      again();
    }
  }, [at, again]);
}
