/** A set of nodes as a few letters, for the address: numbers sorted, their gaps as varints, base64url. */

const KINDS = ["artifact:", "execution:"] as const;
const MOST = 2000;

/** Spell a set of ids; the same set is spelled the same. */
export function spell(ids: Iterable<string>): string {
  const bytes: number[] = [];
  const numbers: number[][] = [[], []];
  for (const id of ids) {
    KINDS.forEach((kind, i) => {
      if (id.startsWith(kind)) numbers[i]?.push(Number(id.slice(kind.length)));
    });
  }
  for (const group of numbers) {
    group.sort((a, b) => a - b);
    varint(group.length, bytes);
    let last = 0;
    for (const number of group) {
      varint(number - last, bytes);
      last = number;
    }
  }
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}

/** Read it again; what is no such spelling is null. */
export function read(text: string): string[] | null {
  let bytes: string;
  try {
    bytes = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
  let at = 0;
  const next = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.charCodeAt(at++);
      if (!(byte >= 0) || scale > 2 ** 49) return Number.NaN;
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  };
  const ids: string[] = [];
  for (const kind of KINDS) {
    const many = next();
    if (!(many >= 0 && many + ids.length <= MOST)) return null;
    let number = 0;
    for (let i = 0; i < many; i += 1) {
      number += next();
      if (!Number.isSafeInteger(number)) return null;
      ids.push(`${kind}${number}`);
    }
  }
  return at === bytes.length ? ids : null;
}

function varint(value: number, into: number[]): void {
  for (; value >= 128; value = Math.floor(value / 128)) into.push((value % 128) + 128);
  into.push(value);
}
