/** Boxes and lines by number: what the layout computes with. */
export interface Web {
  readonly size: number;
  /** Number of each line's ends. */
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** `outs[outsAt[i] .. outsAt[i + 1])` are the numbers that box `i` leads to; `ins` likewise. */
  readonly outs: Int32Array;
  readonly outsAt: Int32Array;
  readonly ins: Int32Array;
  readonly insAt: Int32Array;
}

/** Lines between `size` boxes, ready to be walked both ways. */
export function web(size: number, from: Int32Array, to: Int32Array): Web {
  const [outs, outsAt] = gather(size, from, to);
  const [ins, insAt] = gather(size, to, from);
  return { size, from, to, outs, outsAt, ins, insAt };
}

function gather(size: number, by: Int32Array, what: Int32Array): [Int32Array, Int32Array] {
  const at = new Int32Array(size + 1);
  for (const i of by) at[i + 1] = (at[i + 1] ?? 0) + 1;
  for (let i = 0; i < size; i += 1) at[i + 1] = (at[i + 1] ?? 0) + (at[i] ?? 0);
  const next = at.slice();
  const found = new Int32Array(by.length);
  by.forEach((i, line) => {
    const place = next[i] ?? 0;
    found[place] = what[line] ?? 0;
    next[i] = place + 1;
  });
  return [found, at];
}

/**
 * The web without the lines that close a cycle: those that lead back to a box on the way to it, met in order of number.
 *
 * Cost: O(boxes + lines), without recursion.
 */
export function acyclic(given: Web): Web {
  const state = new Uint8Array(given.size); // 0 unseen, 1 on the way, 2 done
  const next = given.outsAt.slice();
  const back = new Set<number>();
  const way: number[] = [];
  for (let root = 0; root < given.size; root += 1) {
    if (state[root]) continue;
    way.push(root);
    state[root] = 1;
    while (way.length) {
      const here = way[way.length - 1] ?? 0;
      const place = next[here] ?? 0;
      if (place === given.outsAt[here + 1]) {
        state[here] = 2;
        way.pop();
        continue;
      }
      next[here] = place + 1;
      const there = given.outs[place] ?? 0;
      if (state[there] === 1) back.add(here * given.size + there);
      else if (!state[there]) {
        state[there] = 1;
        way.push(there);
      }
    }
  }
  if (back.size === 0) return given;
  const keep = [...given.from.keys()].filter(
    (line) => !back.has((given.from[line] ?? 0) * given.size + (given.to[line] ?? 0)),
  );
  return web(
    given.size,
    Int32Array.from(keep, (line) => given.from[line] ?? 0),
    Int32Array.from(keep, (line) => given.to[line] ?? 0),
  );
}

/** The boxes, each after all that lead to it. */
export function topological(given: Web): Int32Array {
  const left = new Int32Array(given.size);
  for (const to of given.to) left[to] = (left[to] ?? 0) + 1;
  const order = new Int32Array(given.size);
  let end = 0;
  for (let i = 0; i < given.size; i += 1) if (!left[i]) order[end++] = i;
  for (let at = 0; at < end; at += 1) {
    const here = order[at] ?? 0;
    for (let place = given.outsAt[here] ?? 0; place < (given.outsAt[here + 1] ?? 0); place += 1) {
      const there = given.outs[place] ?? 0;
      left[there] = (left[there] ?? 0) - 1;
      if (!left[there]) order[end++] = there;
    }
  }
  return order;
}

/**
 * The column of each box: the longest path to it; then, from the far end, boxes that lead to more than they come from
 * move up to what they lead to, so that lines are short. Every line leads at least one column on.
 */
export function ranksOf(given: Web, order: Int32Array): Int32Array {
  const ranks = new Int32Array(given.size);
  for (const here of order) {
    for (let place = given.outsAt[here] ?? 0; place < (given.outsAt[here + 1] ?? 0); place += 1) {
      const there = given.outs[place] ?? 0;
      ranks[there] = Math.max(ranks[there] ?? 0, (ranks[here] ?? 0) + 1);
    }
  }
  for (let at = order.length - 1; at >= 0; at -= 1) {
    const here = order[at] ?? 0;
    const first = given.outsAt[here] ?? 0;
    const end = given.outsAt[here + 1] ?? 0;
    if (end - first <= (given.insAt[here + 1] ?? 0) - (given.insAt[here] ?? 0)) continue;
    let nearest = Infinity;
    for (let place = first; place < end; place += 1) nearest = Math.min(nearest, ranks[given.outs[place] ?? 0] ?? 0);
    ranks[here] = nearest - 1;
  }
  return ranks;
}

/** A number for each box: that of the connected part it belongs to, parts counted in order of their first box. */
export function partsOf(given: Web): Int32Array {
  const part = new Int32Array(given.size).fill(-1);
  let parts = 0;
  const stack: number[] = [];
  for (let root = 0; root < given.size; root += 1) {
    if (part[root] !== -1) continue;
    stack.push(root);
    part[root] = parts;
    for (let here = stack.pop(); here !== undefined; here = stack.pop()) {
      for (const [found, at] of [
        [given.outs, given.outsAt],
        [given.ins, given.insAt],
      ] as const) {
        for (let place = at[here] ?? 0; place < (at[here + 1] ?? 0); place += 1) {
          const there = found[place] ?? 0;
          if (part[there] !== -1) continue;
          part[there] = parts;
          stack.push(there);
        }
      }
    }
    parts += 1;
  }
  return part;
}
