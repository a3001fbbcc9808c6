import { useCallback } from "react";

import { figure, short } from "../format";
import { Canvas, tipLooks, tipOf } from "./Canvas";
import type { Colors } from "./colors";
import { Figure } from "./Figure";

/** One point. */
export interface Point {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** Drawn larger, in another colour. */
  readonly marked?: boolean;
}

/** Points by two numbers. */
export function Scatter({
  label,
  points,
  xLabel,
  yLabel,
  height = 320,
  onPick,
}: {
  readonly label: string;
  readonly points: readonly Point[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly height?: number;
  /** A click on a point: which it was. */
  readonly onPick?: (at: number) => void;
}) {
  const option = useCallback((colors: Colors) => optionOf(colors, points, xLabel, yLabel), [points, xLabel, yLabel]);
  return (
    <Figure
      label={label}
      numbers={() => ({
        head: ["", xLabel, yLabel],
        rows: points.map((point) => [point.name, figure(point.x), figure(point.y)]),
      })}
    >
      <Canvas
        label={`${label}: ${points.length} points, ${yLabel} by ${xLabel}`}
        height={height}
        option={option}
        on={{ click: (event) => onPick?.((event as { readonly dataIndex: number }).dataIndex) }}
      />
    </Figure>
  );
}

function optionOf(colors: Colors, points: readonly Point[], xLabel: string, yLabel: string) {
  const axis = (name: string, nameGap: number) => ({
    type: "value",
    scale: true,
    name: short(name, 50),
    nameLocation: "middle",
    nameGap,
    nameTextStyle: { color: colors.text, fontSize: 11 },
    axisLine: { lineStyle: { color: colors.strong } },
    axisLabel: { color: colors.dim, fontSize: 10, hideOverlap: true, formatter: (value: number) => figure(value) },
    splitLine: { lineStyle: { color: colors.line } },
  });
  return {
    grid: { left: 64, right: 20, top: 16, bottom: 44 },
    xAxis: axis(xLabel, 26),
    yAxis: axis(yLabel, 48),
    tooltip: {
      ...tipLooks(colors),
      formatter: ({ dataIndex }: { dataIndex: number }) => {
        const point = points[dataIndex];
        if (!point) return "";
        return tipOf(short(point.name, 60), [
          `${short(xLabel, 30)}: ${figure(point.x)}`,
          `${short(yLabel, 30)}: ${figure(point.y)}`,
        ]);
      },
    },
    series: [
      {
        type: "scatter",
        data: points.map(({ x, y, marked }) => ({
          value: [x, y],
          symbolSize: marked ? 14 : 8,
          symbol: marked ? "diamond" : "circle",
          itemStyle: { color: colors.of(marked ? 1 : 0), opacity: marked ? 1 : 0.75 },
        })),
      },
    ],
  };
}
