import { count, figure } from "../format";
import { binned } from "./bins";
import styles from "./charts.module.css";
import "./charts.css";

/** How values are spread: small, of SVG, without a library. */
export function Histogram({
  label,
  values,
  height = 48,
  bins: most = 12,
  say = figure,
}: {
  readonly label: string;
  readonly values: readonly number[];
  readonly height?: number;
  readonly bins?: number;
  readonly say?: (value: number) => string;
}) {
  const bins = binned(values, most);
  const first = bins[0];
  const last = bins.at(-1);
  if (!first || !last) return <span className="dim">no numbers</span>;
  const top = Math.max(...bins.map((bin) => bin.count));
  const width = 100 / bins.length;
  const words = bins.map((bin) => `${say(bin.from)} to ${say(bin.to)}: ${count(bin.count)}`).join("; ");
  return (
    <div>
      <svg
        className={styles.histogram}
        viewBox={`0 0 100 ${height}`}
        height={height}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label}. ${words}`}
      >
        {bins.map((bin, at) => {
          const tall = bin.count && Math.max(1, (bin.count / top) * height);
          return (
            <rect key={bin.from} x={at * width + width * 0.06} y={height - tall} width={width * 0.88} height={tall}>
              <title>{`${say(bin.from)} to ${say(bin.to)}: ${count(bin.count)}`}</title>
            </rect>
          );
        })}
      </svg>
      <div className={styles.edges} aria-hidden>
        <span>{say(first.from)}</span>
        {first.from !== last.to && <span>{say(last.to)}</span>}
      </div>
    </div>
  );
}
