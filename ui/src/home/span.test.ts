import { describe, expect, it } from "vitest";

import { BUCKETS, endedOf, seriesOf, type Tally, windowOf } from "./span";

const tally = (type: string, fromMs: number, count = 1, state = "COMPLETE", kind = "EXECUTION"): Tally => ({
  type, fromMs, count, state, kind,
}); // prettier-ignore

describe("the window of a span", () => {
  it("covers now, and is the same until its next bucket begins", () => {
    const now = 1_700_000_123_456;
    const one = windowOf("24h", now, null);
    expect(one.untilMs).toBeGreaterThan(now);
    expect(one.untilMs - one.sinceMs).toBe(24 * 3_600_000);
    expect(windowOf("24h", one.untilMs - 1, null)).toEqual(one);
    expect(windowOf("24h", one.untilMs, null)).not.toEqual(one);
  });

  it("begins before the record did, for all time", () => {
    const { sinceMs, untilMs } = windowOf("all", 1_700_000_000_000, 1_600_000_000_000);
    expect(untilMs).toBeGreaterThan(1_700_000_000_000);
    expect(sinceMs).toBeLessThanOrEqual(1_600_000_000_000 + Math.ceil(1e11 / BUCKETS));
  });
});

describe("what the window held", () => {
  it("counts executions by how they ended, and nothing else", () => {
    const held = [
      tally("a", 0, 3),
      tally("a", 0, 2, "CACHED"),
      tally("b", 1, 4, "FAILED"),
      tally("m", 0, 9, "LIVE", "ARTIFACT"),
    ];
    expect(endedOf(held)).toEqual({ ran: 3, reused: 2, failed: 4, running: 0 });
  });

  it("loses none of the counts when types are many", () => {
    const held = Array.from({ length: 200 }, (_, at) => tally(`type ${at % 20}`, (at % BUCKETS) * 10, at));
    const series = seriesOf(held, 0, 10);
    expect(series).toHaveLength(7);
    expect(series.reduce((sum, one) => sum + one.total, 0)).toBe(held.reduce((sum, one) => sum + one.count, 0));
    expect(series.at(-1)?.name).toBe("14 other types");
  });
});
