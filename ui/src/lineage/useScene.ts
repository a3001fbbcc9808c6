import { useMemo } from "react";

import { useLayout } from "../draw/useLayout";
import { useNamespace } from "../shell/place";
import { type CardBox, clusterCard, type Mark } from "./card";
import type { Filters } from "./hide";
import { type Scene, sceneOf } from "./scene";
import type { Explorer } from "./useExplorer";
import { useOverlay, usePath, useSince } from "./useSides";

/** Space between columns where lines bear labels. */
const WITH_LABELS = 132;

/** All that the explorer draws, from the address and the record. */
export function useScene(explorer: Explorer, layoutKey: string) {
  const { search, focus, shown, known } = explorer;
  const { kinds, types, ctx, states, from, until, apart, single, dir = "LR", at } = search;
  const ns = useNamespace();
  const filters = useMemo<Filters>(
    () => ({ kinds, types, ctx, states, from, until, ns }),
    [kinds, types, ctx, states, from, until, ns],
  );
  const path = usePath(explorer);
  const since = useSince(explorer);
  const diff = useOverlay(explorer);
  const { overlay } = diff;
  const ways = path.ways;
  const comparing = search.diff !== undefined;
  const scene = useMemo(() => {
    const marks = new Map<string, Mark>([[focus, "focus"]]);
    for (const id of ways?.ids ?? []) marks.set(id, "path");
    for (const [id, mark] of since) marks.set(id, mark);
    const known_ = comparing ? overlay?.graph : known.union;
    const ids = comparing ? new Set(overlay?.graph.nodes.keys()) : shown;
    return sceneOf({
      known: known_ ?? { nodes: new Map(), edges: new Map() },
      shown: ids,
      focus,
      filters,
      apart: new Set(apart),
      single: single === 1,
      alone: search.path?.split("~") ?? [],
      marks: comparing ? (overlay?.marks ?? marks) : marks,
    });
  }, [known.union, shown, focus, filters, apart, single, ways, since, comparing, overlay, search.path]);
  const laid = useLayout(
    scene.boxes,
    scene.lines,
    dir,
    `${layoutKey} ${search.diff ?? ""}`,
    scene.detours.length ? WITH_LABELS : undefined,
  );
  const present = at === undefined || comparing ? null : known.present;
  const drawn = useMemo(() => restrict(scene, present, since), [scene, present, since]);
  return { scene, drawn, laid, filters, path, since, diff, comparing };
}

/** Only what there is at the moment shown; the rest keeps its place, and is not drawn. */
function restrict(
  scene: Scene,
  present: Explorer["known"]["present"],
  since: ReadonlyMap<string, Mark>,
): Pick<Scene, "boxes" | "lines" | "nodes"> {
  if (!present) return scene;
  const here = (id: string) => present.nodes.has(id) || since.get(id) === "removed";
  const boxes = scene.boxes.flatMap((box): CardBox[] => {
    const { cluster } = box.data;
    if (!cluster) return here(box.id) ? [box] : [];
    const members = cluster.members.filter(({ id }) => here(id));
    return members.length ? [clusterCard({ id: cluster.id, members }, box.data.up, box.data.down, box.data.mark)] : [];
  });
  const drawn = new Set(boxes.map(({ id }) => id));
  return {
    boxes,
    lines: scene.lines.filter(({ from, to }) => drawn.has(from) && drawn.has(to)),
    nodes: scene.nodes.filter(({ id }) => here(id)),
  };
}
