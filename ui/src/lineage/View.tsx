import { useSearch } from "@tanstack/react-router";

import { Explorer } from "./Explorer";
import { Start } from "./Start";

/** Explorer: the lineage around a node; without one, where to begin. */
export function LineageView() {
  const { focus } = useSearch({ from: "/explorer" });
  return focus === undefined ? <Start /> : <Explorer focus={focus} />;
}
