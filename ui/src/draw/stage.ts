import {
  type Camera,
  cameraOn,
  type Dot,
  dotAt,
  dotsIn,
  type Dotted,
  type DotLine,
  type Inks,
  inks,
  type Painter,
  type Painting,
} from "./dots";
import { glPainter } from "./gl";
import { plainPainter } from "./plain";

/** A drawing of dots in an element: it listens to the pointer and paints when something changed. */
export interface Stage {
  readonly draw: (dots: readonly Dot[], lines: readonly DotLine[]) => void;
  /** The chosen one stands out; what is not lit steps back. */
  readonly light: (selected: string | null, lit: ReadonlySet<string> | null) => void;
  readonly zoom: (factor: number) => void;
  readonly fit: () => void;
  readonly stop: () => void;
  readonly renderer: "webgl" | "canvas";
}

const MARGIN = 48;
const REACH = 9;
const STILL_MS = 150;
const MOST_WORDS = 160;

/** Set it up: by WebGL, where the browser has it. */
export function stageIn(frame: HTMLElement, told: Dotted): Stage {
  const canvas = sheet(frame);
  const gl = glPainter(canvas);
  const painter: Painter = gl ?? plainPainter(canvas);
  const words = sheet(frame);
  words.style.pointerEvents = "none";
  let painting: Painting = { dots: [], lines: [], byId: new Map(), selected: null, lit: null };
  let camera: Camera = { x: 0, y: 0, zoom: 1, grown: 1 };
  let whole = 1;
  let [fitted, stale, moving, due] = [false, true, false, 0];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const size = () => [frame.clientWidth, frame.clientHeight] as const;
  const paint = () => {
    due = 0;
    const [width, height] = size();
    if (!width || !height) return;
    const sharp = window.devicePixelRatio || 1;
    for (const one of [canvas, words]) {
      if (one.width === Math.round(width * sharp) && one.height === Math.round(height * sharp)) continue;
      one.width = Math.round(width * sharp);
      one.height = Math.round(height * sharp);
    }
    if (!fitted && painting.dots.length) {
      camera = cameraOn(painting.dots, Math.max(width / 3, width - told.inset()), height, MARGIN);
      [fitted, whole] = [true, camera.zoom];
    }
    const ink = inks();
    if (stale) painter.take(painting, ink);
    stale = false;
    painter.paint(camera, width, height, moving);
    label(words, painting, camera, ink, sharp);
  };
  const soon = () => {
    if (!due) due = requestAnimationFrame(paint);
  };
  const again = (still = true) => {
    moving = !still;
    soon();
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (moving) soon();
      moving = false;
      told.onView(dotsIn(painting.dots, camera, ...size()).map(({ id }) => id));
    }, STILL_MS);
  };
  const take = (next: Partial<Painting>) => {
    painting = { ...painting, ...next };
    stale = true;
    again();
  };
  const zoomAt = (factor: number, x: number, y: number) => {
    const zoom = Math.min(Math.max(camera.zoom * factor, whole / 4), whole * 400);
    const by = zoom / camera.zoom;
    const grown = Math.min(Math.max(Math.sqrt(zoom / whole), 0.8), 3);
    camera = { x: x - (x - camera.x) * by, y: y - (y - camera.y) * by, zoom, grown };
    again(false);
  };
  const deaf = listen(canvas, {
    pan: (x, y) => {
      camera = { ...camera, x: camera.x + x, y: camera.y + y };
      again(false);
    },
    zoomAt,
    click: (x, y) => told.onSelect(dotAt(painting.dots, camera, x, y, REACH)?.id ?? null),
    twice: (x, y) => {
      const found = dotAt(painting.dots, camera, x, y, REACH);
      if (found) told.onOpen(found.id);
    },
  });
  const sized = new ResizeObserver(() => again());
  sized.observe(frame);
  const themed = new MutationObserver(() => take({}));
  themed.observe(document.documentElement, { attributes: true });
  return {
    renderer: gl ? "webgl" : "canvas",
    draw: (dots, lines) => {
      if (painting.dots.length === 0) fitted = false;
      take({ dots, lines, byId: new Map(dots.map((dot) => [dot.id, dot])) });
    },
    light: (selected, lit) => take({ selected, lit }),
    zoom: (factor) => zoomAt(factor, frame.clientWidth / 2, frame.clientHeight / 2),
    fit: () => {
      fitted = false;
      again();
    },
    stop: () => {
      cancelAnimationFrame(due);
      clearTimeout(timer);
      deaf();
      sized.disconnect();
      themed.disconnect();
      painter.stop();
      canvas.remove();
      words.remove();
    },
  };
}

function sheet(frame: HTMLElement): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;touch-action:none";
  frame.append(canvas);
  return canvas;
}

/** Names beside the dots in view, where there is room for them. */
function label(
  words: HTMLCanvasElement,
  { dots, selected, lit }: Painting,
  camera: Camera,
  ink: Inks,
  sharp: number,
): void {
  const pen = words.getContext("2d");
  if (!pen) return;
  const [width, height] = [words.width / sharp, words.height / sharp];
  pen.setTransform(sharp, 0, 0, sharp, 0, 0);
  pen.clearRect(0, 0, width, height);
  const near = dotsIn(dots, camera, width, height);
  const named = near.length > MOST_WORDS ? near.filter(({ id }) => id === selected) : near.filter(({ id }) => !lit || lit.has(id) || id === selected); // prettier-ignore
  pen.font = "12px Inter, ui-sans-serif, system-ui, sans-serif";
  pen.textBaseline = "middle";
  pen.fillStyle = ink.text;
  pen.strokeStyle = ink.body;
  pen.lineWidth = 4;
  pen.lineJoin = "round";
  const taken = new Set<string>();
  for (const { x, y, size, label: name } of named) {
    const [left, top] = [x * camera.zoom + camera.x + size * camera.grown + 6, y * camera.zoom + camera.y];
    const text = name.slice(0, 28);
    const cells = Array.from({ length: Math.ceil(text.length / 4) }, (_, i) => `${Math.floor(left / 28) + i} ${Math.floor(top / 15)}`); // prettier-ignore
    if (cells.some((cell) => taken.has(cell))) continue;
    for (const cell of cells) taken.add(cell);
    pen.strokeText(text, left, top);
    pen.fillText(text, left, top);
  }
}

interface Heard {
  readonly pan: (x: number, y: number) => void;
  readonly zoomAt: (factor: number, x: number, y: number) => void;
  readonly click: (x: number, y: number) => void;
  readonly twice: (x: number, y: number) => void;
}

/** The pointer: drag, two fingers, wheel, click, double click. */
function listen(canvas: HTMLCanvasElement, heard: Heard): () => void {
  const held = new Map<number, { readonly x: number; readonly y: number }>();
  let moved = 0;
  const place = (event: MouseEvent) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top] as const;
  };
  const stop = new AbortController();
  const on = <Kind extends keyof HTMLElementEventMap>(kind: Kind, act: (event: HTMLElementEventMap[Kind]) => void) =>
    canvas.addEventListener(kind, act, { signal: stop.signal, passive: false });
  on("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (held.size === 1) moved = 0;
  });
  on("pointermove", (event) => {
    const was = held.get(event.pointerId);
    if (!was) return;
    const [dx, dy] = [event.clientX - was.x, event.clientY - was.y];
    const other = [...held].find(([id]) => id !== event.pointerId)?.[1];
    held.set(event.pointerId, { x: event.clientX, y: event.clientY });
    moved += Math.abs(dx) + Math.abs(dy);
    if (!other) heard.pan(dx, dy);
    else {
      const far = (at: { readonly x: number; readonly y: number }) => Math.hypot(at.x - other.x, at.y - other.y) || 1;
      heard.zoomAt(far({ x: event.clientX, y: event.clientY }) / far(was), ...place(event));
    }
  });
  const up = (event: PointerEvent) => {
    if (held.delete(event.pointerId) && event.type === "pointerup" && moved < 4) heard.click(...place(event));
  };
  on("pointerup", up);
  on("pointercancel", up);
  on("dblclick", (event) => heard.twice(...place(event)));
  on("wheel", (event) => {
    event.preventDefault();
    heard.zoomAt(Math.exp(-event.deltaY / 400), ...place(event));
  });
  return () => stop.abort();
}
