import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";

import type { GraphHandle } from "./view";
import styles from "./draw.module.css";
import type { Dot, Dotted, DotLine } from "./dots";
import { type Stage, stageIn } from "./stage";

/** Up to 20,000 dots and their lines, by WebGL; by a plain canvas where the browser has none. Pan, zoom, click. */
export function Dots({
  dots,
  lines,
  selected,
  lit = null,
  label,
  onSelect,
  onOpen,
  onView,
  inset = 0,
  ref,
  children,
}: {
  readonly dots: readonly Dot[];
  readonly lines: readonly DotLine[];
  readonly selected: string | null;
  readonly lit?: ReadonlySet<string> | null;
  readonly label: string;
  readonly onSelect: (id: string | null) => void;
  readonly onOpen: (id: string) => void;
  /** Told what is in view, a moment after the view stood still. */
  readonly onView?: (ids: readonly string[]) => void;
  /** Pixels at the right that something lies over. */
  readonly inset?: number;
  readonly ref?: Ref<GraphHandle>;
  readonly children?: ReactNode;
}) {
  const [frame, setFrame] = useState<HTMLDivElement | null>(null);
  const [stage, setStage] = useState<Stage | null>(null);
  const heard = useRef<Partial<Dotted>>({});
  useEffect(() => {
    heard.current = { onSelect, onOpen, inset: () => inset, ...(onView ? { onView } : {}) };
  });
  useEffect(() => {
    if (!frame) return undefined;
    const made = stageIn(frame, {
      onSelect: (id) => heard.current.onSelect?.(id),
      onOpen: (id) => heard.current.onOpen?.(id),
      onView: (ids) => heard.current.onView?.(ids),
      inset: () => heard.current.inset?.() ?? 0,
    });
    setStage(made);
    return made.stop;
  }, [frame]);
  useEffect(() => stage?.draw(dots, lines), [stage, dots, lines]);
  useEffect(() => stage?.light(selected, lit), [stage, selected, lit]);
  useImperativeHandle(
    ref,
    () => ({
      fit: () => stage?.fit(),
      reveal: () => undefined,
      centre: () => undefined,
      zoom: (factor) => stage?.zoom(factor),
      focus: () => undefined,
    }),
    [stage],
  );
  return (
    <div className={styles.graph} role="group" aria-label={label}>
      <div
        ref={setFrame}
        className={styles.dots}
        tabIndex={0}
        role="img"
        aria-label={`${label}: ${dots.length} dots`}
        data-renderer={stage?.renderer}
        onKeyDown={(event) => {
          const act = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
          if (act) stage?.zoom(act);
          else if (event.key === "0") stage?.fit();
          else if (event.key === "Enter" && selected) onOpen(selected);
          else return;
          event.preventDefault();
        }}
      />
      {children}
    </div>
  );
}
