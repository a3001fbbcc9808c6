import { useMemo } from "react";

import { type Key, useKeys } from "../shell/keys";
import type { Acts } from "./useActs";
import type { Explorer } from "./useExplorer";

/** The explorer's keys; arrows and Enter are the drawing's own. */
export function useExplorerKeys({ search, set, undo, redo }: Explorer, acts: Acts): void {
  const keys = useMemo<readonly Key[]>(() => {
    const on = (act: (id: string) => void) => () => {
      if (acts.target) act(acts.target);
    };
    return [
      { key: "/", what: "Find in the graph, then in the record", act: acts.find },
      { key: "e", what: "Expand downstream", act: on((id) => acts.expand(id, "DOWN")) },
      { key: "E", what: "Expand upstream", act: on((id) => acts.expand(id, "UP")) },
      { key: "c", what: "Contract downstream", act: on((id) => acts.contract(id, "DOWN")) },
      { key: "C", what: "Contract upstream", act: on((id) => acts.contract(id, "UP")) },
      { key: "f", what: "See the lineage from this node", act: on(acts.focusOn) },
      { key: "p", what: "Path from this node to another", act: () => acts.pick("path") },
      { key: "d", what: "Compare this node with another", act: () => acts.pick("diff") },
      { key: "l", what: "Keep all ancestors and descendants lit", act: () => set({ lock: search.lock ? undefined : 1 }) },
      { key: "u", what: "Undo", act: () => undo?.() },
      { key: "U", what: "Redo", act: () => redo?.() },
      { key: "mod+z", what: "Undo", act: () => undo?.() },
      { key: "mod+y", what: "Redo", act: () => redo?.() },
      { key: "o", what: "Left to right, or top to bottom", act: () => set({ dir: search.dir === "TB" ? undefined : "TB" }) },
      { key: "t", what: "Graph or table", act: () => set({ mode: search.mode === "table" ? undefined : "table" }) },
      { key: "w", what: "The whole lineage, or the cards", act: () => set({ mode: search.mode === "whole" ? undefined : "whole" }) },
      { key: "r", what: "Arrange again", act: acts.tidy },
      { key: "0", what: "Bring all into view", act: acts.fit },
      { key: "Escape", what: "Back out of what was chosen", act: acts.escape },
    ]; // prettier-ignore
  }, [acts, search.lock, search.dir, search.mode, set, undo, redo]);
  useKeys("Explorer", keys);
}
