import { useCallback, useEffect, useState } from "react";
import { type CombinedError, useClient } from "urql";

import { added, type Lines, NO_LINES } from "./log";
import { TaskLogDocument } from "./queries.generated";

/** A log as it arrives. */
export interface LogNow {
  readonly log: Lines;
  /** Whether nothing more will come. */
  readonly over: boolean;
  readonly error: CombinedError | undefined;
  /** The whole of it, from its first byte. */
  readonly whole: () => Promise<string>;
}

const PACE_MS = 700;

/** What a task printed: piece after piece to its end, then on as it grows. */
export function useLog(run: string, task: string): LogNow {
  const client = useClient();
  const [log, setLog] = useState<Lines>(NO_LINES);
  const [over, setOver] = useState(false);
  const [error, setError] = useState<CombinedError>();
  const piece = useCallback(
    (offset: number) => client.query(TaskLogDocument, { run, task, offset }, { requestPolicy: "network-only" }),
    [client, run, task],
  );
  useEffect(() => {
    let stale = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let text = "";
    const read = async (offset: number): Promise<void> => {
      const { data, error: refused } = await piece(offset);
      if (stale) return;
      setError(refused);
      const next = data?.runLog;
      if (next?.text) {
        text = next.text;
        setLog((known) => added(known, text));
      }
      if (next?.isOver) {
        setOver(true);
        return;
      }
      if (next && next.offset > offset) await read(next.offset);
      else if (!refused?.graphQLErrors.length) timer = setTimeout(() => void read(next?.offset ?? offset), PACE_MS);
    };
    void read(0);
    return () => {
      stale = true;
      clearTimeout(timer);
      setLog(NO_LINES);
      setOver(false);
    };
  }, [piece]);
  const whole = useCallback(async () => {
    const texts: string[] = [];
    let offset = 0;
    for (;;) {
      const next = (await piece(offset)).data?.runLog;
      if (!next) break;
      texts.push(next.text);
      if (next.isOver || next.offset === offset) break;
      offset = next.offset;
    }
    return texts.join("");
  }, [piece]);
  return { log, over, error, whole };
}
