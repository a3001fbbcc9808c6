import { type ListSearch, listSearch } from "../kit/listing/search";

/** What the address of the executions says. */
export type ExecutionSearch = ListSearch;

/** Read it; what is no good is left out. */
export const executionSearch: (raw: Record<string, unknown>) => ExecutionSearch = listSearch;
