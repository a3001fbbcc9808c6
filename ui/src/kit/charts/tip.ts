import { short } from "../format";
import { type Tone, variableOf } from "./colors";

const MOST = 12;

/** Write into a tip what the series are at a point: the largest first, as text, whatever the names hold. */
export function fillTip(
  tip: HTMLElement,
  title: string,
  series: readonly { readonly name: string; readonly tone: Tone | number; readonly said: readonly (number | null)[] }[],
  at: number,
  say: (value: number) => string,
): void {
  const found = series
    .map(({ name, tone, said }) => ({ name, tone, value: said[at] ?? null }))
    .filter((one) => one.value !== null && one.value !== 0);
  const rows = found.length ? found.sort((a, b) => (b.value ?? 0) - (a.value ?? 0)) : [];
  const lines = rows.slice(0, MOST).map(({ name, tone, value }) => {
    const mark = document.createElement("i");
    mark.style.background = `var(${variableOf(tone)})`;
    return line(mark, text("span", short(name, 40)), text("b", say(value ?? 0)));
  });
  if (rows.length > MOST) lines.push(line(text("span", `${rows.length - MOST} more`)));
  tip.replaceChildren(text("strong", title), ...lines);
}

function line(...parts: readonly HTMLElement[]): HTMLElement {
  const made = document.createElement("div");
  made.append(...parts);
  return made;
}

function text(tag: string, words: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = words;
  if (tag === "span") made.className = "cut";
  return made;
}
