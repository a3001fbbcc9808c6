import { useMemo } from "react";
import { useQuery } from "urql";

import { useLiveQuery } from "../api/live";
import { Curves } from "../kit/charts/Curves";
import { count, short } from "../kit/format";
import { ConfusionMatrix } from "../kit/metrics/ConfusionMatrix";
import { Empty, ErrorFace, Loading, Partial } from "../shell/faces";
import styles from "./compare.module.css";
import { byMetric, classified } from "./curves";
import { CompareClassifiedDocument, CompareCurvesDocument } from "./queries.generated";
import type { Items } from "./TableTab";

const POINTS = 500;
const MOST = 50;
const MOST_MATRICES = 12;

/** Metrics as they went, over one another; ROC curves over one another, confusion matrices side by side. */
export function CurvesTab({ items }: { readonly items: Items }) {
  const of = useMemo(() => items.ids.slice(0, MOST), [items]);
  const [{ data: told, error }, again] = useLiveQuery({
    query: CompareCurvesDocument,
    variables: { of, points: POINTS },
  });
  const [{ data: found }] = useQuery({ query: CompareClassifiedDocument, variables: { of } });
  const nameOf = useMemo(() => {
    const names = new Map(items.ids.map((id, row) => [id, items.names[row] ?? id]));
    return (id: string) => short(names.get(id) ?? id, 60);
  }, [items]);
  const metrics = useMemo(() => byMetric(told?.series.series ?? [], of, nameOf), [told, of, nameOf]);
  const { roc, matrices } = useMemo(() => classified(found?.nodes ?? [], nameOf), [found, nameOf]);
  if (error && !told) return <ErrorFace error={error} retry={() => again({ requestPolicy: "network-only" })} />;
  if (!told || !found) return <Loading lines={8} />;
  if (metrics.length + roc.length + matrices.length === 0) {
    return (
      <Empty title="There are no curves">
        A metric is a curve where it was told more than once, with a step or an epoch beside it, or as a list. ROC
        curves and confusion matrices are those of classification metrics.
      </Empty>
    );
  }
  return (
    <>
      {(items.ids.length > MOST || told.series.partial || metrics.some((one) => one.thinned)) && (
        <div className={styles.partial}>
          <Partial>
            {items.ids.length > MOST && `The first ${MOST} of ${count(items.ids.length)} items are drawn. `}
            {told.series.partial && "There was too much to be read whole. "}
            {metrics.some((one) => one.thinned) && `Curves of more than ${POINTS} points are thinned out evenly.`}
          </Partial>
        </div>
      )}
      <div className={styles.charts}>
        {metrics.map((metric) => (
          <section key={`${metric.name} ${metric.byTime}`} className={`card ${styles.chart ?? ""}`}>
            <Curves
              label={short(metric.name, 80)}
              curves={metric.curves}
              xLabel={metric.byTime ? "time" : "step"}
              yLabel={short(metric.name.slice(metric.name.lastIndexOf(".") + 1), 40)}
              time={metric.byTime}
            />
          </section>
        ))}
        {roc.length > 0 && (
          <section className={`card ${styles.chart ?? ""}`}>
            <Curves label="ROC" curves={roc} xLabel="false positive rate" yLabel="true positive rate" unit />
          </section>
        )}
        {matrices.slice(0, MOST_MATRICES).map(({ key, name, confusion }) => (
          <section key={key} className={`card ${styles.chart ?? ""}`}>
            <ConfusionMatrix name={name} confusion={confusion} />
          </section>
        ))}
      </div>
      {matrices.length > MOST_MATRICES && (
        <p className={styles.note}>
          The first {MOST_MATRICES} of {count(matrices.length)} confusion matrices are shown.
        </p>
      )}
    </>
  );
}
