/** One page of a listing, as a cursor asks for it. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Behind the last row. */
  readonly cursor: string | null;
  readonly more: boolean;
}

/** Ask for the `first` rows behind a cursor; null begins. */
export type AskPage<Row> = (after: string | null, first: number, signal: AbortSignal) => Promise<Page<Row>>;

/** What a table of pages knows now; a new object after every change. */
export interface Listing<Row, Failure = unknown> {
  /** Rows that can be scrolled to: those known, and a page more where there is more. */
  readonly length: number;
  /** Rows known to be there. */
  readonly known: number;
  /** Whether `known` is all there is. */
  readonly whole: boolean;
  readonly asking: boolean;
  /** Whether nothing was ever answered. */
  readonly waiting: boolean;
  readonly failure: Failure | null;
  readonly row: (index: number) => Row | undefined;
}

interface Slot<Row> {
  rows: readonly Row[] | null;
  size: number;
  /** Where it begins: the cursor before it. */
  readonly after: string | null;
}

/**
 * A listing of any length, held a window at a time.
 *
 * Pages are asked for as they come into view; those far from it are let go, their cursors are kept. A page begins behind
 * a cursor and not at an offset, so rows that are recorded meanwhile move none of the pages that follow.
 */
export class Pages<Row, Failure = unknown> {
  private slots: Slot<Row>[] = [{ rows: null, size: 0, after: null }];
  private whole = false;
  private failure: Failure | null = null;
  private running = new Map<number, AbortController>();
  private watchers = new Set<() => void>();
  private view: readonly [number, number] = [0, 0];
  private now: Listing<Row, Failure>;

  private readonly ask: AskPage<Row>;
  private readonly size: number;
  private readonly kept: number;
  private readonly most: number;

  /**
   * `size`: rows of a page. `kept`: pages held on either side of the view. `most`: no more rows than these are offered,
   * as a browser draws no element higher than some 16 million pixels.
   */
  constructor(ask: AskPage<Row>, size = 100, kept = 8, most = 400_000) {
    this.ask = ask;
    this.size = size;
    this.kept = kept;
    this.most = most;
    this.now = this.tell();
  }

  readonly watch = (heard: () => void): (() => void) => {
    this.watchers.add(heard);
    return () => this.watchers.delete(heard);
  };

  readonly get = (): Listing<Row, Failure> => this.now;

  /** Rows `from` to `to` are in view: ask for what is missing, let go of what is far. */
  readonly see = (from: number, to: number): void => {
    this.view = [from, to];
    const [first, last] = this.inView();
    for (let at = first; at <= last; at += 1) {
      if (this.slots[at]?.rows === null && !this.failure && !this.running.has(at)) this.fetch(at);
    }
    this.slots.forEach((slot, at) => {
      if (at < first - this.kept || at > last + this.kept) slot.rows = null;
    });
  };

  /** Ask again for what is in view; the rest when it comes into view. */
  readonly refresh = (): void => {
    this.failure = null;
    const [first, last] = this.inView();
    for (let at = first; at <= last; at += 1) this.fetch(at);
    this.slots.forEach((slot, at) => {
      if (at < first || at > last) slot.rows = null;
    });
    this.change();
  };

  /** Ask for nothing more, and forget what was asked. */
  readonly stop = (): void => {
    for (const one of this.running.values()) one.abort();
    this.running.clear();
  };

  /** The first and last page that are seen, or will soon be. */
  private inView(): readonly [number, number] {
    const [first, last] = [this.view[0], this.view[1] + this.size / 4].map((row) =>
      Math.min(Math.max(0, Math.floor(row / this.size)), this.slots.length - 1),
    );
    return [first ?? 0, last ?? 0];
  }

  private fetch(at: number): void {
    const slot = this.slots[at];
    if (!slot) return;
    this.running.get(at)?.abort();
    const control = new AbortController();
    this.running.set(at, control);
    this.change();
    this.ask(slot.after, this.size, control.signal).then(
      (page) => {
        if (this.running.get(at) !== control) return;
        this.running.delete(at);
        this.take(at, slot, page);
      },
      (failure: unknown) => {
        if (this.running.get(at) !== control) return;
        this.running.delete(at);
        this.failure = failure as Failure;
        this.change();
      },
    );
  }

  private take(at: number, slot: Slot<Row>, page: Page<Row>): void {
    this.failure = null;
    slot.rows = page.rows;
    slot.size = page.rows.length;
    const next = this.slots[at + 1];
    const full = (at + 1) * this.size >= this.most;
    if (!page.more || full) {
      this.cut(at + 1);
      this.whole = !page.more;
    } else if (!next || next.after !== page.cursor) {
      this.cut(at + 1);
      this.whole = false;
      this.slots.push({ rows: null, size: 0, after: page.cursor });
    }
    this.change();
    this.see(...this.view);
  }

  /** What stood behind has moved: it is asked for again from where this page now ends. */
  private cut(length: number): void {
    for (const [at, one] of this.running) {
      if (at < length) continue;
      one.abort();
      this.running.delete(at);
    }
    this.slots.length = Math.min(this.slots.length, length);
  }

  private change(): void {
    this.now = this.tell();
    for (const heard of [...this.watchers]) heard();
  }

  private tell(): Listing<Row, Failure> {
    const { slots, size } = this;
    const last = slots[slots.length - 1];
    const answered = slots.filter((slot) => slot.rows !== null || slot.size > 0).length;
    const known = answered ? (answered - 1) * size + (slots[answered - 1]?.size ?? 0) : 0;
    const open = last?.rows === null && last.size === 0;
    return {
      length: open ? (slots.length - 1) * size + (this.failure ? 0 : Math.min(size, 20)) : known,
      known,
      whole: this.whole,
      asking: this.running.size > 0,
      waiting: answered === 0,
      failure: this.failure,
      row: (index) => slots[Math.floor(index / size)]?.rows?.[index % size],
    };
  }
}
