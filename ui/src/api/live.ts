import { useEffect, useMemo, useRef, useState } from "react";
import { type AnyVariables, createRequest, useQuery, type UseQueryArgs, type UseQueryResponse } from "urql";

import { link, socket } from "./client";
import { refused } from "./token";
import { store, useStore } from "./store";

/** The record's newest change that this page was told of; 0 before the first. Told at most every `PACE_MS`. */
export const seq = store(0);

/** Grows whenever what is shown may be old: the record has grown, or the server was found again. */
export const beat = store(0);

const PACE_MS = 500;
const QUERY = `subscription Pulse { seq(everyMs: ${PACE_MS}) }`;
let stop: (() => void) | null = null;
let lost = false;
let told = false; // an empty record is told of as 0

/** Listen from now on; further calls change nothing. */
export function listen(): void {
  if (stop) return;
  stop = socket.subscribe<{ seq: number }>(
    { query: QUERY },
    {
      next: (answer) => {
        if (!answer.data) return;
        const moved = told && answer.data.seq !== seq.get();
        told = true;
        seq.set(answer.data.seq);
        if (lost || moved) beat.set(beat.get() + 1);
        lost = false;
      },
      error: () => {
        stop = null; // refused: begun again once a token was given
      },
      complete: () => {
        stop = null;
      },
    },
  );
}

link.watch(() => {
  lost ||= link.get() === "lost";
});
refused.watch(() => {
  if (refused.get()) return;
  lost = true;
  listen();
});

/**
 * `useQuery`, asked again whenever the record has grown or the server was found again (and the page is seen).
 *
 * What is shown stays meanwhile, also where asking again failed: `error` then stands beside the old `data`.
 */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
): UseQueryResponse<Data, Variables> {
  const [result, ask] = useQuery<Data, Variables>(args);
  const now = useStore(beat);
  const asked = useRef(now);
  useEffect(() => {
    listen();
    const again = () => {
      if (args.pause || document.hidden || asked.current === now) return;
      asked.current = now;
      ask({ requestPolicy: "network-only" });
    };
    again();
    document.addEventListener("visibilitychange", again);
    return () => document.removeEventListener("visibilitychange", again);
  }, [now, ask, args.pause]);
  const { key } = createRequest<Data, Variables>(args.query, args.variables as Variables);
  const [kept, setKept] = useState<{ readonly key: number; readonly data: Data } | null>(null);
  if (result.data !== undefined && !args.pause && (kept?.key !== key || kept.data !== result.data)) {
    setKept({ key, data: result.data });
  }
  const shown = useMemo(
    () => (result.data === undefined && kept?.key === key ? { ...result, data: kept.data } : result),
    [result, kept, key],
  );
  return [shown, ask];
}
