/** What a row needs. */
export interface Numbered {
  readonly seq: number;
}

/** One page, as the API tells it. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly more: boolean;
  readonly cursor: string | null;
  /** The record's last change when it was asked. */
  readonly seq: number;
}

/** Ask for changes, newest first, behind a place in the log; null begins at its end. */
export type Ask<Row> = (after: string | null, first: number) => Promise<Page<Row>>;

/** The log as far as it is known; a new object after every change. */
export interface Known<Row> {
  /** Rows there are, as far as is known. */
  readonly length: number;
  readonly row: (index: number) => Row | undefined;
  /** The last change there was when the newest row was told; 0 before anything was told. */
  readonly top: number;
  /** Whether nothing was told yet. */
  readonly waiting: boolean;
  /** Whether every row there is is counted in `length`. */
  readonly whole: boolean;
  readonly asking: boolean;
  /** Down to which change it was looked through. */
  readonly reached: number | null;
  readonly failure: unknown;
}

/** Rows of the log, held as far as they are seen. */
export abstract class Source<Row extends Numbered> {
  private readonly watchers = new Set<() => void>();
  private now: Known<Row> | null = null;
  protected top = 0;
  protected asking = 0;
  protected failure: unknown = null;
  protected known = false;
  protected stopped = true;

  readonly watch = (heard: () => void): (() => void) => {
    this.watchers.add(heard);
    return () => this.watchers.delete(heard);
  };

  readonly get = (): Known<Row> => (this.now ??= this.tell());

  /** Rows `from` to `to` are seen: ask for what is missing. */
  abstract readonly see: (from: number, to: number) => void;

  /** Where the row of a change is; -1 where that is not known. */
  abstract readonly indexOf: (seq: number) => number;

  /** Ask, from now on; returns how to stop. */
  readonly start = (): (() => void) => {
    this.stopped = false;
    if (!this.known && !this.asking) this.begin();
    return () => {
      this.stopped = true;
    };
  };

  /** Ask again after a failure. */
  readonly retry = (): void => {
    this.failure = null;
    this.change();
    if (!this.known) this.begin();
  };

  protected abstract begin(): void;

  protected abstract tell(): Known<Row>;

  protected change(): void {
    this.now = null;
    for (const heard of this.watchers) heard();
  }

  protected async fetch(ask: Promise<Page<Row>>, take: (page: Page<Row>) => void): Promise<void> {
    this.asking += 1;
    this.change();
    try {
      const page = await ask;
      if (!this.stopped) take(page);
    } catch (failure) {
      this.failure = failure;
    }
    this.asking -= 1;
    if (!this.stopped) this.change();
  }
}

const BLOCK = 50;
const KEPT = 60;

/** All changes: the log has no gaps, so any row is found by its number. Blocks far from the view are let go. */
export class Whole<Row extends Numbered> extends Source<Row> {
  private readonly blocks = new Map<number, ReadonlyMap<number, Row>>();
  private readonly running = new Set<number>();

  private readonly ask: Ask<Row>;

  constructor(ask: Ask<Row>) {
    super();
    this.ask = ask;
  }

  protected begin(): void {
    void this.fetch(this.ask(null, BLOCK), (page) => {
      this.top = page.rows[0]?.seq ?? 0;
      this.known = true;
      for (const row of page.rows) this.put(row);
    });
  }

  /** The record has grown to `top`, and what is new shall be seen. */
  readonly raise = (top: number): void => {
    if (top <= this.top) return;
    this.top = top;
    this.change();
  };

  readonly see = (from: number, to: number): void => {
    if (!this.known || this.failure || this.stopped) return;
    const [last, first] = [from, Math.min(to, this.top) - 1].map((row) => blockOf(this.top - row));
    for (let block = first ?? 0; block <= (last ?? -1); block += 1) {
      if (block >= 0 && !this.isFull(block) && !this.running.has(block)) this.fill(block);
    }
  };

  readonly indexOf = (seq: number): number => (seq >= 1 && seq <= this.top ? this.top - seq : -1);

  private isFull(block: number): boolean {
    const most = Math.min(BLOCK, this.top - block * BLOCK);
    return (this.blocks.get(block)?.size ?? 0) >= most;
  }

  private fill(block: number): void {
    this.running.add(block);
    void this.fetch(this.ask(String((block + 1) * BLOCK + 1), BLOCK), (page) => {
      for (const row of page.rows) this.put(row);
      for (const old of [...this.blocks.keys()].slice(0, Math.max(0, this.blocks.size - KEPT))) this.blocks.delete(old);
    }).finally(() => this.running.delete(block));
  }

  private put(row: Row): void {
    const block = blockOf(row.seq);
    const rows = new Map(this.blocks.get(block)).set(row.seq, row);
    this.blocks.delete(block); // to the end: it is the last that was used
    this.blocks.set(block, rows);
  }

  protected tell(): Known<Row> {
    const { top, failure } = this;
    const waiting = !this.known;
    const row = (index: number) => this.blocks.get(blockOf(top - index))?.get(top - index);
    return { length: top, row, top, waiting, whole: true, asking: this.asking > 0, reached: null, failure };
  }
}

const PAGE = 100;
const AHEAD = 30;

/** Changes that somebody looks for: page by page, also where a page found nothing and the log goes on. */
export class Found<Row extends Numbered> extends Source<Row> {
  private rows: Row[] = [];
  private cursor: string | null = null;
  private more = true;
  private wanted = 0;

  private readonly ask: Ask<Row>;

  constructor(ask: Ask<Row>) {
    super();
    this.ask = ask;
  }

  protected begin(): void {
    this.see(0, AHEAD);
  }

  readonly see = (_: number, to: number): void => {
    this.wanted = Math.max(this.wanted, to + AHEAD);
    if (this.more && !this.asking && !this.failure && !this.stopped && this.rows.length < this.wanted) this.next();
  };

  /** Newer ones, newest first, up to change `top`. */
  readonly put = (rows: readonly Row[], top: number): void => {
    const known = this.rows[0]?.seq ?? 0;
    this.rows = [...rows.filter((row) => row.seq > known), ...this.rows];
    this.top = Math.max(this.top, top);
    this.change();
  };

  /** Begin anew, from the end of the log. */
  readonly again = (): void => {
    [this.rows, this.cursor, this.more, this.known] = [[], null, true, false];
    this.change();
    this.begin();
  };

  readonly indexOf = (seq: number): number => this.rows.findIndex((row) => row.seq === seq);

  private next(): void {
    void this.fetch(this.ask(this.cursor, PAGE), (page) => {
      if (!this.known) this.top = page.seq;
      this.known = true;
      this.rows = [...this.rows, ...page.rows];
      this.more = page.more && page.cursor !== null;
      this.cursor = page.cursor;
    }).then(() => this.see(0, 0));
  }

  protected tell(): Known<Row> {
    const { rows, top, failure, more, cursor } = this;
    const waiting = !this.known;
    const reached = more && cursor !== null ? Number(cursor) : null;
    const row = (index: number) => rows[index];
    return { length: rows.length, row, top, waiting, whole: !more, asking: this.asking > 0, reached, failure };
  }
}

function blockOf(seq: number): number {
  return Math.floor((seq - 1) / BLOCK);
}
