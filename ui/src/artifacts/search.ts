import { type ListSearch, listSearch } from "../kit/listing/search";

/** What the address of the artifacts says. */
export type ArtifactSearch = ListSearch;

/** Read it; what is no good is left out. */
export const artifactSearch: (raw: Record<string, unknown>) => ArtifactSearch = listSearch;
