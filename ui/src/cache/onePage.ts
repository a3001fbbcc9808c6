import type { AskPage, Page } from "../kit/table/pages";

/** The largest page the API gives. */
export const WHOLE = 1000;
/** An order that reads every entry is asked again this much later than it took. */
const CALM = 5;

/** The first page only; while the record grows, asked again the less often the longer it takes. */
export function onePage<Row>(ask: AskPage<Row>, nowMs: () => number): AskPage<Row> {
  let last: { readonly page: Page<Row>; readonly untilMs: number } | null = null;
  return async (after, _, signal) => {
    if (after !== null) return { rows: [], cursor: null, more: false };
    const began = nowMs();
    if (last && began < last.untilMs) return last.page;
    const page = { ...(await ask(null, WHOLE, signal)), more: false };
    const took = nowMs() - began;
    last = { page, untilMs: nowMs() + CALM * took };
    return page;
  };
}
