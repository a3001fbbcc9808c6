import { ViewportPortal } from "@xyflow/react";
import { memo, useMemo } from "react";

import { curve, ends, through } from "./curve";
import styles from "./draw.module.css";
import type { Box, Line, Orientation, Spots } from "./model";

/** A line as it is drawn. */
export interface DrawnLine extends Line {
  readonly id: string;
  readonly dashed?: boolean;
  /** Any CSS colour; the theme's when left out. */
  readonly tone?: string;
  /** Stands in the middle of the line, as a button. */
  readonly label?: string;
  /** Points it passes on its way, two for each box it goes around: `through`. */
  readonly via?: readonly (readonly [number, number])[];
}

interface Props {
  readonly boxes: readonly Box[];
  readonly lines: readonly DrawnLine[];
  readonly spots: Spots;
  readonly orientation: Orientation;
  readonly onLine: ((line: DrawnLine) => void) | undefined;
}

/** All lines, as one picture below the boxes. */
export const Lines = memo(function Lines({ boxes, lines, spots, orientation, onLine }: Props) {
  const byId = useMemo(() => new Map(boxes.map((box) => [box.id, box])), [boxes]);
  const drawn = useMemo(
    () =>
      lines.flatMap((line) => {
        const [from, to, at, there] = [
          byId.get(line.from),
          byId.get(line.to),
          spots.get(line.from),
          spots.get(line.to),
        ];
        if (!from || !to || !at || !there) return [];
        const [x1, y1, x2, y2] = ends(from, at, to, there, orientation);
        const tip = orientation === "LR" ? `M${x2 - 6} ${y2 - 4}L${x2} ${y2}L${x2 - 6} ${y2 + 4}` : `M${x2 - 4} ${y2 - 6}L${x2} ${y2}L${x2 + 4} ${y2 - 6}`; // prettier-ignore
        const way = line.via?.length
          ? through([[x1, y1], ...line.via, [x2, y2]], orientation)
          : curve(from, at, to, there, orientation);
        return [{ line, way, tip, x: (x1 + x2) / 2, y: (y1 + y2) / 2 }];
      }),
    [byId, lines, spots, orientation],
  );
  return (
    <ViewportPortal>
      <svg className={styles.lines} aria-hidden>
        {drawn.map(({ line, way, tip }) => (
          <g
            key={line.id}
            data-line={line.id}
            data-dashed={line.dashed || undefined}
            style={line.tone ? { stroke: line.tone } : undefined}
          >
            <path d={way} />
            <path d={tip} />
          </g>
        ))}
      </svg>
      {drawn.map(
        ({ line, x, y }) =>
          line.label && (
            <button
              key={line.id}
              type="button"
              className={styles.label}
              data-label={line.id}
              style={{ transform: `translate(${x}px, ${y}px) translate(-50%, -50%)` }}
              onClick={() => onLine?.(line)}
            >
              {line.label}
            </button>
          ),
      )}
    </ViewportPortal>
  );
});
