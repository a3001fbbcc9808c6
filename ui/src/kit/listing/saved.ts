import { local } from "../../api/storage";
import { type ListSearch, listSearch } from "./search";

/** A filter with a name, kept by the browser. */
export interface SavedFilter {
  readonly name: string;
  readonly search: Pick<ListSearch, "q" | "type" | "state" | "since" | "until">;
}

const MOST = 100;

/** The filters saved for a list, by name. */
export function savedFilters(list: string): readonly SavedFilter[] {
  try {
    const kept: unknown = JSON.parse(local.get(keyOf(list)) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.flatMap((one: unknown) => {
      if (typeof one !== "object" || one === null) return [];
      const { name, search } = one as { name?: unknown; search?: unknown };
      if (typeof name !== "string" || typeof search !== "object" || search === null) return [];
      return [{ name, search: filterPart(listSearch(search as Record<string, unknown>)) }];
    });
  } catch {
    return [];
  }
}

/** Save one, in the place of one of the same name. */
export function saveFilter(list: string, saved: SavedFilter): readonly SavedFilter[] {
  const others = savedFilters(list).filter((one) => one.name !== saved.name);
  return keep(list, [...others, { name: saved.name, search: filterPart(saved.search) }]);
}

/** Forget one. */
export function forgetFilter(list: string, name: string): readonly SavedFilter[] {
  return keep(
    list,
    savedFilters(list).filter((one) => one.name !== name),
  );
}

/** The part of an address that is the filter: not the order, the columns or the selection. */
export function filterPart(search: ListSearch): SavedFilter["search"] {
  const { q, type, state, since, until } = search;
  return Object.fromEntries(
    Object.entries({ q, type, state, since, until }).filter(([, value]) => value !== undefined),
  );
}

function keep(list: string, filters: readonly SavedFilter[]): readonly SavedFilter[] {
  const sorted = filters.toSorted((a, b) => a.name.localeCompare(b.name)).slice(0, MOST);
  local.set(keyOf(list), sorted.length ? JSON.stringify(sorted) : null);
  return sorted;
}

function keyOf(list: string): string {
  return `clew.filters.${list}`;
}
