import type { NodeKind } from "../api/schema.generated";
import { text } from "../shell/search";

/** What the address of the types says. */
export interface TypeSearch {
  /** Part of a name. */
  readonly q?: string;
  readonly kind?: NodeKind;
  /** `-count`: the most used first. */
  readonly sort?: string;
}

const KINDS: readonly NodeKind[] = ["ARTIFACT", "EXECUTION", "CONTEXT"];

/** Read it; what is no good is left out. */
export function typeSearch(raw: Record<string, unknown>): TypeSearch {
  const kind = KINDS.find((one) => one === raw.kind);
  return {
    ...(text(raw.q) ? { q: text(raw.q) } : {}),
    ...(kind ? { kind } : {}),
    ...(text(raw.sort) ? { sort: text(raw.sort) } : {}),
  };
}
