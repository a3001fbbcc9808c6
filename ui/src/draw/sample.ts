import type { Box, Line } from "./model";

/** Numbers that look random and are the same every time. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A layered drawing as lineage makes them: `size` boxes, one to three lines into most. For tests and benchmarks. */
export function sample(size: number, seed = 1): { boxes: Box[]; lines: Line[] } {
  const roll = dice(seed);
  const layers = Math.max(2, Math.round(Math.sqrt(size) / 2));
  const boxes = Array.from({ length: size }, (_, i) => ({
    id: `n${i}`,
    width: 200,
    height: roll() < 0.1 ? 90 : 56,
    order: i,
  }));
  const lines: Line[] = [];
  const width = Math.ceil(size / layers);
  for (let i = width; i < size; i += 1) {
    const many = 1 + Math.floor(roll() * roll() * 3);
    for (let k = 0; k < many; k += 1) {
      const layer = Math.floor(i / width) - 1 - (roll() < 0.1 ? Math.floor(roll() * Math.floor(i / width)) : 0);
      lines.push({ from: `n${Math.max(0, layer) * width + Math.floor(roll() * width)}`, to: `n${i}` });
    }
  }
  return { boxes, lines };
}
