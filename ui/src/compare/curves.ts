import { areaUnder, type Confusion, metricsOf, ordered } from "../kit/metrics/metrics";
import type { Curve } from "../kit/charts/align";
import type { ClassifiedFragment, CompareClassifiedQuery, CompareCurvesQuery } from "./queries.generated";

/** Curves of one metric, one an item. */
export interface Metric {
  readonly name: string;
  readonly byTime: boolean;
  readonly curves: readonly Curve[];
  /** Whether a curve has more points than were told. */
  readonly thinned: boolean;
}

/** A matrix, and whose it is. */
export interface Matrix {
  readonly key: string;
  readonly name: string;
  readonly confusion: Confusion;
}

type Series = CompareCurvesQuery["series"]["series"][number];

/** Curves by metric; an item has the same colour in each. */
export function byMetric(
  series: readonly Series[],
  ids: readonly string[],
  nameOf: (id: string) => string,
): readonly Metric[] {
  const groups = Map.groupBy(series, ({ metric, axis }) => `${axis} ${metric}`);
  return [...groups.values()].map((group) => ({
    name: group[0]?.metric ?? "",
    byTime: group[0]?.axis === "TIME",
    thinned: group.some(({ total, x }) => total > x.length),
    curves: group.map(({ node, axis, x, y }) => ({
      name: nameOf(node),
      tone: ids.indexOf(node),
      points: x.flatMap((at, place) => {
        const value = y[place];
        return value === null || value === undefined ? [] : [[axis === "TIME" ? at / 1000 : at, value] as const];
      }),
    })),
  }));
}

/** ROC curves and confusion matrices of the items' classification metrics. */
export function classified(
  nodes: CompareClassifiedQuery["nodes"],
  nameOf: (id: string) => string,
): { readonly roc: readonly Curve[]; readonly matrices: readonly Matrix[] } {
  const roc: Curve[] = [];
  const matrices: Matrix[] = [];
  const tones = new Map<string, number>();
  for (const node of nodes) {
    if (!node) continue;
    for (const artifact of artifactsOf(node)) {
      for (const slice of metricsOf(artifact.customProperties).slices) {
        const own = artifact.id === node.id ? "" : artifact.label;
        const name = [nameOf(node.id), own, slice.name].filter(Boolean).join(" · ");
        if (slice.confusion) matrices.push({ key: `${artifact.id} ${slice.name}`, name, confusion: slice.confusion });
        if (slice.roc.length === 0) continue;
        tones.set(name, tones.get(name) ?? tones.size);
        roc.push({
          name: `${name}: area ${areaUnder(slice.roc).toFixed(4)}`,
          tone: tones.get(name) ?? 0,
          points: ordered(slice.roc).map(({ fpr, tpr }) => [fpr, tpr] as const),
        });
      }
    }
  }
  return { roc, matrices };
}

function artifactsOf(node: NonNullable<CompareClassifiedQuery["nodes"][number]>): readonly ClassifiedFragment[] {
  if ("customProperties" in node) return [node];
  if ("outputs" in node) return node.outputs.map((event) => event.artifact);
  return node.artifacts.nodes;
}
