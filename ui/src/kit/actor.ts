import { local } from "../api/storage";

const KEY = "clew.actor";

/** The name the reader gives to what is recorded of what he does; the browser keeps it. */
export function knownActor(): string {
  return local.get(KEY) ?? "";
}

/** Keep it. */
export function keepActor(name: string): void {
  local.set(KEY, name.trim() || null);
}
