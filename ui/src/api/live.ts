import { useEffect, useRef } from "react";
import { type AnyVariables, useQuery, type UseQueryArgs, type UseQueryResponse } from "urql";

import { socket } from "./client";
import { refused } from "./token";
import { store, useStore } from "./store";

/** The record's newest change that this page was told of; 0 before the first. Told at most every `PACE_MS`. */
export const seq = store(0);

const PACE_MS = 500;
const QUERY = `subscription Pulse { seq(everyMs: ${PACE_MS}) }`;
let stop: (() => void) | null = null;

/** Listen from now on; further calls change nothing. */
export function listen(): void {
  if (stop) return;
  stop = socket.subscribe<{ seq: number }>(
    { query: QUERY },
    {
      next: (answer) => {
        if (answer.data) seq.set(answer.data.seq);
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

refused.watch(() => {
  if (!refused.get()) listen();
});

/** `useQuery`, asked again whenever the record has grown (and the page is seen). What is shown stays meanwhile. */
export function useLiveQuery<Data, Variables extends AnyVariables>(
  args: UseQueryArgs<Variables, Data>,
): UseQueryResponse<Data, Variables> {
  const answer = useQuery<Data, Variables>(args);
  const ask = answer[1];
  const at = useStore(seq);
  const asked = useRef(at);
  useEffect(() => {
    listen();
    const again = () => {
      if (args.pause || document.hidden || asked.current === at) return;
      const first = asked.current === 0;
      asked.current = at;
      if (!first) ask({ requestPolicy: "network-only" });
    };
    again();
    document.addEventListener("visibilitychange", again);
    return () => document.removeEventListener("visibilitychange", again);
  }, [at, ask, args.pause]);
  return answer;
}
