import { expect, test, vi } from "vitest";

import { type AskPage, Pages } from "./pages";

/** A listing of `total` numbers behind cursors, which counts what it was asked. */
function numbers(total: { n: number }) {
  const asked: (string | null)[] = [];
  const ask: AskPage<number> = (after, first) => {
    asked.push(after);
    const from = after === null ? 0 : Number(after) + 1;
    const rows = Array.from({ length: Math.max(0, Math.min(first, total.n - from)) }, (_, at) => from + at);
    const last = rows.at(-1);
    return Promise.resolve({
      rows,
      cursor: last === undefined ? null : String(last),
      more: from + rows.length < total.n,
    });
  };
  return { ask, asked };
}

const settle = () => new Promise((done) => setTimeout(done, 0));

test("rows are asked for as they come into view", async () => {
  const { ask, asked } = numbers({ n: 1000 });
  const pages = new Pages(ask, 100);
  pages.see(0, 20);
  await settle();
  expect(asked).toEqual([null]);
  expect(pages.get()).toMatchObject({ known: 100, length: 120, whole: false, waiting: false });
  pages.see(80, 110);
  await settle();
  expect(asked).toEqual([null, "99"]);
  expect(pages.get().row(150)).toBe(150);
});

test("the end is known when it is reached, and an empty listing has one", async () => {
  const pages = new Pages(numbers({ n: 130 }).ask, 100);
  pages.see(0, 100);
  await settle();
  await settle();
  expect(pages.get()).toMatchObject({ known: 130, length: 130, whole: true });
  const none = new Pages(numbers({ n: 0 }).ask, 100);
  none.see(0, 20);
  await settle();
  expect(none.get()).toMatchObject({ known: 0, length: 0, whole: true, waiting: false });
});

test("what is far from the view is let go, and asked for again on the way back", async () => {
  const { ask, asked } = numbers({ n: 10_000 });
  const pages = new Pages(ask, 100, 1);
  for (let row = 0; row < 2000; row += 50) {
    pages.see(row, row + 20);
    await settle();
  }
  expect(pages.get().row(5)).toBeUndefined();
  const before = asked.length;
  pages.see(0, 20);
  await settle();
  expect(asked.length).toBe(before + 1);
  expect(pages.get().row(5)).toBe(5);
  expect(pages.get().known).toBe(2000);
});

test("after a refresh that finds other rows, what stood behind is asked for anew", async () => {
  const total = { n: 250 };
  let shift = 0;
  const { ask } = numbers(total);
  const shifted: AskPage<number> = async (after, first, signal) => {
    const page = await ask(after, first, signal);
    return { ...page, cursor: page.cursor === null ? null : String(Number(page.cursor) - shift) };
  };
  const pages = new Pages(shifted, 100);
  pages.see(0, 260);
  for (let turn = 0; turn < 4; turn += 1) await settle();
  expect(pages.get()).toMatchObject({ known: 250, whole: true });
  pages.see(0, 20);
  shift = 1;
  pages.refresh();
  await settle();
  expect(pages.get()).toMatchObject({ known: 100, whole: false });
});

test("a failure stops the asking until it is asked again", async () => {
  const ask = vi.fn<AskPage<number>>().mockRejectedValue("down");
  const pages = new Pages<number, string>(ask, 100);
  pages.see(0, 20);
  await settle();
  pages.see(0, 30);
  expect(pages.get()).toMatchObject({ failure: "down", asking: false });
  expect(ask).toHaveBeenCalledTimes(1);
  ask.mockResolvedValue({ rows: [1], cursor: "1", more: false });
  pages.refresh();
  await settle();
  expect(pages.get()).toMatchObject({ failure: null, known: 1 });
});

test("no more rows are offered than can be drawn, and that is told", async () => {
  const pages = new Pages(numbers({ n: 1000 }).ask, 100, 8, 200);
  pages.see(0, 190);
  await settle();
  await settle();
  expect(pages.get()).toMatchObject({ known: 200, length: 200, whole: false });
});

test("stopping aborts what is under way", async () => {
  let aborted = false;
  const pages = new Pages<number>((_, __, signal) => {
    signal.addEventListener("abort", () => (aborted = true));
    return new Promise(() => undefined);
  });
  pages.see(0, 20);
  pages.stop();
  await settle();
  expect(aborted).toBe(true);
});
