import { type ListSearch, listSearch } from "../kit/listing/search";

/** What the address of the contexts says. */
export type ContextSearch = ListSearch;

/** Read it; what is no good is left out. */
export const contextSearch: (raw: Record<string, unknown>) => ContextSearch = listSearch;
