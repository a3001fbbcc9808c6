/** An object's entries; anything else is one entry without a name. */
export function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  if (value === null || value === undefined) return [];
  if (typeof value === "object" && !Array.isArray(value)) return Object.entries(value);
  return [["", value]];
}

/** A value as text: strings as they are, all else as JSON. */
export function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined ? "" : JSON.stringify(value, null, Array.isArray(value) && value.every(isPlain) ? 0 : 2);
}

function isPlain(value: unknown): boolean {
  return value === null || typeof value !== "object";
}

/** What a fingerprint was made of, flat: `inputs.data.digest` and its value. */
export function flat(value: unknown, at = ""): readonly (readonly [string, unknown])[] {
  if (value === null || typeof value !== "object") return [[at, value]];
  const inner = Object.entries(value);
  if (inner.length === 0) return [[at, value]];
  return inner.flatMap(([key, one]) => flat(one, at ? `${at}.${key}` : key));
}
