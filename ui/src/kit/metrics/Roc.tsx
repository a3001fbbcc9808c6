import { figure, short } from "../format";
import { Figure } from "../charts/Figure";
import { areaUnder, type RocPoint } from "./metrics";
import styles from "./metrics.module.css";

const [SIZE, LEFT, BOTTOM, TOP] = [220, 44, 34, 8];

/** ROC curves over each other, with the area under each. */
export function Roc({
  curves,
}: {
  readonly curves: readonly { readonly name: string; readonly roc: readonly RocPoint[] }[];
}) {
  const x = (value: number) => LEFT + value * SIZE;
  const y = (value: number) => TOP + (1 - value) * SIZE;
  const ticks = [0, 0.5, 1];
  const legend = curves.map(({ name, roc }, tone) => ({
    name: `${name ? `${short(name, 40)}: ` : ""}area ${figure(Number(areaUnder(roc).toFixed(4)))}`,
    tone,
  }));
  const numbers = () => ({
    head: ["Slice", "Threshold", "False positives", "True positives"],
    rows: curves.flatMap(({ name, roc }) =>
      roc.map((point) => [name || "All", String(point.threshold ?? ""), figure(point.fpr), figure(point.tpr)]),
    ),
  });
  return (
    <Figure label="ROC" legend={legend} numbers={numbers}>
      <svg
        className={styles.roc}
        viewBox={`0 0 ${SIZE + LEFT + 12} ${SIZE + TOP + BOTTOM}`}
        role="img"
        aria-label={`ROC: ${legend.map((one) => one.name).join(", ")}`}
      >
        {ticks.map((tick) => (
          <g key={tick} className={styles.tick}>
            <line x1={x(tick)} x2={x(tick)} y1={y(0)} y2={y(1)} />
            <line x1={x(0)} x2={x(1)} y1={y(tick)} y2={y(tick)} />
            <text x={x(tick)} y={y(0) + 13} textAnchor="middle">
              {tick}
            </text>
            <text x={x(0) - 5} y={y(tick) + 4} textAnchor="end">
              {tick}
            </text>
          </g>
        ))}
        <line className={styles.chance} x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
        {curves.map(({ name, roc }, at) => (
          <polyline
            key={`${at} ${name}`}
            className={styles.curve}
            style={{ stroke: `var(--clew-series-${(at % 8) + 1})` }}
            points={[{ fpr: 0, tpr: 0 }, ...roc, { fpr: 1, tpr: 1 }]
              .map((one) => `${x(one.fpr)},${y(one.tpr)}`)
              .join(" ")}
          />
        ))}
        <text className={styles.axis} x={x(0.5)} y={y(0) + 28} textAnchor="middle">
          False positive rate
        </text>
        <text className={styles.axis} transform={`translate(10 ${y(0.5)}) rotate(-90)`} textAnchor="middle">
          True positive rate
        </text>
      </svg>
    </Figure>
  );
}
