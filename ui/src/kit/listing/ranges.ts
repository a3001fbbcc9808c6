const MOST = 5000;

/** Numbers as a short text for an address: `1-3`, `7`. The same set is spelled the same. */
export function ranges(numbers: Iterable<number>): readonly string[] {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const found: [number, number][] = [];
  for (const number of sorted) {
    const last = found.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`));
}

/** Read them again; what is no range is left out. */
export function numbersOf(texts: readonly string[]): readonly number[] {
  const found: number[] = [];
  for (const text of texts) {
    const [, from = "", to = from] = /^(\d{1,15})(?:-(\d{1,15}))?$/.exec(text) ?? [];
    if (!from) continue;
    for (let number = Number(from); number <= Number(to) && found.length < MOST; number += 1) found.push(number);
  }
  return found;
}
