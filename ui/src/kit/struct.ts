/**
 * The value of a STRUCT property as people mean it: KFP puts lists and structures into an envelope (`{"list": [...]}`),
 * and the record tells one as JSON text where it holds numbers that a JSON reader might not read exactly.
 */
export function unwrapped(value: unknown): unknown {
  const read = typeof value === "string" ? parsed(value) : value;
  if (typeof read !== "object" || read === null || Array.isArray(read)) return read;
  const [entry, ...others] = Object.entries(read) as [string, unknown][];
  if (!entry || others.length) return read;
  const [key, inner] = entry;
  if (key === "list" && Array.isArray(inner)) return inner;
  if (key === "struct" && typeof inner === "object" && inner !== null && !Array.isArray(inner)) return inner;
  return read;
}

/** JSON text, also with the numbers that Python writes and JSON has not: infinities, NaN. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      const told = text.replace(/"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g, (word) =>
        word.startsWith('"') ? word : JSON.stringify(word),
      );
      return JSON.parse(told);
    } catch {
      return text;
    }
  }
}
