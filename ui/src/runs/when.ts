import { type Texts } from "./parameters";

/** When a schedule fires, as its form holds it. */
export interface When {
  readonly by: "cron" | "every";
  readonly cron: string;
  /** `10m`, `90s`, `2h`, `1d`. */
  readonly every: string;
  readonly zone: string;
  readonly catchUp: boolean;
  readonly most: number;
}

/** The same as the server takes it. */
export interface Timing {
  readonly cron?: string;
  readonly everyS?: number;
  readonly zone: string;
  readonly catchUp: boolean;
  readonly maxConcurrency: number;
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Seconds of `10m`, or of a bare number; null of what is no interval. */
export function secondsOf(text: string): number | null {
  const found = /^\s*(\d{1,9})\s*([smhd]?)\s*$/.exec(text);
  if (!found) return null;
  const seconds = Number(found[1]) * SECONDS[(found[2] || "s") as keyof typeof SECONDS];
  return seconds > 0 ? seconds : null;
}

/** Read the form; what is wrong stands by its field. The server judges cron expressions and zones. */
export function readWhen(when: When): { readonly timing: Timing | null; readonly wrong: Texts } {
  const shared = { zone: when.zone.trim() || "UTC", catchUp: when.catchUp, maxConcurrency: when.most };
  if (when.by === "cron") {
    const cron = when.cron.trim();
    return cron
      ? { timing: { ...shared, cron }, wrong: {} }
      : { timing: null, wrong: { cron: "Write minute, hour, day, month and weekday: 0 9 * * 1-5." } };
  }
  const everyS = secondsOf(when.every);
  return everyS === null
    ? { timing: null, wrong: { every: "Write 90s, 10m, 2h or 1d." } }
    : { timing: { ...shared, everyS }, wrong: {} };
}
