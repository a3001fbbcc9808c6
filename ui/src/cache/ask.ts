import type { CacheOrder } from "../api/schema.generated";
import { askConnection } from "../kit/DataTable";
import type { AskPage } from "../kit/table/pages";
import type { Entry } from "./columns";
import { CacheEntriesDocument } from "./queries.generated";

/** What entries are asked for. */
export interface Wanted {
  readonly component: string | null;
  readonly namespace: string | null;
  readonly live: boolean;
  readonly by: CacheOrder;
}

/** The largest page the API gives. */
const WHOLE = 1000;

/** The entries, page by page. The API goes on behind a cursor only from the newest; in any other order one page is all. */
export function entriesOf(wanted: Wanted): AskPage<Entry> {
  const ask = askConnection(CacheEntriesDocument, wanted, (data) => data.cache.entries);
  if (wanted.by === "NEWEST") return ask;
  return async (after, _, signal) => {
    if (after !== null) return { rows: [], cursor: null, more: false };
    const page = await ask(null, WHOLE, signal);
    return { ...page, more: false };
  };
}
