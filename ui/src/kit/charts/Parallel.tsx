import { useCallback, useMemo, useState } from "react";

import { figure, short } from "../format";
import { Canvas, tipLooks, tipOf } from "./Canvas";
import type { Colors } from "./colors";
import { Figure } from "./Figure";
import { type Axis, axisFor, between, type Dimension, shares, type Span, within } from "./parallel";

const NAME_LENGTH = 22;

/** What was brushed, of which axes: other axes begin without. */
interface Brushed {
  readonly axes: readonly Axis[];
  readonly spans: ReadonlyMap<number, readonly Span[]>;
}

/** Parallel coordinates: a line a row across an axis a dimension; drag along axes to narrow the rows. */
export function Parallel({
  label,
  rows,
  dimensions,
  colorBy,
  height = 340,
  onNarrow,
}: {
  readonly label: string;
  readonly rows: readonly string[];
  readonly dimensions: readonly Dimension[];
  /** Name of the dimension by which lines are coloured. */
  readonly colorBy?: string | undefined;
  readonly height?: number;
  /** The rows that the brushed axes leave; null for all. */
  readonly onNarrow?: (rows: readonly number[] | null) => void;
}) {
  const axes = useMemo(() => dimensions.map(axisFor).filter((axis): axis is Axis => axis !== null), [dimensions]);
  const option = useCallback((colors: Colors) => optionOf(colors, rows, axes, colorBy), [rows, axes, colorBy]);
  const [brushed, setBrushed] = useState<Brushed>({ axes, spans: new Map() });
  const brush = (event: unknown) => {
    const { parallelAxisId, intervals = [] } = event as { parallelAxisId?: string; intervals?: readonly Span[] };
    const at = axes.findIndex((_, index) => parallelAxisId === idOf(index));
    if (at < 0) return;
    const spans = new Map(brushed.axes === axes ? brushed.spans : []).set(at, intervals);
    setBrushed({ axes, spans });
    onNarrow?.([...spans.values()].some((parts) => parts.length) ? within(axes, spans, rows.length) : null);
  };
  return (
    <Figure
      label={label}
      numbers={() => ({
        head: ["", ...dimensions.map((one) => one.name)],
        rows: rows.map((name, row) => [name, ...dimensions.map((one) => said(one.values[row] ?? null))]),
      })}
    >
      <Canvas
        label={`${label}: ${rows.length} lines across ${axes.map((axis) => short(axis.name, 40)).join(", ")}`}
        height={height}
        option={option}
        on={{ axisareaselected: brush }}
      />
    </Figure>
  );
}

function optionOf(colors: Colors, rows: readonly string[], axes: readonly Axis[], colorBy: string | undefined) {
  const by = axes.find((axis) => axis.name === colorBy);
  const parts = by ? shares(by.at) : [];
  const [from, to] = [colors.of(0), colors.of(1)];
  return {
    tooltip: { ...tipLooks(colors), trigger: "item" },
    parallel: {
      left: 76,
      right: 84,
      top: 40,
      bottom: 20,
      parallelAxisDefault: {
        nameLocation: "end",
        nameGap: 14,
        nameTextStyle: { color: colors.text, fontSize: 11 },
        axisLine: { lineStyle: { color: colors.strong } },
        axisTick: { lineStyle: { color: colors.line } },
        axisLabel: { color: colors.dim, fontSize: 10, textBorderColor: colors.surface, textBorderWidth: 3 },
        splitLine: { show: false },
        areaSelectStyle: { color: colors.of("artifact"), borderColor: colors.of("artifact"), opacity: 0.25, width: 14 },
      },
    },
    parallelAxis: axes.map((axis, dim) => ({
      id: idOf(dim),
      dim,
      name: tail(axis.name),
      ...(axis.texts
        ? { type: "category", data: axis.texts.map((text) => short(text, 14)) }
        : { type: "value", scale: true, axisLabel: { formatter: (value: number) => figure(value) } }),
    })),
    series: [
      {
        type: "parallel",
        smooth: 0.15,
        inactiveOpacity: 0.06,
        activeOpacity: 1,
        progressive: 0,
        lineStyle: { width: rows.length > 100 ? 1 : 1.6, opacity: rows.length > 100 ? 0.55 : 0.85 },
        emphasis: { lineStyle: { width: 3, opacity: 1 } },
        tooltip: { formatter: ({ dataIndex }: { dataIndex: number }) => tip(rows, axes, dataIndex) },
        data: rows.map((_, row) => ({
          value: axes.map((axis) => axis.at[row] ?? "-"),
          lineStyle: { color: by ? colour(parts[row] ?? null, from, to, colors.dim) : from },
        })),
      },
    ],
  };
}

function tip(rows: readonly string[], axes: readonly Axis[], row: number): HTMLElement {
  return tipOf(
    short(rows[row] ?? "", 60),
    axes.slice(0, 14).map(({ name, texts, at }) => {
      const place = at[row] ?? null;
      return `${short(name, 30)}: ${place === null ? "–" : texts ? short(texts[place] ?? "", 30) : figure(place)}`;
    }),
  );
}

function colour(part: number | null, from: string, to: string, none: string): string {
  return part === null ? none : between(from, to, part);
}

/** The end of a name: what tells it from others. */
function tail(name: string): string {
  return name.length > NAME_LENGTH ? `…${name.slice(1 - NAME_LENGTH)}` : name;
}

function idOf(axis: number): string {
  return `axis-${axis}`;
}

function said(value: number | string | null): string {
  return value === null ? "" : typeof value === "number" ? figure(value) : value;
}
