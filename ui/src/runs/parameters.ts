import type { RunBodyQuery } from "./queries.generated";

/** Something a pipeline takes. */
export type Input = NonNullable<RunBodyQuery["run"]["definition"]>["inputs"][number];

/** What stands in the fields of a form, by name. */
export type Texts = Readonly<Record<string, string>>;

/** What the fields say: values by name, and what is wrong with the others. */
export interface Read {
  readonly values: Readonly<Record<string, unknown>>;
  readonly wrong: Texts;
}

const KINDS: Readonly<Record<string, string>> = {
  NUMBER_INTEGER: "a whole number",
  NUMBER_DOUBLE: "a number",
  STRING: "text",
  BOOLEAN: "true or false",
  LIST: "a JSON list",
  STRUCT: "a JSON object",
};

/** What an input wants, in words. */
export function kindOf(input: Input): string {
  return input.artifact ? `address of a ${input.type}` : (KINDS[input.type] ?? input.type);
}

/** Whether its field has several lines. */
export function isLong(input: Input): boolean {
  return input.type === "LIST" || input.type === "STRUCT";
}

/** A value as it stands in its field. */
export function asText(value: unknown): string {
  if (value === null || value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The fields as they begin: what is given, else the default. */
export function begin(inputs: readonly Input[], given: Readonly<Record<string, unknown>> = {}): Texts {
  return Object.fromEntries(
    inputs.map((input) => [input.name, asText(input.name in given ? given[input.name] : input.default)]),
  );
}

/** Read the fields. An empty one is left out, where it may be: the default holds. Text may be empty. */
export function read(inputs: readonly Input[], texts: Texts): Read {
  const values: Record<string, unknown> = {};
  const wrong: Record<string, string> = {};
  for (const input of inputs) {
    const text = texts[input.name] ?? "";
    if (text.trim() === "" && !(input.type === "STRING" && text === asText(input.default) && input.default === "")) {
      if (!input.optional && !(input.type === "STRING" && !input.artifact))
        wrong[input.name] = `It needs a value: ${kindOf(input)}.`;
      else if (!input.optional) values[input.name] = text;
      continue;
    }
    const value = valueOf(input, text);
    if (value === undefined) wrong[input.name] = `This is not ${kindOf(input)}.`;
    else values[input.name] = value;
  }
  return { values, wrong };
}

/** Only what differs from what was given before. */
export function changed(
  values: Readonly<Record<string, unknown>>,
  before: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  );
}

/** `team=search, tier=1` as labels; null where a part is no label. */
export function labelsOf(text: string): readonly { readonly key: string; readonly value: string }[] | null {
  const parts = text.split(/[\n,]/).map((part) => part.trim());
  const labels = parts.filter(Boolean).map((part) => {
    const at = part.indexOf("=");
    return at > 0 ? { key: part.slice(0, at).trim(), value: part.slice(at + 1).trim() } : null;
  });
  return labels.every((label) => label !== null) ? labels : null;
}

/** The field that an error of the server speaks of: `parameters.depth`, or just `depth`; empty: none of these. */
export function fieldOf(field: string, inputs: readonly Input[]): string {
  const name = field.replace(/^(run\.)?parameters?\./, "");
  return inputs.some((input) => input.name === name) ? name : "";
}

function valueOf(input: Input, text: string): unknown {
  if (input.artifact || input.type === "STRING") return text;
  if (input.type === "NUMBER_INTEGER") return /^\s*[-+]?\d+\s*$/.test(text) ? Number(text) : undefined;
  if (input.type === "NUMBER_DOUBLE") return Number.isFinite(Number(text)) ? Number(text) : undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (input.type === "BOOLEAN") return typeof value === "boolean" ? value : undefined;
    if (input.type === "LIST") return Array.isArray(value) ? value : undefined;
    if (input.type === "STRUCT")
      return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
    return value;
  } catch {
    return undefined;
  }
}
