import type { Fact, Facts } from "./facts";
import type { RunBodyQuery } from "./queries.generated";

/** A task as its pipeline writes it. */
export type Defined = NonNullable<RunBodyQuery["run"]["definition"]>["tasks"][number];

/** How many steps are in each state; graphs and loops are not counted. */
export type Counts = Readonly<Record<string, number>>;

/** A task beside this one that it waits for, and the inputs that one fills. */
export interface Link {
  readonly path: string;
  readonly carries: readonly string[];
}

/** A task of the run, begun or not, with what lies in it. */
export interface Branch {
  readonly path: string;
  readonly name: string;
  readonly shape: "step" | "graph" | "loop" | "iteration";
  readonly kind: string;
  readonly state: string;
  readonly fact: Fact | undefined;
  readonly defined: Defined | undefined;
  readonly after: readonly Link[];
  readonly children: readonly Branch[];
  readonly counts: Counts;
  readonly savedMs: number;
}

/** Not begun, while the run goes on; and when it is over. */
export const WAITING = "WAITING";
export const NOT_RUN = "NOT_RUN";

interface Known {
  readonly defined: ReadonlyMap<string, readonly Defined[]>;
  readonly facts: ReadonlyMap<string, readonly Fact[]>;
  readonly pending: string;
}

/** The tasks of a run as a tree: what its pipeline says there will be, and what the record says there is. */
export function grow(definition: readonly Defined[], facts: Facts, over: boolean): readonly Branch[] {
  const known: Known = {
    defined: grouped(definition, (one) => one.parent),
    facts: grouped(facts.values(), (one) => parentOf(one.path)),
    pending: over ? NOT_RUN : WAITING,
  };
  return within("", "", known);
}

function within(path: string, template: string, known: Known): readonly Branch[] {
  const begun = new Map((known.facts.get(path) ?? []).map((fact) => [fact.path, fact]));
  const branches: Branch[] = [];
  for (const defined of known.defined.get(template) ?? []) {
    const at = inside(path, defined.path.slice(template ? template.length + 1 : 0));
    branches.push(branch(at, defined.path, begun.get(at), defined, known));
    begun.delete(at);
  }
  const rest = [...begun.values()].sort((a, b) => (a.startedMs ?? 0) - (b.startedMs ?? 0));
  for (const fact of rest) branches.push(branch(fact.path, templateOf(fact.path), fact, undefined, known));
  return branches;
}

function branch(
  path: string,
  template: string,
  fact: Fact | undefined,
  defined: Defined | undefined,
  known: Known,
): Branch {
  const kind = fact?.kind ?? defined?.kind ?? "container";
  const iterations = (known.facts.get(path) ?? []).filter((one) => indexOf(one.path) !== null);
  const isLoop = defined?.loop ?? iterations.length > 0;
  const children =
    kind !== "dag"
      ? []
      : isLoop
        ? iterations
            .sort((a, b) => (indexOf(a.path) ?? 0) - (indexOf(b.path) ?? 0))
            .map((one) => iteration(one, template, known))
        : fact?.state === "SKIPPED"
          ? []
          : within(path, template, known);
  const siblings = path.slice(0, path.length - lastOf(path).length);
  const after = (defined?.after ?? []).map((link) => ({ path: siblings + lastOf(link.task), carries: link.carries }));
  const shape = kind !== "dag" ? "step" : isLoop ? "loop" : "graph";
  return summed({ path, name: nameOf(defined, path), shape, kind, fact, defined, after, children }, known);
}

function iteration(fact: Fact, template: string, known: Known): Branch {
  const children = within(fact.path, template, known);
  const name = `#${indexOf(fact.path) ?? 0}`;
  const { path, kind } = fact;
  return summed({ path, name, shape: "iteration", kind, fact, defined: undefined, after: [], children }, known);
}

function summed(made: Omit<Branch, "state" | "counts" | "savedMs">, known: Known): Branch {
  const own = made.fact?.state ?? known.pending;
  if (made.shape === "step") return { ...made, state: own, counts: { [own]: 1 }, savedMs: made.fact?.savedMs ?? 0 };
  const counts: Record<string, number> = {};
  let savedMs = 0;
  for (const child of made.children) {
    savedMs += child.savedMs;
    for (const [state, many] of Object.entries(child.counts)) counts[state] = (counts[state] ?? 0) + many;
  }
  const ran = Object.keys(counts).filter((state) => state !== "SKIPPED");
  const reused = own === "COMPLETE" && ran.length === 1 && ran[0] === "CACHED";
  return { ...made, state: reused ? "CACHED" : own, counts, savedMs };
}

/** All of a tree, each before what lies in it, with how deep it lies. */
export function* walk(branches: readonly Branch[], depth = 0): Generator<{ branch: Branch; depth: number }> {
  for (const branch of branches) {
    yield { branch, depth };
    yield* walk(branch.children, depth + 1);
  }
}

/** The branch at a path, if there is one. */
export function branchAt(branches: readonly Branch[], path: string): Branch | undefined {
  for (const one of branches) {
    if (one.path === path) return one;
    if (path.startsWith(`${one.path}/`) || path.startsWith(`${one.path}#`)) {
      const found = branchAt(one.children, path);
      if (found) return found;
    }
  }
  return undefined;
}

function grouped<T>(items: Iterable<T>, by: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(by(item));
    if (group) group.push(item);
    else groups.set(by(item), [item]);
  }
  return groups;
}

/** `for-loop-1#2` of `for-loop-1#2/train`, `for-loop-1` of that, nothing of that. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  const above = slash < 0 ? "" : path.slice(0, slash);
  if (indexOf(path) === null) return above;
  return path.slice(0, path.lastIndexOf("#"));
}

/** Which iteration a path is; null of what is none. */
export function indexOf(path: string): number | null {
  const found = /#(\d+)$/.exec(path);
  return found ? Number(found[1]) : null;
}

function templateOf(path: string): string {
  return path.replace(/#\d+(?=\/|$)/g, "");
}

function inside(path: string, name: string): string {
  return path ? `${path}/${name}` : name;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function nameOf(defined: Defined | undefined, path: string): string {
  return defined?.name ?? lastOf(path);
}
