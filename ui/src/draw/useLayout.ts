import { useEffect, useRef, useState } from "react";

import { layOut, type Laid } from "./layouter";
import type { Box, Line, Orientation, Spots } from "./model";

/** A drawing, laid out: `spots` is of the boxes it was asked for, or of those before while the worker is at it. */
export interface LaidOut extends Laid {
  readonly orientation: Orientation;
  /** Changes with every new arrangement; the same while boxes only come and go. */
  readonly key: string;
}

/**
 * Positions from the worker. While `key` stays, what was drawn keeps its row and only what is new is placed; a new
 * `key`, or another orientation, arranges everything afresh. `from` begins with given positions (undo).
 */
export function useLayout(
  boxes: readonly Box[],
  lines: readonly Line[],
  orientation: Orientation,
  key = "",
  gap?: number,
): LaidOut | null {
  const [laid, setLaid] = useState<LaidOut | null>(null);
  const last = useRef<LaidOut | null>(null);
  const known = useRef<Map<string, Spots>>(new Map());
  useEffect(() => {
    let stale = false;
    const before =
      last.current?.key === key && last.current.orientation === orientation ? last.current.spots : undefined;
    const signature = `${orientation} ${gap ?? ""} ${key} ${boxes.map((box) => `${box.id}:${box.width}:${box.height}`).join()}`;
    const seen = before && known.current.get(signature); // undone and redone: as it was
    const take = (next: Laid) => {
      if (stale) return;
      known.current.set(signature, next.spots);
      if (known.current.size > 40) known.current.delete(known.current.keys().next().value ?? "");
      last.current = { ...next, orientation, key };
      setLaid(last.current);
    };
    if (seen) take({ spots: seen, tookMs: 0 });
    else void layOut({ boxes: boxes.map(plain), lines: lines.map(({ from, to }) => ({ from, to })), orientation, gap, before }).then(take); // prettier-ignore
    return () => {
      stale = true;
    };
  }, [boxes, lines, orientation, key, gap]);
  return laid;
}

/** Only what the worker needs: data may hold what cannot cross. */
function plain({ id, width, height, order }: Box): Box {
  return order === undefined ? { id, width, height } : { id, width, height, order };
}
