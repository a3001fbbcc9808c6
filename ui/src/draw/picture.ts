import { curve } from "./curve";
import type { DrawnLine } from "./Lines";
import { areaOf, type Box, type Orientation, type Spots } from "./model";

/** A box of a picture: two lines of text, with a bar in a colour. */
export interface PictureBox extends Box {
  readonly title: string;
  readonly text: string;
  readonly color: string;
}

/** The colours of a picture: it must stand without the page's style sheets. */
export interface Inks {
  readonly body: string;
  readonly surface: string;
  readonly line: string;
  readonly text: string;
  readonly dim: string;
}

const MARGIN = 24;
const FONT = "Inter, system-ui, sans-serif";

/** The drawing as an SVG file of its own. */
export function picture(
  boxes: readonly PictureBox[],
  lines: readonly DrawnLine[],
  spots: Spots,
  orientation: Orientation,
  inks: Inks,
): string {
  const area = areaOf(boxes, spots);
  const byId = new Map(boxes.map((box) => [box.id, box]));
  const ways = lines.flatMap((line) => {
    const [from, to, at, there] = [byId.get(line.from), byId.get(line.to), spots.get(line.from), spots.get(line.to)];
    if (!from || !to || !at || !there) return [];
    const dash = line.dashed ? ' stroke-dasharray="5 5"' : "";
    return [`<path d="${curve(from, at, to, there, orientation)}" marker-end="url(#tip)"${dash}/>`];
  });
  const cards = boxes.flatMap((box) => {
    const at = spots.get(box.id);
    if (!at) return [];
    const { x, y } = at;
    return [
      `<g><title>${escaped(box.title)}</title><rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" rx="8" fill="${inks.surface}" stroke="${inks.line}"/>`,
      `<rect x="${x}" y="${y + 8}" width="4" height="${box.height - 16}" rx="2" fill="${escaped(box.color)}"/>`,
      `<text x="${x + 16}" y="${y + 25}" font-weight="600" fill="${inks.text}">${escaped(cut(box.title, box.width))}</text>`,
      `<text x="${x + 16}" y="${y + 44}" fill="${inks.dim}">${escaped(cut(box.text, box.width))}</text></g>`,
    ];
  });
  const view = [area.x - MARGIN, area.y - MARGIN, area.width + 2 * MARGIN, area.height + 2 * MARGIN];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${view.join(" ")}" width="${view[2] ?? 0}" height="${view[3] ?? 0}" font-family="${FONT}" font-size="13">`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M1 1L7 4L1 7" fill="none" stroke="${inks.line}" stroke-width="1.4"/></marker></defs>`,
    `<rect x="${view[0] ?? 0}" y="${view[1] ?? 0}" width="100%" height="100%" fill="${inks.body}"/>`,
    `<g fill="none" stroke="${inks.line}" stroke-width="1.4">`,
    ...ways,
    "</g>",
    ...cards,
    "</svg>",
  ].join("\n");
}

/** As a PNG, twice as sharp, within what a canvas may hold. */
export async function bitmap(svg: string): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const scale = Math.min(2, 16_000 / Math.max(image.width, image.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(image.width * scale);
    canvas.height = Math.ceil(image.height * scale);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((done, refuse) =>
      canvas.toBlob((blob) => (blob ? done(blob) : refuse(new Error("The picture is too large."))), "image/png"),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Text that markup cannot be made of; what XML cannot hold is left out. */
export function escaped(text: string): string {
  const ENTITIES: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text
    .replace(/[^\t\n\r -\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? "");
}

function cut(text: string, width: number): string {
  const most = Math.floor((width - 28) / 7.2);
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}
