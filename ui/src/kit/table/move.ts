/** What a stroke of the keyboard does in a table. */
export type Move =
  | { readonly kind: "to"; readonly row: number; readonly extend: boolean }
  | { readonly kind: "open" | "toggle" | "all" | "none" }
  | { readonly kind: "scroll"; readonly by: number };

interface Stroke {
  readonly key: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

const SIDEWAYS = 80;

/** Read a stroke, at row `at` of `length`, of which `page` are seen at once; null where it is none of the table's. */
export function moveOf(stroke: Stroke, at: number, length: number, page: number): Move | null {
  if (stroke.altKey) return null;
  if (stroke.ctrlKey || stroke.metaKey) return stroke.key === "a" ? { kind: "all" } : null;
  const to = (row: number): Move => ({
    kind: "to",
    row: Math.max(0, Math.min(length - 1, row)),
    extend: stroke.shiftKey,
  });
  switch (stroke.key) {
    case "ArrowDown":
    case "j":
      return to(at + 1);
    case "ArrowUp":
    case "k":
      return to(at - 1);
    case "PageDown":
      return to(at + page);
    case "PageUp":
      return to(at - page);
    case "Home":
      return to(0);
    case "End":
      return to(length - 1);
    case "ArrowRight":
      return { kind: "scroll", by: SIDEWAYS };
    case "ArrowLeft":
      return { kind: "scroll", by: -SIDEWAYS };
    case "Enter":
      return { kind: "open" };
    case " ":
    case "x":
      return { kind: "toggle" };
    case "Escape":
      return { kind: "none" };
    default:
      return null;
  }
}
