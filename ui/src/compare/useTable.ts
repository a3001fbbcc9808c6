import { useMemo, useState } from "react";
import { type CombinedError, useQuery } from "urql";

import { useCalm } from "../api/calm";
import { SideBySideDocument, type SideBySideQuery } from "./queries.generated";

const FEW = 50;
const SOON_MS = 500;
const LATER_MS = 10_000;

/** The items side by side as they are now; many are asked again less often while the record grows. */
export function useTable(
  ids: readonly string[],
  all: boolean,
): {
  readonly table: SideBySideQuery["table"] | null;
  readonly error: CombinedError | undefined;
  /** Whether other items, or more columns, were asked for that have not come yet. */
  readonly waiting: boolean;
  readonly again: () => void;
} {
  const words = ids.join();
  const variables = useMemo(() => ({ of: words ? words.split(",") : [], onlyDifferent: !all }), [words, all]);
  const [{ data, error, fetching, stale }, ask] = useQuery({ query: SideBySideDocument, variables, pause: !words });
  const [kept, setKept] = useState(data);
  if (data && data !== kept) setKept(data);
  useCalm(
    () => {
      if (words) ask({ requestPolicy: "network-only" });
    },
    ids.length > FEW ? LATER_MS : SOON_MS,
  );
  return {
    table: (data ?? kept)?.table ?? null,
    error,
    waiting: fetching && !stale && !data,
    again: () => ask({ requestPolicy: "network-only" }),
  };
}
