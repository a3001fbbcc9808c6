import { describe, expect, it } from "vitest";

import { readWhen, secondsOf, type When } from "./when";
import { firing, told } from "./words";

const WHEN: When = { by: "cron", cron: " 0 9 * * 1-5 ", every: "", zone: "", catchUp: true, most: 1 };

describe("when a schedule fires", () => {
  it("is an interval, or a cron expression in a zone", () => {
    expect(["90", "90s", "10m", "2 h", "1d", "0", "x", "-1"].map(secondsOf)).toEqual([
      90,
      90,
      600,
      7200,
      86_400,
      null,
      null,
      null,
    ]);
    expect(readWhen(WHEN).timing).toEqual({ cron: "0 9 * * 1-5", zone: "UTC", catchUp: true, maxConcurrency: 1 });
    expect(readWhen({ ...WHEN, by: "every", every: "10m" }).timing).toMatchObject({ everyS: 600 });
  });

  it("is asked for where it is missing", () => {
    expect(Object.keys(readWhen({ ...WHEN, cron: "" }).wrong)).toEqual(["cron"]);
    expect(Object.keys(readWhen({ ...WHEN, by: "every" }).wrong)).toEqual(["every"]);
  });

  it("is told in words", () => {
    expect(firing({ cron: "0 9 * * *", everyS: null, zone: "UTC" })).toBe("0 9 * * * (UTC)");
    expect(firing({ cron: null, everyS: 600, zone: "UTC" })).toBe("every 10 min");
    expect(told({ COMPLETE: 3, FAILED: 1 })).toBe("1 failed, 3 complete");
  });
});
