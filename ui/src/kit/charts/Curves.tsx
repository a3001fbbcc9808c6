import { useCallback, useMemo } from "react";
import type uPlot from "uplot";

import { figure } from "../format";
import type { Tone } from "./colors";
import { aligned, type Curve } from "./align";
import { Figure } from "./Figure";
import { tick } from "./stack";
import { axisOf, type Draw, Plot } from "./Plot";

/** Curves over one another: a metric over its steps, ROC curves. */
export function Curves({
  label,
  curves,
  xLabel,
  yLabel,
  height = 280,
  unit = false,
  time = false,
}: {
  readonly label: string;
  readonly curves: readonly Curve[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly height?: number;
  /** Both axes from 0 to 1, with the diagonal: ROC. */
  readonly unit?: boolean;
  /** x is UTC epoch seconds. */
  readonly time?: boolean;
}) {
  const { xs, values } = useMemo(() => aligned(curves), [curves]);
  const data = useMemo<uPlot.AlignedData>(() => [[...xs], ...values.map((one) => [...one])], [xs, values]);
  const series = useMemo(
    () =>
      curves.map(({ name, tone }, at) => ({
        name,
        tone: tone ?? (at as Tone | number),
        said: (values[at] ?? []).map((value) => value ?? null),
      })),
    [curves, values],
  );
  const draw = useCallback<Draw>(
    (lib, colors) => ({
      scales: { x: unit ? { time: false, range: [0, 1] } : { time }, y: unit ? { range: [0, 1.02] } : {} },
      axes: [
        axisOf(colors, {
          label: xLabel,
          labelSize: 18,
          size: 26,
          ...(time ? { values: (_, at) => at.map(tick) } : {}),
        }),
        axisOf(colors, { label: yLabel, labelSize: 20, size: 56, values: (_, at) => at.map((value) => figure(value)) }),
      ],
      cursor: { drag: { x: !unit, y: false } },
      hooks: unit ? { drawAxes: [(plot) => diagonal(plot, colors.strong)] } : {},
      series: [
        {},
        ...series.map(({ name, tone, said }) => ({
          label: name,
          stroke: colors.of(tone),
          width: 1.6,
          spanGaps: true,
          points: { show: said.filter((value) => value !== null).length < 30, size: 5 },
          ...(unit && lib.paths.linear ? { paths: lib.paths.linear() } : {}),
        })),
      ],
    }),
    [series, unit, time, xLabel, yLabel],
  );
  return (
    <Figure
      label={label}
      legend={series}
      numbers={() => ({
        head: [xLabel, ...series.map((one) => one.name)],
        rows: xs.map((x, at) => [figure(x), ...series.map((one) => said(one.said[at] ?? null))]),
      })}
    >
      <Plot
        label={`${label}: ${yLabel} by ${xLabel}`}
        height={height}
        data={data}
        series={series}
        draw={draw}
        sayX={(x) => `${xLabel} ${figure(x)}`}
        sayY={figure}
      />
    </Figure>
  );
}

function said(value: number | null): string {
  return value === null ? "" : figure(value);
}

function diagonal(plot: uPlot, stroke: string): void {
  const { ctx } = plot;
  ctx.save();
  ctx.strokeStyle = stroke;
  ctx.setLineDash([4, 4]);
  ctx.beginPath();
  ctx.moveTo(plot.valToPos(0, "x", true), plot.valToPos(0, "y", true));
  ctx.lineTo(plot.valToPos(1, "x", true), plot.valToPos(1, "y", true));
  ctx.stroke();
  ctx.restore();
}
