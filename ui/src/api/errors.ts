import type { CombinedError } from "urql";

/** An error as the server spells it: a code, a sentence, a remedy. */
export interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly field: string;
}

/** What to tell a person of an error; UNREACHABLE where the server gave no answer. */
export function told(error: CombinedError): Told {
  const first = error.graphQLErrors[0];
  if (first) {
    const more = first.extensions as Partial<Record<"code" | "remedy" | "field", unknown>>;
    return {
      code: text(more.code) || "ERROR",
      message: first.message,
      remedy: here(text(more.code), text(more.remedy)),
      field: text(more.field),
    };
  }
  return {
    code: "UNREACHABLE",
    message: "The server cannot be reached.",
    remedy: "It is asked again as soon as it answers.",
    field: "",
  };
}

/** A remedy that one finds on these pages, where the server's is a command of the terminal. */
function here(code: string, remedy: string): string {
  return code.endsWith("NOT_FOUND") && remedy.includes("`clew ")
    ? "Search for it: Ctrl+K finds names and ids."
    : remedy;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
