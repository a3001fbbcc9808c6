import { choice, text, texts } from "../shell/search";

/** What the address of the runs says. */
export interface RunsSearch {
  /** In the filter language. */
  readonly q?: string;
  readonly state?: string;
  readonly pipeline?: string;
  readonly experiment?: string;
  readonly schedule?: string;
  /** Labels, `key=value`. */
  readonly label?: readonly string[];
  /** Archived ones instead of the others. */
  readonly archived?: 1;
  /** Ids of the columns shown, in their order. */
  readonly cols?: readonly string[];
  /** Numbers of the contexts of the runs selected. */
  readonly sel?: readonly string[];
}

export const VIEWS = ["graph", "timeline", "tasks", "values", "spec"] as const;
export type RunViewName = (typeof VIEWS)[number];
export const TABS = ["facts", "log"] as const;
export type TaskTab = (typeof TABS)[number];

/** What the address of a run says. */
export interface RunSearch {
  /** The task whose panel is open. */
  readonly task?: string;
  readonly tab?: TaskTab;
  readonly view?: RunViewName;
  /** Graphs and loops that were opened though they begin closed; and closed though they begin open. */
  readonly open?: readonly string[];
  readonly shut?: readonly string[];
  /** Which way the drawing flows: down, when left out. */
  readonly flow?: "LR";
  /** Narrows tables of tasks: words in a name, and a state. */
  readonly q?: string;
  readonly state?: string;
}

/** What the address of the schedules says. */
export interface SchedulesSearch {
  readonly state?: string;
}

/** Read it; what is no good is left out. */
export function runsSearch(raw: Record<string, unknown>): RunsSearch {
  return {
    ...some("q", raw),
    ...some("state", raw),
    ...some("pipeline", raw),
    ...some("experiment", raw),
    ...some("schedule", raw),
    ...list("label", raw),
    ...list("cols", raw),
    ...list("sel", raw),
    ...(raw.archived === 1 || raw.archived === "1" ? { archived: 1 as const } : {}),
  };
}

/** Read it; what is no good is left out. */
export function runSearch(raw: Record<string, unknown>): RunSearch {
  const view = choice(raw.view, VIEWS);
  const tab = choice(raw.tab, TABS);
  return {
    ...some("task", raw),
    ...(tab === "facts" ? {} : { tab }),
    ...(view === "graph" ? {} : { view }),
    ...list("open", raw),
    ...list("shut", raw),
    ...(raw.flow === "LR" ? { flow: "LR" as const } : {}),
    ...some("q", raw),
    ...some("state", raw),
  };
}

/** Read it; what is no good is left out. */
export function schedulesSearch(raw: Record<string, unknown>): SchedulesSearch {
  return some("state", raw);
}

function some<K extends string>(key: K, raw: Record<string, unknown>): { readonly [key in K]?: string } {
  const value = text(raw[key]);
  return value ? ({ [key]: value } as { readonly [key in K]: string }) : {};
}

function list<K extends string>(key: K, raw: Record<string, unknown>): { readonly [key in K]?: readonly string[] } {
  const values = texts(raw[key]);
  return values.length ? ({ [key]: values } as { readonly [key in K]: readonly string[] }) : {};
}
