import { useSearch } from "@tanstack/react-router";
import { lazy } from "react";

import { Explorer } from "./Explorer";

const Start = lazy(() => import("./Start").then(({ Start }) => ({ default: Start })));

/** Explorer: the lineage around a node; without one, where to begin. */
export function LineageView() {
  const { focus } = useSearch({ from: "/explorer" });
  return focus === undefined ? <Start /> : <Explorer focus={focus} />;
}
