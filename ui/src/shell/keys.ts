import { useEffect } from "react";

import { store } from "../api/store";

/** One thing the keyboard does. */
export interface Key {
  /** As typed: `?`, `g h`, `mod+k`, `ArrowLeft`, `E` (with shift). */
  readonly key: string;
  readonly what: string;
  readonly act: () => void;
}

/** What the keyboard does now, by the part of the screen that listens. */
export const known = store<ReadonlyMap<string, readonly Key[]>>(new Map());

const PAUSE_MS = 1500;
let before = "";
let beforeAt = 0;

/** While the view is shown, let these keys act. `?` lists them under `part`. */
export function useKeys(part: string, keys: readonly Key[]): void {
  useEffect(() => {
    known.set(new Map(known.get()).set(part, keys));
    return () => {
      const left = new Map(known.get());
      if (left.get(part) === keys) left.delete(part);
      known.set(left);
    };
  }, [part, keys]);
}

/** Listen to the whole page; returns how to stop. */
export function listenToKeys(): () => void {
  const heard = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.altKey) return;
    const mod = event.ctrlKey || event.metaKey;
    if (!mod && writes(event.target)) return;
    const stroke = mod ? `mod+${event.key.toLowerCase()}` : event.key;
    const pair = event.timeStamp - beforeAt < PAUSE_MS ? `${before} ${stroke}` : "";
    const found = find(pair) ?? find(stroke);
    before = found ? "" : stroke;
    beforeAt = event.timeStamp;
    if (!found) return;
    event.preventDefault();
    found.act();
  };
  window.addEventListener("keydown", heard);
  return () => window.removeEventListener("keydown", heard);
}

function find(stroke: string): Key | undefined {
  if (!stroke) return undefined;
  for (const keys of [...known.get().values()].reverse()) {
    const found = keys.find((one) => one.key === stroke);
    if (found) return found;
  }
  return undefined;
}

/** Whether what has the focus takes letters itself. */
function writes(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("[role=dialog]")) return true;
  return (
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement ||
    (target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type))
  );
}
