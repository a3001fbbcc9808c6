import "./charts.css";

import { useSyncExternalStore } from "react";

/** What a series is about, where it is about something; else a number: the next colour, and the next dash. */
export type Tone =
  "good" | "busy" | "reused" | "bad" | "waiting" | "idle" | "artifact" | "execution" | "context" | "side-a" | "side-b";

/** The colours a canvas needs, as the style sheets have them now. */
export interface Colors {
  readonly text: string;
  readonly dim: string;
  readonly line: string;
  readonly strong: string;
  readonly surface: string;
  readonly font: string;
  readonly family: string;
  readonly of: (tone: Tone | number) => string;
}

const SERIES = 8;
const DASHES: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [9, 3, 2, 3]];

/** The dash of the n-th series: colours come again, drawn otherwise. */
export function dashOf(tone: Tone | number): readonly number[] {
  return typeof tone === "number" ? (DASHES[Math.floor(tone / SERIES) % DASHES.length] ?? []) : [];
}

/** The name of the colour of a series, for style sheets. */
export function variableOf(tone: Tone | number): string {
  return typeof tone === "number" ? `--clew-series-${(tone % SERIES) + 1}` : `--clew-${tone}`;
}

let known: Colors | null = null;
const watchers = new Set<() => void>();

/** The colours in force; what draws is drawn again when theme or contrast change. */
export function useColors(): Colors {
  return useSyncExternalStore(watch, () => (known ??= read()));
}

function watch(heard: () => void): () => void {
  watchers.add(heard);
  return () => watchers.delete(heard);
}

function read(): Colors {
  const style = getComputedStyle(document.documentElement);
  const token = (name: string) => style.getPropertyValue(name).trim() || "#888888";
  const family = style.getPropertyValue("--mantine-font-family") || "sans-serif";
  return {
    text: token("--clew-text"),
    dim: token("--clew-dim"),
    line: token("--clew-line"),
    strong: token("--clew-line-strong"),
    surface: token("--clew-surface"),
    font: `11px ${family}`,
    family,
    of: (tone) => token(variableOf(tone)),
  };
}

if (typeof document !== "undefined") {
  const again = () => {
    known = read();
    for (const heard of watchers) heard();
  };
  new MutationObserver(again).observe(document.documentElement, {
    attributes: true,
    attributeFilter: ["data-mantine-color-scheme", "data-contrast"],
  });
}
