/** A node as a dot. */
export interface Dot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /** Its radius, when all is in view. */
  readonly size: number;
  /** `#rrggbb`: neither WebGL nor a canvas knows the theme's names. */
  readonly color: string;
  readonly label: string;
}

/** A line between two dots. */
export interface DotLine {
  readonly from: string;
  readonly to: string;
}

/** Who is told of what happens. */
export interface Dotted {
  readonly onSelect: (id: string | null) => void;
  readonly onOpen: (id: string) => void;
  readonly onView: (ids: readonly string[]) => void;
  /** Pixels at the right that something lies over. */
  readonly inset: () => number;
}

/** From the drawing to the screen: `screen = drawing * zoom + (x, y)`; dots grow by `grown` as one comes closer. */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
  readonly grown: number;
}

/** What there is to paint, and which of it stands out. */
export interface Painting {
  readonly dots: readonly Dot[];
  readonly lines: readonly DotLine[];
  readonly byId: ReadonlyMap<string, Dot>;
  readonly selected: string | null;
  readonly lit: ReadonlySet<string> | null;
}

/**
 * Puts dots on a canvas: `take` when they or their lights changed, `paint` when the camera moved. While it moves, some
 * of very many lines may be left out.
 */
export interface Painter {
  readonly take: (painting: Painting, inks: Inks) => void;
  readonly paint: (camera: Camera, width: number, height: number, moving: boolean) => void;
  readonly stop: () => void;
}

/** The colours that a drawing by dots takes from the theme. */
export interface Inks {
  readonly line: string;
  readonly text: string;
  /** Around the text, so that no line strikes it through. */
  readonly body: string;
  readonly faint: string;
  readonly chosen: string;
}

/** As the theme is now. */
export function inks(): Inks {
  const style = getComputedStyle(document.documentElement);
  const get = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    line: get("--clew-line-strong", "#b6bdc9"),
    text: get("--clew-text", "#1a1f2b"),
    body: get("--clew-body", "#f7f8fa"),
    faint: get("--clew-line", "#dde1e8"),
    chosen: get("--clew-focus", "#2f5bd0"),
  };
}

/** The colour of a dot, as it is lit. */
export function dotInk({ id, color }: Dot, { selected, lit }: Painting, ink: Inks): string {
  return id === selected ? ink.chosen : !lit || lit.has(id) ? color : ink.faint;
}

/** The colour of a line, as its ends are lit. */
export function lineInk({ from, to }: DotLine, { lit }: Painting, ink: Inks): string {
  return !lit ? ink.line : lit.has(from) && lit.has(to) ? ink.chosen : ink.faint;
}

/** The nearest dot to a point of the screen, within `reach` pixels. */
export function dotAt(
  dots: readonly Dot[],
  { x, y, zoom }: Camera,
  left: number,
  top: number,
  reach: number,
): Dot | null {
  let best: Dot | null = null;
  let nearest = reach ** 2;
  for (const dot of dots) {
    const far = (dot.x * zoom + x - left) ** 2 + (dot.y * zoom + y - top) ** 2;
    if (far <= nearest) [best, nearest] = [dot, far];
  }
  return best;
}

/** Those on the screen. */
export function dotsIn(dots: readonly Dot[], { x, y, zoom }: Camera, width: number, height: number): Dot[] {
  return dots.filter((dot) => {
    const [left, top] = [dot.x * zoom + x, dot.y * zoom + y];
    return left >= 0 && top >= 0 && left <= width && top <= height;
  });
}

/** The camera that shows all of it. */
export function cameraOn(dots: readonly Dot[], width: number, height: number, margin: number): Camera {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const { x, y } of dots) {
    left = Math.min(left, x);
    top = Math.min(top, y);
    right = Math.max(right, x);
    bottom = Math.max(bottom, y);
  }
  if (left > right) return { x: 0, y: 0, zoom: 1, grown: 1 };
  const [wide, high] = [Math.max(1, width - 2 * margin), Math.max(1, height - 2 * margin)];
  const zoom = Math.min(wide / Math.max(1, right - left), high / Math.max(1, bottom - top), 6);
  return { x: (width - (left + right) * zoom) / 2, y: (height - (top + bottom) * zoom) / 2, zoom, grown: 1 };
}
