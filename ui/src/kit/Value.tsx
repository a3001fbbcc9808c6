import type { PropertyKind } from "../api/schema.generated";
import { figure, short } from "./format";

/** A value of a property as it is read; exact in its title, and in `exactText`. */
export function Value({
  kind,
  value,
  inline = false,
}: {
  readonly kind: PropertyKind;
  readonly value: unknown;
  /** In one line, cut where it is long. */
  readonly inline?: boolean;
}) {
  const exact = exactText(kind, value);
  const shown = kind === "DOUBLE" && typeof value === "number" ? figure(value) : exact;
  const most = inline ? 200 : 200_000;
  return (
    <span
      className={`${inline ? "cut" : "wrap"} ${kind === "STRUCT" || kind === "PROTO" ? "mono" : ""}`}
      dir="auto"
      title={inline || shown !== exact ? short(exact, 1000) : undefined}
    >
      {short(shown, most)}
    </span>
  );
}

/** The value of a property to the letter, as text: what is copied. */
export function exactText(kind: PropertyKind, value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (kind === "PROTO") {
    const { typeUrl = "", value: bytes = "" } = value as { readonly typeUrl?: string; readonly value?: string };
    return `${typeUrl} ${bytes}`;
  }
  return typeof value === "number" || typeof value === "boolean" ? String(value) : JSON.stringify(value);
}
