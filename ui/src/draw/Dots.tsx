import { type ReactNode, type Ref, useEffect, useImperativeHandle, useRef, useState } from "react";

import type { GraphHandle } from "./view";
import styles from "./draw.module.css";
import { type Dot, type Dotted, type DotLine, glRenderer, plainRenderer, type Renderer, webgl } from "./dots";

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
  readonly ref?: Ref<GraphHandle>;
  readonly children?: ReactNode;
}) {
  const [frame, setFrame] = useState<HTMLDivElement | null>(null);
  const [plain] = useState(() => !webgl());
  const shown = useRef<Renderer | null>(null);
  useImperativeHandle(
    ref,
    () => ({
      fit: () => shown.current?.fit(),
      reveal: () => undefined,
      centre: () => undefined,
      zoom: (factor) => shown.current?.zoom(factor),
      focus: () => undefined,
    }),
    [],
  );
  const heard = useRef<Dotted>({ onSelect, onOpen, onView });
  useEffect(() => {
    heard.current = { onSelect, onOpen, onView };
  });
  useEffect(() => {
    if (!frame) return undefined;
    let gone = false;
    const ask: Dotted = {
      onSelect: (id) => heard.current.onSelect(id),
      onOpen: (id) => heard.current.onOpen(id),
      onView: (ids) => heard.current.onView?.(ids),
    };
    const made = plain ? Promise.resolve(plainRenderer(frame, ask)) : glRenderer(frame, ask);
    void made.then((renderer) => {
      if (gone) renderer.stop();
      else {
        shown.current = renderer;
        frame.dispatchEvent(new Event("ready"));
      }
    });
    return () => {
      gone = true;
      shown.current?.stop();
      shown.current = null;
    };
  }, [frame, plain]);
  useEffect(() => {
    if (!frame) return undefined;
    const draw = () => shown.current?.draw(dots, lines);
    draw();
    frame.addEventListener("ready", draw);
    return () => frame.removeEventListener("ready", draw);
  }, [frame, dots, lines]);
  useEffect(() => {
    if (!frame) return undefined;
    const light = () => shown.current?.light(selected, lit);
    light();
    frame.addEventListener("ready", light);
    return () => frame.removeEventListener("ready", light);
  }, [frame, selected, lit, dots]);
  return (
    <div className={styles.graph} role="group" aria-label={label}>
      <div
        ref={setFrame}
        className={styles.dots}
        tabIndex={0}
        role="img"
        aria-label={`${label}: ${dots.length} dots`}
        data-renderer={plain ? "canvas" : "webgl"}
        onKeyDown={(event) => {
          const act = { "+": 1.25, "=": 1.25, "-": 0.8 }[event.key];
          if (act) shown.current?.zoom(act);
          else if (event.key === "0") shown.current?.fit();
          else if (event.key === "Enter" && selected) onOpen(selected);
          else return;
          event.preventDefault();
        }}
      />
      {children}
    </div>
  );
}
