/** What every page's address may say besides its own: the namespace, and that Clew is framed by another page. */
export interface Shared {
  readonly ns?: string;
  readonly embed?: 1;
}

/** Read it from an address; what is no good is left out. */
export function shared(raw: Record<string, unknown>): Shared {
  return {
    ...(text(raw.ns) ? { ns: text(raw.ns) } : {}),
    ...(raw.embed === 1 || raw.embed === "1" || raw.embed === true ? { embed: 1 as const } : {}),
  };
}

/** A string of an address; a number that looks like one is one: `?ns=7`. */
export function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** A list of strings of an address. */
export function texts(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map(text).filter(Boolean);
  return text(value) ? [text(value)] : [];
}

/** One of `choices`, or the first of them. */
export function choice<const T extends string>(value: unknown, choices: readonly [T, ...T[]]): T {
  return choices.find((one) => one === value) ?? choices[0];
}

/** A whole number within bounds, or what stands in for it. */
export function whole(value: unknown, least: number, most: number, otherwise: number): number {
  const number = typeof value === "number" ? value : Number.parseInt(text(value), 10);
  return Number.isInteger(number) && number >= least && number <= most ? number : otherwise;
}
