import { localStorageColorSchemeManager } from "@mantine/core";

import { local } from "../api/storage";
import { store } from "../api/store";

/** How dense, and with how much contrast, everything is drawn; light or dark is Mantine's to keep. */
export interface Looks {
  readonly density: "comfortable" | "compact";
  readonly contrast: "auto" | "more";
}

const KEY = "clew.looks";

/** Where light, dark or auto is kept. */
export const schemeManager = localStorageColorSchemeManager({ key: "clew.scheme" });

/** The looks in force. */
export const looks = store<Looks>(read());

/** Take these looks, and keep them. */
export function setLooks(next: Looks): void {
  local.set(KEY, JSON.stringify(next));
  looks.set(next);
  applyLooks();
}

/** Tell the style sheets. */
export function applyLooks(): void {
  const { density, contrast } = looks.get();
  document.documentElement.dataset.density = density;
  const more = contrast === "more" || matchMedia("(prefers-contrast: more)").matches;
  document.documentElement.dataset.contrast = more ? "more" : "auto";
}

function read(): Looks {
  try {
    const kept = JSON.parse(local.get(KEY) ?? "{}") as Partial<Looks>;
    return {
      density: kept.density === "compact" ? "compact" : "comfortable",
      contrast: kept.contrast === "more" ? "more" : "auto",
    };
  } catch {
    return { density: "comfortable", contrast: "auto" };
  }
}
