import { expect, test } from "vitest";

import { type Ask, Found, Whole } from "./sources";

interface Row {
  readonly seq: number;
}

const settle = () => new Promise((done) => setTimeout(done, 0));

/** A log of `last` changes, of which those are told that `is` says; `look` of them are looked at for one page. */
function log(last: number, is: (seq: number) => boolean = () => true, look = Infinity) {
  const asked: (string | null)[] = [];
  const ask: Ask<Row> = (after, first) => {
    asked.push(after);
    const rows: Row[] = [];
    let seq = (after === null ? last + 1 : Math.min(Number(after), last + 1)) - 1;
    for (let seen = 0; seq >= 1 && rows.length < first && seen < look; seq -= 1, seen += 1)
      if (is(seq)) rows.push({ seq });
    return Promise.resolve({ rows, more: seq >= 1, cursor: String(seq + 1), seq: last });
  };
  return { ask, asked };
}

test("any row of a million is found by its number, in one question", async () => {
  const { ask, asked } = log(1_000_000);
  const source = new Whole(ask);
  source.start();
  await settle();
  expect(source.get()).toMatchObject({ length: 1_000_000, top: 1_000_000, whole: true, asking: false });
  expect(source.get().row(0)).toEqual({ seq: 1_000_000 });
  source.see(500_000, 500_020);
  await settle();
  expect(source.get().row(500_010)).toEqual({ seq: 499_990 });
  expect(asked.length).toBeLessThanOrEqual(3);
});

test("new changes move no row until they shall be seen", async () => {
  const server = log(120);
  const source = new Whole((after, first) => server.ask(after, first));
  source.start();
  await settle();
  Object.assign(server, log(170));
  expect(source.get().row(0)?.seq).toBe(120);
  source.raise(170);
  source.see(0, 60);
  await settle();
  expect([source.get().row(0)?.seq, source.get().row(55)?.seq]).toEqual([170, 115]);
});

test("an empty log is whole", async () => {
  const source = new Whole(log(0).ask);
  source.start();
  await settle();
  source.see(0, 20);
  expect(source.get()).toMatchObject({ length: 0, whole: true, waiting: false, asking: false, failure: null });
});

test("what is looked for is looked for until enough is found", async () => {
  const { ask, asked } = log(10_000, (seq) => seq % 1000 === 0, 500);
  const source = new Found(ask);
  source.start();
  for (let turn = 0; turn < 60; turn += 1) await settle();
  expect(source.get()).toMatchObject({ length: 10, whole: true, reached: null });
  expect(asked.length).toBe(20);
  source.put([{ seq: 11_000 }, { seq: 10_000 }], 11_500);
  expect(source.get()).toMatchObject({ length: 11, top: 11_500 });
  expect(source.indexOf(9000)).toBe(2);
});

test("a failure ends the asking until it is asked again", async () => {
  let down = true;
  const { ask } = log(60);
  const source = new Found<Row>((after, first) => (down ? Promise.reject(new Error("down")) : ask(after, first)));
  source.start();
  await settle();
  expect(source.get().failure).toBeInstanceOf(Error);
  down = false;
  source.retry();
  source.see(0, 20);
  await settle();
  expect(source.get()).toMatchObject({ failure: null, length: 60 });
});

test("who stops hears nothing more", async () => {
  const source = new Whole(log(10).ask);
  source.start()();
  await settle();
  expect(source.get().length).toBe(0);
});
