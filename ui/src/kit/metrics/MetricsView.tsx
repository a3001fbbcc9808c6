import { CopyId } from "../CopyId";
import { figure, short } from "../format";
import { ConfusionMatrix } from "./ConfusionMatrix";
import type { Metrics } from "./metrics";
import styles from "./metrics.module.css";
import { Roc } from "./Roc";

const MOST_SLICES = 8;

/** What an artifact measures: its numbers, its ROC curves, its confusion matrices. */
export function MetricsView({ metrics: { numbers, slices } }: { readonly metrics: Metrics }) {
  const curves = slices.filter((slice) => slice.roc.length > 0).slice(0, MOST_SLICES);
  const matrices = slices.filter((slice) => slice.confusion !== null).slice(0, MOST_SLICES);
  return (
    <div className={styles.metrics}>
      {numbers.length > 0 && (
        <dl className={styles.numbers} aria-label="Metrics">
          {numbers.map(({ name, value }) => (
            <div key={name}>
              <dt className="cut" title={short(name, 300)} dir="auto">
                {short(name, 80)}
              </dt>
              <dd title={String(value)}>
                {figure(value)} <CopyId text={String(value)} what={short(name, 60)} />
              </dd>
            </div>
          ))}
        </dl>
      )}
      {(curves.length > 0 || matrices.length > 0) && (
        <div className={styles.curves}>
          {curves.length > 0 && <Roc curves={curves} />}
          {matrices.map(
            ({ name, confusion }) => confusion && <ConfusionMatrix key={name} name={name} confusion={confusion} />,
          )}
        </div>
      )}
      {slices.length > MOST_SLICES && (
        <p className="dim">The first {MOST_SLICES} slices are drawn; all of them stand among the properties.</p>
      )}
    </div>
  );
}
