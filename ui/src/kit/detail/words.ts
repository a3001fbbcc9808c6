import { count } from "../format";

/** `1 artifact`, `1,204 artifacts`. */
export function amount(many: number, what: string): string {
  return `${count(many)} ${what}${many === 1 ? "" : "s"}`;
}

/** A context that may hold a pin. */
export interface PinContext {
  readonly id: string;
  readonly name: string | null;
  readonly type: string;
  readonly namespace: string;
  readonly pins: readonly { readonly value: unknown }[];
}

/** The context that pins a node, where one does; by hand is what a person may take back. */
export function pinOf(
  id: string,
  contexts: readonly PinContext[],
): { readonly context: PinContext; readonly byHand: boolean } | null {
  const pinning = contexts.filter((context) => context.pins.some((pin) => pin.value === true));
  const byHand = pinning.find((context) => context.type === "clew.Pin" && context.name === id);
  const context = byHand ?? pinning[0];
  return context ? { context, byHand: byHand !== undefined } : null;
}
