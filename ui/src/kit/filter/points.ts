/** The server counts characters (code points), a browser's text counts UTF-16 units: these lead from one to the other. */
export function pointOf(text: string, unit: number): number {
  return Array.from(text.slice(0, unit)).length;
}

/** The UTF-16 unit at which the code point `point` begins. */
export function unitOf(text: string, point: number): number {
  return Array.from(text).slice(0, point).join("").length;
}

/** Put a suggestion into the text; where the cursor stands then. */
export function accept(
  text: string,
  suggestion: { readonly text: string; readonly from: number; readonly to: number },
): { readonly text: string; readonly cursor: number } {
  const from = unitOf(text, suggestion.from);
  const rest = text.slice(unitOf(text, suggestion.to));
  const gap = /[\w'"`)]$/.test(suggestion.text) && !/^\s/.test(rest) ? " " : "";
  return {
    text: text.slice(0, from) + suggestion.text + gap + rest,
    cursor: from + suggestion.text.length + gap.length,
  };
}

/** The text in three: before the mistake, the word with the mistake, and what follows. */
export function around(text: string, point: number): readonly [string, string, string] {
  const from = Math.min(unitOf(text, point), text.length);
  const word = /^(?:'[^']*'?|"[^"]*"?|[\w.]+|\S|\s)/.exec(text.slice(from))?.[0] ?? "";
  if (word) return [text.slice(0, from), word, text.slice(from + word.length)];
  return [text.slice(0, -1), text.slice(-1), ""]; // at the end something is missing: the last character is marked
}
