import { useEffect, useEffectEvent, useRef } from "react";

import { beat, listen } from "./live";
import { useStore } from "./store";

/**
 * Ask again when the record has grown, but not more often than every `paceMs`: for questions that cost the server
 * something. `useLiveQuery` is for all others.
 */
export function useCalm(ask: () => void, paceMs: number): void {
  const now = useStore(beat);
  const asked = useRef({ beat: now, at: 0 });
  const again = useEffectEvent(ask);
  useEffect(() => {
    listen();
    if (asked.current.beat === now) return undefined;
    const wait = Math.max(0, paceMs - (Date.now() - asked.current.at));
    const timer = setTimeout(() => {
      if (document.hidden) return;
      asked.current = { beat: now, at: Date.now() };
      again();
    }, wait);
    return () => clearTimeout(timer);
  }, [now, paceMs]);
}
