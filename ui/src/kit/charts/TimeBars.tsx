import { useCallback, useMemo } from "react";
import type uPlot from "uplot";

import { count, moment } from "../format";
import { Figure } from "./Figure";
import { axisOf, type Draw, Plot } from "./Plot";
import { type Buckets, type Layer, tick, tops } from "./stack";

/** Bars that stand on each other, over buckets of time. */
export function TimeBars({
  label,
  buckets,
  layers,
  height = 160,
  bare = false,
  say = count,
  onPick,
}: {
  readonly label: string;
  readonly buckets: Buckets;
  readonly layers: readonly Layer[];
  readonly height?: number;
  readonly bare?: boolean;
  readonly say?: (value: number) => string;
  /** A click on a bar: its time, from and until. */
  readonly onPick?: (fromMs: number, untilMs: number) => void;
}) {
  const { fromMs, stepMs, count: many } = buckets;
  const data = useMemo<uPlot.AlignedData>(() => {
    const middles = Array.from({ length: many }, (_, at) => (fromMs + (at + 0.5) * stepMs) / 1000);
    // The tallest first: each is drawn over the ones before, so that only its own layer is seen of it.
    return [middles, ...[...tops(layers)].reverse().map((values) => [...values])];
  }, [layers, fromMs, stepMs, many]);
  const series = useMemo(
    () => layers.map(({ name, tone, values }) => ({ name, tone, said: values })).reverse(),
    [layers],
  );
  const draw = useCallback<Draw>(
    (lib, colors) => ({
      scales: {
        x: { time: true, range: () => [fromMs / 1000, (fromMs + many * stepMs) / 1000] },
        y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] },
      },
      axes: [
        axisOf(colors, { grid: { show: false }, space: 64, size: 26, values: (_, at) => at.map(tick) }),
        axisOf(colors, { size: 46, values: (_, at) => at.map(short) }),
      ],
      cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
      series: [
        {},
        ...series.map(({ name, tone }) => ({
          label: name,
          fill: colors.of(tone),
          width: 0,
          dash: [],
          points: { show: false },
          paths: lib.paths.bars?.({ size: [0.82, 48], radius: 0.08 }) ?? (() => null),
        })),
      ],
    }),
    [series, fromMs, stepMs, many],
  );
  const fromOf = (at: number) => fromMs + at * stepMs;
  return (
    <Figure
      label={label}
      bare={bare}
      legend={layers}
      numbers={() => ({
        head: ["From", ...layers.map((layer) => layer.name)],
        rows: Array.from({ length: many }, (_, at) => [
          moment(fromOf(at)),
          ...layers.map((one) => say(one.values[at] ?? 0)),
        ]),
      })}
    >
      <Plot
        label={label}
        height={height}
        data={data}
        series={series}
        draw={draw}
        sayX={(x) => moment(x * 1000 - stepMs / 2)}
        sayY={say}
        onPick={onPick && ((at) => onPick(fromOf(at), fromOf(at + 1)))}
      />
    </Figure>
  );
}

function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  return value >= 1e3 ? `${Number((value / 1e3).toPrecision(3))}k` : String(value);
}
