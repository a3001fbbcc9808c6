import { useEffect } from "react";

import { store, useStore } from "../api/store";
import { ago, duration, moment } from "./format";

const now = store(Date.now());
let shown = 0;
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, moving on each second while something shows it. */
export function useNow(): number {
  useEffect(() => {
    shown += 1;
    timer ??= setInterval(() => now.set(Date.now()), 1000);
    return () => {
      shown -= 1;
      if (shown === 0) {
        clearInterval(timer);
        timer = undefined;
      }
    };
  }, []);
  return useStore(now);
}

/** A moment as how long ago it was; exact in its title. */
export function Time({ ms }: { readonly ms: number | null }) {
  const at = useNow();
  if (ms === null) return <span className="dim">–</span>;
  return (
    <time dateTime={new Date(ms).toISOString()} title={moment(ms)}>
      {ago(ms, at)}
    </time>
  );
}

/** How long something took, or takes so far. */
export function Duration({ fromMs, toMs }: { readonly fromMs: number | null; readonly toMs: number | null }) {
  const at = useNow();
  if (fromMs === null) return <span className="dim">–</span>;
  return <span title={`${(toMs ?? at) - fromMs} ms`}>{duration((toMs ?? Math.max(at, fromMs)) - fromMs)}</span>;
}
