import { beforeEach, expect, test, vi } from "vitest";

import { numbersOf, ranges } from "./ranges";
import { forgetFilter, saveFilter, savedFilters } from "./saved";
import { listSearch } from "./search";
import { sortOf, variablesOf } from "./useList";
import { momentOf, spanText } from "./when";

beforeEach(() => {
  const kept = new Map<string, string>();
  vi.stubGlobal("window", {
    localStorage: {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
      removeItem: (key: string) => kept.delete(key),
    },
  });
});

test("an address is read, and what is no good is left out", () => {
  expect(listSearch({ q: "id = 1", type: 7, state: "LIVE", cols: ["name", ""], sel: [3, "4"], sort: {} })).toEqual({
    q: "id = 1",
    type: "7",
    state: ["LIVE"],
    cols: ["name"],
    sel: ["3", "4"],
  });
  expect(listSearch({})).toEqual({});
});

test("a moment is so long ago, or a date", () => {
  expect(momentOf("24h", 100_000_000)).toBe(13_600_000);
  expect(momentOf("2026-01-31T12:00:00Z", 0)).toBe(Date.UTC(2026, 0, 31, 12));
  expect(momentOf("2026-01-31", 0)).toBe(new Date(2026, 0, 31).getTime());
  expect(["yesterday", "7y", "", "2026-99-99"].map((text) => momentOf(text, 0))).toEqual([null, null, null, null]);
});

test("spans have names", () => {
  expect(spanText("7d", undefined)).toBe("Last 7 days");
  expect(spanText("2026-01-01", "2026-02-01")).toBe("2026-01-01 to 2026-02-01");
  expect(spanText(undefined, undefined)).toBe("Any time");
});

test("filters are saved by name, without order, columns or selection", () => {
  saveFilter("artifacts", { name: "models", search: { type: "Model", sort: "-ID" } as { type: string } });
  saveFilter("artifacts", { name: "data", search: { q: "type = 'Dataset'" } });
  saveFilter("artifacts", { name: "models", search: { type: "system.Model" } });
  expect(savedFilters("artifacts")).toEqual([
    { name: "data", search: { q: "type = 'Dataset'" } },
    { name: "models", search: { type: "system.Model" } },
  ]);
  expect(savedFilters("executions")).toEqual([]);
  expect(forgetFilter("artifacts", "data").map((one) => one.name)).toEqual(["models"]);
});

test("what someone else put there is no filter", () => {
  window.localStorage.setItem("clew.filters.artifacts", '[1, {"name": "x"}, {"name": "y", "search": {"q": 5}}]');
  expect(savedFilters("artifacts")).toEqual([{ name: "y", search: { q: "5" } }]);
  window.localStorage.setItem("clew.filters.artifacts", "nonsense");
  expect(savedFilters("artifacts")).toEqual([]);
});

test("a selection is short in an address, and read again", () => {
  expect(ranges([3, 1, 2, 9, 3, 11])).toEqual(["1-3", "9", "11"]);
  expect(numbersOf(["1-3", "9", "x", "5-4", "-2"])).toEqual([1, 2, 3, 9]);
  expect(numbersOf(["1-999999999"])).toHaveLength(5000);
});

test("what is asked follows from the address", () => {
  const search = { q: "id > 1", type: "T", state: ["LIVE"], since: "1h", cols: ["name", "p.rows", "c.a.b"] };
  expect(variablesOf(search, sortOf("-SIZE"), search.cols, "team", 7_200_000)).toEqual({
    where: "id > 1",
    filter: { type: "T", namespace: "team", state: ["LIVE"], createdAfterMs: 3_600_000 },
    orderBy: { field: "SIZE", direction: "DESC" },
    properties: ["rows"],
    custom: ["a.b"],
  });
  expect(sortOf("nonsense")).toEqual({ by: "CREATED", down: true });
});
