import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from "urql";

/** One question at a time, in words while it is under way; a new one takes the place of the last. */
export interface Asking {
  readonly ask: <Data, Variables extends AnyVariables>(
    words: string,
    query: TypedDocumentNode<Data, Variables>,
    variables: Variables,
    take: (data: Data) => void,
  ) => void;
  /** What is being asked. */
  readonly busy: string | null;
  /** Ends it: the request is aborted, and nothing is taken. */
  readonly cancel: () => void;
  readonly error: CombinedError | null;
  /** Whether the last question was given up. */
  readonly given: boolean;
}

/** Ask the server so that one can give up. */
export function useAsk(): Asking {
  const client = useClient();
  const running = useRef<(() => void) | null>(null);
  const [now, setNow] = useState<Pick<Asking, "busy" | "error" | "given">>({ busy: null, error: null, given: false });
  const stop = useCallback(() => {
    running.current?.();
    running.current = null;
  }, []);
  const ask = useCallback<Asking["ask"]>(
    (words, query, variables, take) => {
      stop();
      setNow({ busy: words, error: null, given: false });
      const source = client.query(query, variables, { requestPolicy: "network-only" });
      const heard = source.subscribe((answer) => {
        if (answer.stale) return;
        running.current = null;
        setNow({ busy: null, error: answer.error ?? null, given: false });
        if (answer.data !== undefined && !answer.error) take(answer.data);
      });
      running.current = () => heard.unsubscribe();
    },
    [client, stop],
  );
  const cancel = useCallback(() => {
    stop();
    setNow({ busy: null, error: null, given: true });
  }, [stop]);
  useEffect(() => stop, [stop]);
  return useMemo(() => ({ ...now, ask, cancel }), [now, ask, cancel]);
}
