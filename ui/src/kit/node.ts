import type { NodeKind } from "../api/schema.generated";

/** The kind an id tells: `artifact:42` is an ARTIFACT. */
export function kindOf(id: string): NodeKind {
  if (id.startsWith("artifact:")) return "ARTIFACT";
  return id.startsWith("execution:") ? "EXECUTION" : "CONTEXT";
}

/** The number of an id: 42 of `artifact:42`. */
export function numberOf(id: string): number {
  return Number(id.slice(id.indexOf(":") + 1));
}

/** The page of a node, by its id. */
export function nodePath(id: string): string {
  const [kind = "", number = ""] = id.split(":");
  return `/${kind}s/${number}`;
}

/** What to call a node: its label where it was asked for, else its name, its external id, its id. */
export function nameOf(node: {
  readonly id: string;
  readonly name?: string | null;
  readonly label?: string;
  readonly externalId?: string | null;
}): string {
  return node.label ?? node.name ?? node.externalId ?? node.id;
}
