import { expect, test, vi } from "vitest";

import type { AskPage } from "../kit/table/pages";
import { onePage } from "./onePage";

const signal = new AbortController().signal;

test("an order that cannot be paged is one page, as large as it gets", async () => {
  const ask = vi.fn<AskPage<number>>().mockResolvedValue({ rows: [1, 2], cursor: "2", more: true });
  const page = onePage(ask, () => 0);
  expect(await page(null, 100, signal)).toEqual({ rows: [1, 2], cursor: "2", more: false });
  expect(await page("2", 100, signal)).toEqual({ rows: [], cursor: null, more: false });
  expect(ask).toHaveBeenCalledExactlyOnceWith(null, 1000, signal);
});

test("the longer it takes, the less often it is asked again", async () => {
  let now = 0;
  const ask = vi.fn<AskPage<number>>(() => {
    now += 1000;
    return Promise.resolve({ rows: [now], cursor: null, more: false });
  });
  const page = onePage(ask, () => now);
  expect((await page(null, 100, signal)).rows).toEqual([1000]);
  now = 5900;
  expect((await page(null, 100, signal)).rows).toEqual([1000]);
  now = 6000;
  expect((await page(null, 100, signal)).rows).toEqual([7000]);
});
