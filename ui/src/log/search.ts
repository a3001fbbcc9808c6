import type { NodeKind } from "../api/schema.generated";
import { text, texts, whole } from "../shell/search";

/** What the address of this page says. */
export interface LogSearch {
  /** The change that is open. */
  readonly seq?: number;
  readonly actor?: string;
  readonly kinds?: readonly NodeKind[];
  /** `artifact:42`: only changes that touched it. */
  readonly touching?: string;
  /** From this time, UTC epoch milliseconds. */
  readonly since?: number;
  /** Before this time. */
  readonly until?: number;
}

const KINDS: readonly NodeKind[] = ["ARTIFACT", "EXECUTION", "CONTEXT"];

/** Read it; what is no good is left out. */
export function logSearch(raw: Record<string, unknown>): LogSearch {
  const kinds = KINDS.filter((kind) => texts(raw.kinds).includes(kind));
  const touching = text(raw.touching).trim();
  return {
    ...number("seq", raw.seq),
    ...(text(raw.actor) ? { actor: text(raw.actor) } : {}),
    ...(kinds.length ? { kinds } : {}),
    ...(isNodeId(touching) ? { touching } : {}),
    ...number("since", raw.since),
    ...number("until", raw.until),
  };
}

/** Whether it could be the id of a node: `artifact:42`. */
export function isNodeId(id: string): boolean {
  return /^(artifact|execution|context):[1-9]\d{0,17}$/.test(id);
}

/** Whether the address narrows the log. */
export function narrows(search: LogSearch, namespace: string | undefined): boolean {
  const { actor, kinds, touching, since, until } = search;
  return [actor, kinds, touching, since, until, namespace].some((one) => one !== undefined);
}

function number<Name extends string>(name: Name, value: unknown): Partial<Record<Name, number>> {
  const found = whole(value, 1, Number.MAX_SAFE_INTEGER, 0);
  return found ? ({ [name]: found } as Record<Name, number>) : {};
}
