/** Numbers, times, durations and sizes as people read them; exact values belong into a title. */

const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"] as const;

/** 1234567 as `1,234,567`. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** A number with as many digits as tell something: `0.9649`, `1.2e-7`, `31,415`. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? count(value) : String(value);
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(3);
  return String(Number(value.toPrecision(5)));
}

/** Bytes in powers of 1000: `1.5 MB`. */
export function bytes(value: number): string {
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 10 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit] ?? "B"}`;
}

/** Milliseconds as `12 ms`, `3.4 s`, `5 min 20 s`, `2 h 10 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return parts(Math.floor(s / 60), "min", s % 60, "s");
  if (s < 86_400) return parts(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min");
  return parts(Math.floor(s / 86_400), "d", Math.floor((s % 86_400) / 3600), "h");
}

/** How long ago, in one unit: `now`, `5 min ago`, `in 3 h`; beyond 30 days the date. */
export function ago(thenMs: number, nowMs: number): string {
  const s = Math.round((nowMs - thenMs) / 1000);
  const size = Math.abs(s);
  if (size < 5) return "now";
  if (size > 30 * 86_400) return new Date(thenMs).toISOString().slice(0, 10);
  const [value, unit] =
    size < 60
      ? [size, "s"]
      : size < 3600
        ? [size / 60, "min"]
        : size < 86_400
          ? [size / 3600, "h"]
          : [size / 86_400, "d"];
  const words = `${Math.round(value)} ${unit}`;
  return s >= 0 ? `${words} ago` : `in ${words}`;
}

/** The moment, to the second, in the reader's time zone. */
export function moment(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The first of a long text, with an ellipsis: what is drawn is bounded, whatever was recorded. */
export function short(text: string, most = 120): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** The protocol that told of an edge, with how sure that is where it was not said outright: "openlineage 80 %". */
export function saidBy(edge: { readonly source: string | null; readonly confidence: number | null }): string {
  const sure = edge.confidence === null ? "" : `${edge.confidence} %`;
  return [short(edge.source ?? "", 40), sure].filter(Boolean).join(" ");
}

function parts(a: number, unitA: string, b: number, unitB: string): string {
  return b ? `${a} ${unitA} ${b} ${unitB}` : `${a} ${unitA}`;
}
