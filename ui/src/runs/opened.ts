import { MOST_BOXES, MOST_ITERATIONS } from "./place";
import type { RunSearch } from "./search";
import type { Branch } from "./tree";

/** Iterations that begin open once their loop was opened. */
const FEW = 4;

/** Which graphs and loops are open: by the address, else graphs are, and loops are not. */
export function openness(
  branches: readonly Branch[],
  { open, shut }: Pick<RunSearch, "open" | "shut">,
): (branch: Branch) => boolean {
  const [asked, closed] = [new Set(open), new Set(shut)];
  const few = new Map<string, boolean>();
  const note = (one: Branch) => {
    if (one.shape === "loop") for (const inner of one.children) few.set(inner.path, one.children.length <= FEW);
    one.children.forEach(note);
  };
  branches.forEach(note);
  const chosen = (branch: Branch) => {
    if (closed.has(branch.path)) return false;
    if (asked.has(branch.path)) return true;
    return branch.shape === "graph" || (few.get(branch.path) ?? false);
  };
  if (drawn(branches, chosen) <= MOST_BOXES) return chosen;
  return (branch) => asked.has(branch.path) && !closed.has(branch.path);
}

/** How many boxes a drawing has. */
function drawn(branches: readonly Branch[], isOpen: (branch: Branch) => boolean): number {
  let many = 0;
  for (const branch of branches) {
    many += 1;
    if (!branch.children.length || !isOpen(branch)) continue;
    many += drawn(branch.shape === "loop" ? branch.children.slice(0, MOST_ITERATIONS) : branch.children, isOpen);
  }
  return many;
}

/** The address after a graph or loop was opened or closed. */
export function toggled(
  branch: Branch,
  isOpen: boolean,
  { open = [], shut = [] }: Pick<RunSearch, "open" | "shut">,
): { readonly open: readonly string[] | undefined; readonly shut: readonly string[] | undefined } {
  const without = (paths: readonly string[]) => paths.filter((path) => path !== branch.path);
  const [opened, closed] = isOpen
    ? [without(open), [...without(shut), branch.path]]
    : [[...without(open), branch.path], without(shut)];
  return { open: opened.length ? opened : undefined, shut: closed.length ? closed : undefined };
}
