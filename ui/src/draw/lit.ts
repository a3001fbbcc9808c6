import { useLayoutEffect } from "react";

import type { DrawnLine } from "./Lines";

/** Mark what is lit, past React: hovering must cost no more than a few attributes. */
export function useLit(
  root: HTMLElement | null,
  lit: ReadonlySet<string> | null,
  nodes: readonly unknown[],
  lines: readonly DrawnLine[],
): void {
  useLayoutEffect(() => {
    if (!root || !lit) return undefined;
    const mark = () => {
      for (const node of root.querySelectorAll<HTMLElement>(".react-flow__node")) {
        node.toggleAttribute("data-lit", lit.has(node.dataset.id ?? ""));
      }
      const shown = new Set(lines.filter(({ from, to }) => lit.has(from) && lit.has(to)).map(({ id }) => id));
      for (const line of root.querySelectorAll<SVGElement>("[data-line]")) {
        line.toggleAttribute("data-lit", shown.has(line.dataset.line ?? ""));
      }
    };
    mark();
    const later = requestAnimationFrame(mark); // what is mounted with this change
    return () => cancelAnimationFrame(later);
  }, [root, lit, nodes, lines]);
}
