import { useEffect, useEffectEvent, useRef, useState } from "react";
import type uPlot from "uplot";

import styles from "./charts.module.css";
import { type Colors, dashOf, type Tone, useColors } from "./colors";
import { fillTip } from "./tip";

/** One line, or one layer of bars. */
export interface PlotSeries {
  readonly name: string;
  readonly tone: Tone | number;
  /** What the tip says of a point; nothing where it is null. */
  readonly said: readonly (number | null)[];
}

/** What uPlot draws: made by a chart from the colours in force. */
export type Draw = (lib: typeof uPlot, colors: Colors) => Omit<uPlot.Options, "width" | "height">;

/** A canvas by uPlot: as wide as there is room, with a tip that follows the pointer. */
export function Plot({
  label,
  height,
  data,
  series,
  draw,
  sayX,
  sayY,
  onPick,
}: {
  readonly label: string;
  readonly height: number;
  readonly data: uPlot.AlignedData;
  readonly series: readonly PlotSeries[];
  readonly draw: Draw;
  readonly sayX: (x: number) => string;
  readonly sayY: (y: number) => string;
  /** A click: which point of x it was. */
  readonly onPick?: ((at: number) => void) | undefined;
}) {
  const box = useRef<HTMLDivElement>(null);
  const tip = useRef<HTMLDivElement>(null);
  const [lib, setLib] = useState<{ readonly uPlot: typeof uPlot } | null>(null);
  const colors = useColors();
  useEffect(() => {
    let here = true;
    void import("./uplot").then((loaded) => here && setLib(loaded));
    return () => {
      here = false;
    };
  }, []);
  const point = useEffectEvent((plot: uPlot) => {
    if (!tip.current) return;
    const at = plot.cursor.idx;
    const x = at === null || at === undefined ? null : (plot.data[0][at] ?? null);
    tip.current.hidden = x === null;
    if (x === null || typeof at !== "number") return;
    fillTip(tip.current, sayX(x), series, at, sayY);
    const left = (plot.cursor.left ?? 0) + plot.bbox.left / devicePixelRatio;
    const wide = tip.current.offsetWidth;
    tip.current.style.left = `${left + 14 + wide > plot.width ? Math.max(0, left - 14 - wide) : left + 14}px`;
  });
  const pick = useEffectEvent((plot: uPlot) => {
    if (onPick && typeof plot.cursor.idx === "number") onPick(plot.cursor.idx);
  });
  useEffect(() => {
    const place = box.current;
    const shown = tip.current;
    if (!lib || !place) return undefined;
    const options = draw(lib.uPlot, colors);
    const plot = new lib.uPlot(
      {
        ...options,
        width: Math.max(place.clientWidth, 40),
        height,
        legend: { show: false },
        hooks: { ...options.hooks, setCursor: [(one) => point(one)] },
        series: options.series.map((one, at) => (at ? { dash: [...dashOf(series[at - 1]?.tone ?? 0)], ...one } : one)),
      },
      data,
      place,
    );
    const clicked = () => pick(plot);
    plot.over.addEventListener("click", clicked);
    const watcher = new ResizeObserver(() => plot.setSize({ width: Math.max(place.clientWidth, 40), height }));
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      plot.destroy();
      if (shown) shown.hidden = true;
    };
  }, [lib, colors, draw, data, series, height]);
  return (
    <div className={styles.plot} style={{ height }}>
      <div ref={box} role="img" aria-label={label} data-drawn={lib ? true : undefined} />
      <div ref={tip} className={styles.tip} hidden aria-hidden />
    </div>
  );
}

/** The look of an axis. */
export function axisOf(colors: Colors, more: uPlot.Axis = {}): uPlot.Axis {
  return {
    stroke: colors.dim,
    font: colors.font,
    labelFont: colors.font,
    grid: { stroke: colors.line, width: 1 },
    ticks: { stroke: colors.line, width: 1, size: 4 },
    ...more,
  };
}
