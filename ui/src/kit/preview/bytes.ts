/** Bytes as people look at them: offset, sixteen in hexadecimal, and the letters among them. */
export function hexLines(base64: string, most = 64): readonly string[] {
  const bytes = atob(base64);
  const lines: string[] = [];
  for (let from = 0; from < bytes.length && lines.length < most; from += 16) {
    const row = Array.from(bytes.slice(from, from + 16), (char) => char.charCodeAt(0));
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = row.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : "·")).join("");
    lines.push(`${from.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines;
}
