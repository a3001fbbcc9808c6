import type { AnyVariables, CombinedError, TypedDocumentNode } from "urql";

import { direct } from "../../api/client";
import type { AskPage, Page } from "./pages";

/** What a GraphQL connection answers. */
export interface Connection<Row> {
  readonly nodes: readonly Row[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/**
 * Ask a GraphQL listing page by page, for `Pages`. The operation takes `$first` and `$after`; `pick` finds the
 * connection in its answer. Memoise it on the variables: another function is another listing.
 */
export function askConnection<Data, Variables extends AnyVariables, Row>(
  query: TypedDocumentNode<Data, Variables>,
  variables: Omit<Variables, "first" | "after">,
  pick: (data: Data) => Connection<Row>,
): AskPage<Row> {
  return (after, first, signal) =>
    new Promise<Page<Row>>((resolve, reject: (error: CombinedError | Error) => void) => {
      const all = { ...variables, after, first } as unknown as Variables;
      const asked = direct.query(query, all).subscribe((result) => {
        if (result.stale) return; // what was answered before, told again while it is asked anew
        queueMicrotask(() => asked.unsubscribe());
        if (result.error) reject(result.error);
        else if (result.data) {
          const { nodes, pageInfo } = pick(result.data);
          resolve({ rows: nodes, cursor: pageInfo.endCursor, more: pageInfo.hasNextPage });
        }
      });
      signal.addEventListener("abort", () => {
        asked.unsubscribe();
        reject(new DOMException("given up", "AbortError"));
      });
    });
}
