import { choice, text } from "../shell/search";

/** What comes first, by the names of the API. */
export const ORDERS = ["NEWEST", "HITS", "SAVED", "SIZE", "COST", "AGE"] as const;
/** Since when hits are counted. */
export const SPANS = ["all", "24h", "7d", "30d"] as const;

/** What the address of this page says. */
export interface CacheSearch {
  /** Only this component: `pipeline/component`. */
  readonly component?: string;
  /** Only what may still be reused. */
  readonly live?: true;
  readonly by?: Exclude<(typeof ORDERS)[number], "NEWEST">;
  readonly since?: Exclude<(typeof SPANS)[number], "all">;
  /** The execution that is explained: `execution:7`. */
  readonly of?: string;
}

/** Read it; what is no good is left out. */
export function cacheSearch(raw: Record<string, unknown>): CacheSearch {
  const by = choice(raw.by, ORDERS);
  const since = choice(raw.since, SPANS);
  const component = text(raw.component);
  const of = executionId(text(raw.of));
  return {
    ...(component ? { component } : {}),
    ...(raw.live === true || raw.live === "true" ? { live: true } : {}),
    ...(by === "NEWEST" ? {} : { by }),
    ...(since === "all" ? {} : { since }),
    ...(of ? { of } : {}),
  };
}

/** The id of an execution that someone typed: `execution:7`, or 7; "" for anything else. */
export function executionId(typed: string): string {
  const found = /^(?:execution:)?([1-9]\d{0,17})$/.exec(typed.trim())?.[1];
  return found ? `execution:${found}` : "";
}

/** How long ago a span begins, in milliseconds. */
export function spanMs(span: NonNullable<CacheSearch["since"]>): number {
  const day = 86_400_000;
  return { "24h": day, "7d": 7 * day, "30d": 30 * day }[span];
}
