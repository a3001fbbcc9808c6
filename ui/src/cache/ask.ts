import type { CacheOrder } from "../api/schema.generated";
import { askConnection } from "../kit/DataTable";
import type { AskPage } from "../kit/table/pages";
import type { Entry } from "./columns";
import { onePage } from "./onePage";
import { CacheEntriesDocument } from "./queries.generated";

/** What entries are asked for. */
export interface Wanted {
  readonly component: string | null;
  readonly namespace: string | null;
  readonly live: boolean;
  readonly by: CacheOrder;
  /** How often the reader changed entries: what was answered before does not count any more. */
  readonly did: number;
}

/** The entries, page by page. The API goes on behind a cursor only from the newest; in any other order one page is all. */
export function entriesOf({ component, namespace, live, by }: Wanted): AskPage<Entry> {
  const ask = askConnection(CacheEntriesDocument, { component, namespace, live, by }, (data) => data.cache.entries);
  return by === "NEWEST" ? ask : onePage(ask, () => performance.now());
}
