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
      remedy: text(more.remedy),
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

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}
