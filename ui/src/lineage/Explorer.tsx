import { useMediaQuery } from "@mantine/hooks";
import { lazy, type RefObject, Suspense, useEffect, useMemo, useRef, useState } from "react";

import { Graph } from "../draw/Graph";
import type { GraphHandle } from "../draw/view";
import { local } from "../api/storage";
import { ErrorFace, Loading } from "../shell/faces";
import { short } from "../kit/format";
import { useTitle } from "../shell/crumbs";
import { toneOf } from "./card";
import { Actions, type CardActions, CardView } from "./Cards";
import styles from "./explorer.module.css";
import { filtersSet } from "./hide";
import { useExplorerKeys } from "./keys";
import { litAround, type Scene } from "./scene";
import { Status } from "./Status";
import { Twin } from "./Twin";
import { useActs } from "./useActs";
import { useExplorer } from "./useExplorer";
import { useMetric } from "./useMetric";
import { useScene } from "./useScene";

const FilterBar = lazy(() => import("./FilterBar").then(({ FilterBar }) => ({ default: FilterBar })));
const Panel = lazy(() => import("./Panel").then(({ Panel }) => ({ default: Panel })));
const TimeBar = lazy(() => import("./TimeBar").then(({ TimeBar }) => ({ default: TimeBar })));
const Toolbar = lazy(() => import("./Toolbar").then(({ Toolbar }) => ({ default: Toolbar })));
const Whole = lazy(() => import("./Whole").then(({ Whole }) => ({ default: Whole })));

/** Beyond so many cards, dots are drawn. */
const MOST_CARDS = 400;
/** The share of the canvas that a sheet takes on a phone; the style sheet has the same. */
const SHEET = 0.55;
const PANEL = "clew.explorer.panel";

/** The lineage around a node. */
export function Explorer({ focus }: { readonly focus: string }) {
  const explorer = useExplorer(focus);
  const { search, known, asking, fresh } = explorer;
  const [tidied, tidy] = useState(0);
  const view = useScene(explorer, `${tidied}`);
  const { scene, drawn, laid } = view;
  const graph = useRef<GraphHandle>(null);
  const find = useRef<HTMLInputElement>(null);
  const acts = useActs(explorer, view, graph, find, tidy);
  useExplorerKeys(explorer, acts);
  const name = known.union.nodes.get(focus)?.name ?? focus;
  useTitle(name);
  useReveal(graph, fresh, laid?.spots, scene);
  const selected = search.sel === undefined ? null : (scene.boxOf.get(search.sel) ?? search.sel);
  useSeen(graph, selected, laid?.spots);
  const [hover, setHover] = useState<string | null>(null);
  const phone = useMediaQuery("(max-width: 760px)");
  const [width, setWidth] = useState(() => Number(local.get(PANEL)) || 380);
  const metric = useMetric(search.metric, scene.clusters);
  const cardActions = useMemo<CardActions>(
    () => ({
      expand: acts.expand,
      expandAll: acts.expandAll,
      contract: acts.contract,
      metric: search.metric,
      values: metric,
    }),
    [acts.expand, acts.expandAll, acts.contract, search.metric, metric],
  );
  const { ways } = view.path;
  const lit = useMemo(() => {
    if (ways) return new Set([...ways.ids].map((id) => scene.boxOf.get(id) ?? id));
    if (search.lock && selected) return litAround(selected, scene, true);
    return hover ? litAround(hover, scene, false) : null;
  }, [ways, search.lock, selected, hover, scene]);
  const error = asking.error ?? view.diff.asking.error ?? view.path.asking.error;
  const many = search.mode !== "table" && drawn.boxes.length > MOST_CARDS;
  const whole = search.mode === "whole";
  const panel = search.sel !== undefined || search.diff !== undefined;
  const inset = useMemo(
    () => (!panel ? null : phone ? { right: 0, bottom: SHEET } : { right: width, bottom: 0 }),
    [panel, phone, width],
  );
  const bare = scene.boxes.length === 0;
  if (bare && error) return <ErrorFace error={error} retry={() => window.location.reload()} />;
  return (
    <div className={styles.explorer}>
      <h1 className="unseen">Lineage of {short(name)}</h1>
      <Suspense fallback={<div className={styles.toolbar} data-coming />}>
        <Toolbar explorer={explorer} view={view} acts={acts} find={find} />
      </Suspense>
      <Suspense>
        {(acts.filtering || filtersSet(view.filters) > 0) && <FilterBar explorer={explorer} view={view} />}
      </Suspense>
      <Status
        explorer={explorer}
        view={view}
        acts={acts}
        lit={!whole && (ways || search.lock) ? lit : null}
        error={bare ? null : error}
      />
      <div className={styles.stage}>
        <Twin explorer={explorer} view={view} acts={acts} shown={search.mode === "table"} />
        {search.mode !== "table" && (
          <div className={styles.canvas} data-loading={bare || undefined} aria-busy={bare || undefined}>
            {whole || many ? (
              <Suspense fallback={<Loading />}>
                <Whole
                  explorer={explorer}
                  view={view}
                  acts={acts}
                  all={whole}
                  lit={lit}
                  graph={graph}
                  inset={inset?.right ?? 0}
                />
              </Suspense>
            ) : (
              laid && (
                <Actions value={cardActions}>
                  <Graph
                    ref={graph}
                    boxes={drawn.boxes}
                    lines={drawn.lines}
                    spots={laid.spots}
                    orientation={laid.orientation}
                    fitKey={laid.key + focus}
                    render={CardView}
                    label="Lineage graph. Arrow keys walk along it."
                    selected={selected}
                    lit={lit}
                    tone={toneOf}
                    minimap={!phone && !acts.timing}
                    {...(inset ? { inset } : {})}
                    {...(view.comparing ? {} : { home: focus })}
                    onSelect={acts.select}
                    onOpen={acts.open}
                    onHover={setHover}
                    onLine={acts.unhide}
                  />
                </Actions>
              )
            )}
            <Suspense>
              {acts.timing && <TimeBar explorer={explorer} view={view} inset={panel && !phone ? width : 0} />}
            </Suspense>
          </div>
        )}
        <Suspense>
          {panel && (
            <Panel
              explorer={explorer}
              view={view}
              acts={acts}
              width={width}
              onWidth={(next) => {
                local.set(PANEL, String(next));
                setWidth(next);
              }}
            />
          )}
        </Suspense>
      </div>
    </div>
  );
}

/** Bring what was chosen out from under the details. */
function useSeen(
  graph: RefObject<GraphHandle | null>,
  selected: string | null,
  spots: ReadonlyMap<string, unknown> | undefined,
): void {
  const ready = selected !== null && spots?.has(selected) === true;
  useEffect(() => {
    if (!ready) return undefined;
    const later = requestAnimationFrame(() => graph.current?.reveal([selected]));
    return () => cancelAnimationFrame(later);
  }, [graph, selected, ready]);
}

/** Bring what came with an expansion into view, once it has its place. */
function useReveal(
  graph: RefObject<GraphHandle | null>,
  fresh: readonly string[],
  spots: ReadonlyMap<string, unknown> | undefined,
  { boxOf, hidden }: Scene,
): void {
  const done = useRef<readonly string[]>([]);
  useEffect(() => {
    if (fresh === done.current || fresh.length === 0 || !spots) return undefined;
    const unseen = new Set(hidden.map(({ id }) => id));
    if (!fresh.every((id) => boxOf.has(id) || unseen.has(id))) return undefined;
    const boxes = [...new Set(fresh.flatMap((id) => boxOf.get(id) ?? []))];
    if (boxes.length < 1 || !boxes.every((id) => spots.has(id))) return undefined;
    const later = requestAnimationFrame(() => {
      done.current = fresh;
      graph.current?.reveal(boxes);
    });
    return () => cancelAnimationFrame(later);
  }, [graph, fresh, spots, boxOf, hidden]);
}
