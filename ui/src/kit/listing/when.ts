const UNITS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** Choices that are offered. */
export const SPANS = [
  ["1h", "Last hour"],
  ["24h", "Last 24 hours"],
  ["7d", "Last 7 days"],
  ["30d", "Last 30 days"],
] as const;

/** The moment a text tells: so long ago (`90m`, `24h`, `7d`, `2w`), or a day or time as ISO 8601; null when none. */
export function momentOf(text: string, nowMs: number): number | null {
  const span = /^(\d{1,6})([mhdw])$/.exec(text.trim());
  if (span) return nowMs - Number(span[1]) * UNITS[span[2] as keyof typeof UNITS];
  if (!/^\d{4}-\d\d-\d\d/.test(text.trim())) return null;
  const day = /^\d{4}-\d\d-\d\d$/.test(text.trim());
  const ms = new Date(day ? `${text.trim()}T00:00` : text.trim()).getTime(); // a day begins where the reader is
  return Number.isFinite(ms) ? ms : null;
}

/** What a span of time is called. */
export function spanText(since: string | undefined, until: string | undefined): string {
  if (!since && !until) return "Any time";
  const known = SPANS.find(([span]) => span === since)?.[1];
  if (known && !until) return known;
  if (since && until) return `${since} to ${until}`;
  return since ? `Since ${since}` : `Before ${until ?? ""}`;
}
