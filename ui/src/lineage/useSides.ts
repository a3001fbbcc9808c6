import { useEffect, useMemo, useState } from "react";

import type { Mark } from "./card";
import { type Loaded, merge, NOTHING } from "./graph";
import { ExplorerLinesDocument, ExplorerPathsDocument, ExplorerSinceDocument } from "./queries.generated";
import { useAsk } from "./useAsk";
import { asOf, type Explorer } from "./useExplorer";

/** The ways between two nodes. */
export interface Ways {
  readonly key: string;
  readonly ids: ReadonlySet<string>;
  readonly many: number;
  readonly length: number;
  readonly partial: boolean;
}

/** The ways between the two nodes that the address names; what they lead over joins what is shown. */
export function usePath({ search: { path, at }, shown, commit, setFresh }: Explorer): {
  readonly ways: Ways | null;
  readonly asking: ReturnType<typeof useAsk>;
} /* prettier-ignore */ {
  const [ways, setWays] = useState<Ways | null>(null);
  const asking = useAsk();
  const { ask } = asking;
  useEffect(() => {
    if (path === undefined) return;
    const [a = "", b = ""] = path.split("~");
    ask("Finding the ways", ExplorerPathsDocument, { a, b, asOf: asOf(at) }, ({ there, back }) => {
      const found = there.paths.length ? there : back;
      setWays({
        key: path,
        ids: new Set([a, b, ...found.paths.flatMap(({ ids }) => ids)]),
        many: found.paths.length,
        length: found.length,
        partial: found.partial,
      });
    });
  }, [path, at, ask]);
  const current = ways !== null && ways.key === path ? ways : null;
  useEffect(() => {
    if (!current) return;
    if ([...current.ids].some((id) => !shown.has(id))) commit([...shown, ...current.ids], {}, true);
    setFresh([...current.ids]);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each answer: what is taken away later stays away
  }, [current]);
  return { ways: current, asking };
}

/** What came and went since the moment that the address compares with. */
export function useSince({ search: { since }, shown, known }: Explorer): ReadonlyMap<string, Mark> {
  const [old, setOld] = useState<{ readonly key: string; readonly ids: ReadonlySet<string> } | null>(null);
  const { ask } = useAsk();
  const key = since === undefined ? null : `${since} ${[...shown].sort().join()}`;
  useEffect(() => {
    if (since === undefined || key === null) return;
    ask("Looking back", ExplorerSinceDocument, { ids: [...shown], asOf: { timeMs: since } }, ({ subgraph }) =>
      setOld({ key, ids: new Set(subgraph.nodes.map(({ id }) => id)) }),
    );
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the key says what is shown
  }, [key, ask]);
  return useMemo(() => {
    const marks = new Map<string, Mark>();
    if (!old || old.key !== key) return marks;
    const now = known.present?.nodes;
    for (const id of shown) {
      const here = now ? now.has(id) : known.union.nodes.has(id);
      if (here && !old.ids.has(id)) marks.set(id, "added");
      if (!here && old.ids.has(id)) marks.set(id, "removed");
    }
    return marks;
  }, [old, key, known, shown]);
}

/** The lineages of two nodes over each other. */
export interface Overlay {
  readonly key: string;
  readonly graph: Loaded;
  readonly marks: ReadonlyMap<string, Mark>;
  readonly onlyA: number;
  readonly onlyB: number;
  readonly both: number;
  readonly partial: boolean;
  readonly tookMs: number;
}

const MOST = 200;

/** What the focus and the node it is compared with were made from; null unless the address names one. */
export function useOverlay({ search: { diff, at }, focus }: Explorer): {
  readonly overlay: Overlay | null;
  readonly asking: ReturnType<typeof useAsk>;
} /* prettier-ignore */ {
  const [overlay, setOverlay] = useState<Overlay | null>(null);
  const asking = useAsk();
  const { ask } = asking;
  const key = diff === undefined ? null : `${focus} ${diff} ${at ?? ""}`;
  useEffect(() => {
    if (diff === undefined || key === null) return;
    ask("Comparing", ExplorerLinesDocument, { a: [focus], b: [diff], most: MOST, asOf: asOf(at) }, ({ a, b }) => {
      const [ofA, ofB] = [a, b].map(({ nodes }) => new Set(nodes.map(({ id }) => id)));
      const marks = new Map<string, Mark>();
      const graph = merge(merge(NOTHING, a), b);
      for (const id of graph.nodes.keys()) {
        if (!ofB?.has(id)) marks.set(id, "a");
        else if (!ofA?.has(id)) marks.set(id, "b");
      }
      const tally = (mark: Mark) => [...marks.values()].filter((one) => one === mark).length;
      setOverlay({
        key,
        graph,
        marks,
        onlyA: tally("a"),
        onlyB: tally("b"),
        both: graph.nodes.size - marks.size,
        partial: a.partial || b.partial,
        tookMs: a.tookMs + b.tookMs,
      });
    });
  }, [key, focus, diff, at, ask]);
  return { overlay: overlay !== null && overlay.key === key ? overlay : null, asking };
}
