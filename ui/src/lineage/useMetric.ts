import { useMemo } from "react";
import { useQuery } from "urql";

import type { Cluster } from "./clusters";
import { ExplorerMembersDocument, type ExplorerMembersQuery } from "./queries.generated";

type Told = NonNullable<ExplorerMembersQuery["nodes"][number]>;

/** How many members' properties are asked for at once. */
export const MOST_MEMBERS = 500;
const NONE: ReadonlyMap<string, number> = new Map();

/** The numbers that a node bears, by name. */
export function numbersOf(node: Told): ReadonlyMap<string, number> {
  return new Map(
    [...node.customProperties, ...node.properties].flatMap(({ name, kind, value }): [string, number][] =>
      (kind === "DOUBLE" || kind === "INT") && typeof value === "number" ? [[name, value]] : [],
    ),
  );
}

/** The value of one numeric property, of all members of all clusters. */
export function useMetric(name: string | undefined, clusters: readonly Cluster[]): ReadonlyMap<string, number> {
  const ids = useMemo(
    () => clusters.flatMap(({ members }) => members.map(({ id }) => id)).slice(0, MOST_MEMBERS),
    [clusters],
  );
  const [{ data }] = useQuery({
    query: ExplorerMembersDocument,
    variables: { ids },
    pause: name === undefined || ids.length === 0,
    requestPolicy: "cache-first",
  });
  return useMemo(() => {
    if (name === undefined || !data) return NONE;
    return new Map(
      data.nodes.flatMap((node): [string, number][] => {
        const value = node && numbersOf(node).get(name);
        return node && value !== undefined && value !== null ? [[node.id, value]] : [];
      }),
    );
  }, [name, data]);
}
