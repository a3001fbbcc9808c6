import { useEffect, useMemo, useState } from "react";
import type { CombinedError } from "urql";

import { beat, listen } from "../../api/live";
import { store } from "../../api/store";
import { askArray } from "./array";
import { type AskPage, Pages } from "./pages";

const PACE_MS = 1000;
const FIRST_VIEW = 40;

/** What a table draws: the pages, and whether others were asked for that have not come yet. */
export interface Paged<Row> {
  readonly pages: Pages<Row, CombinedError>;
  readonly stale: boolean;
  /** Rows in all, where they are all here. */
  readonly total?: number;
}

/**
 * The pages behind `ask` (memoise it: another function is another listing). What was shown stays until the first page of
 * a new listing is there; while the record grows, what is in view is asked for again.
 */
export function usePages<Row>(ask: AskPage<Row>): Paged<Row> {
  const pages = useMemo(() => new Pages<Row, CombinedError>(ask), [ask]);
  const [shown, show] = useState(pages);
  useEffect(() => {
    const heard = () => {
      if (!pages.get().waiting || pages.get().failure) show(pages);
    };
    const deaf = pages.watch(heard);
    pages.see(0, FIRST_VIEW);
    heard();
    return () => {
      deaf();
      pages.stop();
    };
  }, [pages]);
  useEffect(() => follow(pages.refresh), [pages]);
  return { pages: shown, stale: shown !== pages };
}

/** The same for rows that are all here: they may change, and the place in the table stays. */
export function useArrayPages<Row>(rows: readonly Row[]): Paged<Row> {
  const [kept] = useState(() => store(rows));
  const [pages] = useState(() => new Pages<Row, CombinedError>(askArray(kept.get), 200));
  useEffect(() => {
    kept.set(rows);
    pages.see(0, FIRST_VIEW);
    pages.refresh();
  }, [kept, pages, rows]);
  return { pages, stale: false, total: rows.length };
}

/** Call `refresh` when the record has grown, or the server was found again, and the page is seen: once a second at most. */
function follow(refresh: () => void): () => void {
  listen();
  let done = beat.get();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    if (timer !== undefined || document.hidden) return;
    if (done === beat.get()) return;
    done = beat.get();
    timer = setTimeout(() => {
      timer = undefined;
      heard();
    }, PACE_MS);
    refresh();
  };
  const deaf = beat.watch(heard);
  document.addEventListener("visibilitychange", heard);
  return () => {
    deaf();
    document.removeEventListener("visibilitychange", heard);
    clearTimeout(timer);
  };
}
