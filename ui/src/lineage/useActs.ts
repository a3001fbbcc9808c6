import { useNavigate } from "@tanstack/react-router";
import { type RefObject, useCallback, useMemo, useState } from "react";

import type { GraphHandle } from "../draw/view";
import { nodePath } from "../kit/node";
import { contracted } from "./graph";
import type { Expansion, Explorer } from "./useExplorer";
import type { useScene } from "./useScene";

export type View = ReturnType<typeof useScene>;
export type Acts = ReturnType<typeof useActs>;

/** A second node is being chosen, to go with the first. */
export interface Picking {
  readonly what: "path" | "diff";
  readonly from: string;
}

/** What one can do with the drawing, for buttons and keys alike. */
export function useActs(
  explorer: Explorer,
  { scene }: View,
  graph: RefObject<GraphHandle | null>,
  find: RefObject<HTMLInputElement | null>,
  tidy: (change: (now: number) => number) => void,
) {
  const { search, set, focus, shown, commit, expand: ask, expandAll: askAll } = explorer;
  const navigate = useNavigate();
  const [picking, setPicking] = useState<Picking | null>(null);
  const [filtering, setFiltering] = useState(false);
  const [timing, setTiming] = useState(search.at !== undefined || search.since !== undefined);

  const target = search.sel?.startsWith("cluster:") ? null : (search.sel ?? focus);
  const select = useCallback(
    (id: string | null) => {
      if (picking && id && !id.startsWith("cluster:") && id !== picking.from) {
        setPicking(null);
        if (picking.what === "path") set({ path: `${picking.from}~${id}`, sel: id, lock: undefined });
        else set({ focus: picking.from, diff: id, sel: undefined, path: undefined, shown: undefined, lock: undefined });
        return;
      }
      set({ sel: id ?? undefined, ...(id ? {} : { lock: undefined }) }, true);
    },
    [picking, set],
  );
  const expand = useCallback((id: string, direction: "UP" | "DOWN", how?: Expansion) => ask(id, direction, how), [ask]);
  const { clusters } = scene;
  const expandAll = useCallback(
    (id: string, direction: "UP" | "DOWN") => {
      const members = clusters.find((cluster) => cluster.id === id)?.members ?? [];
      askAll(
        members.map((node) => node.id),
        direction,
      );
    },
    [askAll, clusters],
  );
  const contract = useCallback(
    (id: string, direction: "UP" | "DOWN") => commit(contracted(shown, scene.allWays, id, direction, focus)),
    [commit, shown, scene.allWays, focus],
  );
  const open = useCallback(
    (id: string) => {
      if (!id.startsWith("cluster:")) void navigate({ to: nodePath(id) });
    },
    [navigate],
  );
  const unhide = useCallback(() => {
    const none = undefined;
    set({ kinds: none, types: none, ctx: none, states: none, from: none, until: none });
  }, [set]);
  return useMemo(
    () => ({
      target,
      select,
      expand,
      expandAll,
      contract,
      open,
      unhide,
      focusOn: (id: string) => {
        commit(shown, { focus: id, sel: id });
        graph.current?.centre(id);
      },
      startFrom: (id: string) =>
        commit([], { focus: id, sel: undefined, path: undefined, diff: undefined, hops: undefined }),
      remove: (id: string) =>
        commit(
          [...shown].filter((one) => one !== id && one !== scene.boxOf.get(id)),
          { sel: undefined },
        ),
      /** Choose it, and draw it where it is not drawn. */
      reach: (id: string) => {
        if (shown.has(id) || search.diff !== undefined) set({ sel: id }, true);
        else commit([...shown, id], { sel: id });
      },
      addWithPath: (id: string) => set({ path: `${focus}~${id}`, sel: id, lock: undefined }),
      reveal: (id: string) => {
        set({ sel: id }, true);
        graph.current?.focus(scene.boxOf.get(id) ?? id);
      },
      fit: () => graph.current?.fit(),
      tidy: () => tidy((now) => now + 1),
      find: () => find.current?.focus(),
      picking,
      pick: (what: Picking["what"]) => {
        if (target) setPicking({ what, from: target });
      },
      escape: () => {
        if (picking) setPicking(null);
        else if (search.path) set({ path: undefined });
        else if (search.lock) set({ lock: undefined });
        else if (search.diff) set({ diff: undefined });
        else set({ sel: undefined }, true);
      },
      takeApart: (first: string) => set({ apart: [...(search.apart ?? []), first], sel: first }),
      filtering,
      setFiltering,
      timing,
      setTiming: (on: boolean) => {
        setTiming(on);
        if (!on) set({ at: undefined, since: undefined });
      },
    }),
    [target, select, expand, expandAll, contract, open, unhide, commit, shown, set, focus, scene.boxOf, graph, find, tidy, picking, search, filtering, timing], // prettier-ignore
  );
}
