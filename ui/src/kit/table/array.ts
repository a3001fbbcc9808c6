import type { AskPage } from "./pages";

/** Pages of rows that are all here. */
export function askArray<Row>(rows: () => readonly Row[]): AskPage<Row> {
  return (after, first) => {
    const all = rows();
    const from = after === null ? 0 : Number(after);
    const page = all.slice(from, from + first);
    return Promise.resolve({
      rows: page,
      cursor: String(from + page.length),
      more: from + page.length < all.length,
    });
  };
}
