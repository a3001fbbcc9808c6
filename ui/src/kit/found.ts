type Nothing = Readonly<Record<PropertyKey, never>>;

/** A node of the kind that was asked for; null where there is none, or it is of another kind. */
export function found<Node extends object>(node: Node | null | undefined): Exclude<Node, Nothing> | null {
  return node && Object.keys(node).length > 0 ? (node as Exclude<Node, Nothing>) : null;
}

/** Those of the kind that was asked for. */
export function allFound<Node extends object>(nodes: readonly Node[]): readonly Exclude<Node, Nothing>[] {
  return nodes.map((node) => found(node)).filter((node) => node !== null);
}
