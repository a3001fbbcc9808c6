import type { EChartsCoreOption } from "echarts/core";
import { useEffect, useEffectEvent, useRef, useState } from "react";

import styles from "./charts.module.css";
import { type Colors, useColors } from "./colors";

const HEARD = ["click", "axisareaselected"] as const;

type Init = (typeof import("./engine"))["init"];

/** A canvas by ECharts: as wide as there is room, in the colours in force. */
export function Canvas({
  label,
  height,
  option,
  on = {},
}: {
  readonly label: string;
  readonly height: number;
  /** Kept the same (useCallback) while what it draws is. */
  readonly option: (colors: Colors) => EChartsCoreOption;
  /** What is heard of it: by the name of the event. */
  readonly on?: Readonly<Record<string, (event: unknown) => void>>;
}) {
  const box = useRef<HTMLDivElement>(null);
  const [init, setInit] = useState<{ readonly init: Init } | null>(null);
  const colors = useColors();
  const heard = useEffectEvent((name: string, event: unknown) => on[name]?.(event));
  useEffect(() => {
    let here = true;
    void import("./engine").then((engine) => here && setInit(engine));
    return () => {
      here = false;
    };
  }, []);
  useEffect(() => {
    const place = box.current;
    if (!init || !place) return undefined;
    const chart = init.init(place, null, { renderer: "canvas", width: place.clientWidth || 300, height });
    chart.setOption({ animation: false, textStyle: { fontFamily: colors.family }, ...option(colors) });
    for (const name of HEARD) chart.on(name, (...events: unknown[]) => heard(name, events[0]));
    const watcher = new ResizeObserver(() => chart.resize({ width: place.clientWidth || 300, height }));
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      chart.dispose();
    };
  }, [init, colors, option, height]);
  return (
    <div className={styles.plot} style={{ height }}>
      <div ref={box} style={{ height }} role="img" aria-label={label} data-drawn={init ? true : undefined} />
    </div>
  );
}

/** What a tip says, as text whatever the names hold: ECharts would take a string as HTML. */
export function tipOf(title: string, lines: readonly string[]): HTMLElement {
  const made = document.createElement("div");
  const head = document.createElement("strong");
  head.textContent = title;
  made.append(head);
  for (const words of lines) {
    const line = document.createElement("div");
    line.textContent = words;
    made.append(line);
  }
  return made;
}

/** The look of a tip. */
export function tipLooks(colors: Colors): object {
  return {
    confine: true,
    backgroundColor: colors.surface,
    borderColor: colors.line,
    padding: [6, 8],
    textStyle: { color: colors.text, fontSize: 12 },
    extraCssText: "max-width: 320px; white-space: normal; overflow-wrap: anywhere",
  };
}
