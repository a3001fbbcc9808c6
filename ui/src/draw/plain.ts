import { type Dot, type Dotted, type DotLine, inks, type Renderer } from "./dots";

const MARGIN = 40;
const REACH = 8;

/** By a plain canvas, for browsers without WebGL: the same dots, more slowly. */
export function plainRenderer(frame: HTMLElement, told: Dotted): Renderer {
  const canvas = document.createElement("canvas");
  canvas.style.cssText = "position:absolute;inset:0;width:100%;height:100%;touch-action:none";
  frame.append(canvas);
  const pen = canvas.getContext("2d");
  let dots: readonly Dot[] = [];
  let lines: readonly DotLine[] = [];
  let selected: string | null = null;
  let lit: ReadonlySet<string> | null = null;
  let at = { x: 0, y: 0, zoom: 1 };
  let due = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const byId = new Map<string, Dot>();

  const paint = () => {
    due = 0;
    if (!pen) return;
    const ink = inks();
    const [width, height] = [frame.clientWidth, frame.clientHeight];
    const sharp = window.devicePixelRatio || 1;
    if (canvas.width !== width * sharp || canvas.height !== height * sharp) Object.assign(canvas, { width: width * sharp, height: height * sharp }); // prettier-ignore
    pen.setTransform(sharp, 0, 0, sharp, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.lineWidth = 0.7;
    for (const bright of lit ? [false, true] : [false]) {
      pen.strokeStyle = bright ? ink.chosen : lit ? ink.faint : ink.line;
      pen.beginPath();
      for (const { from, to } of lines) {
        const [a, b] = [byId.get(from), byId.get(to)];
        if (!a || !b || (lit && bright !== (lit.has(from) && lit.has(to)))) continue;
        pen.moveTo(a.x * at.zoom + at.x, a.y * at.zoom + at.y);
        pen.lineTo(b.x * at.zoom + at.x, b.y * at.zoom + at.y);
      }
      pen.stroke();
    }
    for (const { id, x, y, size, color } of dots) {
      const [left, top] = [x * at.zoom + at.x, y * at.zoom + at.y];
      if (left < -REACH || top < -REACH || left > width + REACH || top > height + REACH) continue;
      const radius = size * (id === selected ? 2 : 1);
      pen.fillStyle = id === selected ? ink.chosen : !lit || lit.has(id) ? color : ink.faint;
      pen.fillRect(left - radius, top - radius, radius * 2, radius * 2);
    }
  };
  const again = () => {
    if (!due) due = requestAnimationFrame(paint);
    clearTimeout(timer);
    timer = setTimeout(() => {
      const inside = ({ x, y }: Dot) => {
        const [left, top] = [x * at.zoom + at.x, y * at.zoom + at.y];
        return left >= 0 && top >= 0 && left <= frame.clientWidth && top <= frame.clientHeight;
      };
      told.onView?.(dots.filter(inside).map(({ id }) => id));
    }, 150);
  };
  const fit = () => {
    let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
    for (const { x, y } of dots) [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)]; // prettier-ignore
    if (left > right) return;
    const [width, height] = [frame.clientWidth - 2 * MARGIN, frame.clientHeight - 2 * MARGIN];
    const zoom = Math.min(width / Math.max(1, right - left), height / Math.max(1, bottom - top), 4);
    at = { x: MARGIN + (width - (right + left) * zoom) / 2, y: MARGIN + (height - (bottom + top) * zoom) / 2, zoom };
    again();
  };
  const zoomAt = (factor: number, x: number, y: number) => {
    at = { x: x - (x - at.x) * factor, y: y - (y - at.y) * factor, zoom: at.zoom * factor };
    again();
  };
  const under = (event: MouseEvent): string | null => {
    const box = canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let best: string | null = null;
    let nearest = REACH ** 2;
    for (const dot of dots) {
      const far = (dot.x * at.zoom + at.x - x) ** 2 + (dot.y * at.zoom + at.y - y) ** 2;
      if (far < nearest) [best, nearest] = [dot.id, far];
    }
    return best;
  };
  let held: { x: number; y: number; moved: boolean } | null = null;
  canvas.addEventListener("pointerdown", ({ clientX: x, clientY: y, pointerId }) => {
    held = { x, y, moved: false };
    canvas.setPointerCapture(pointerId);
  });
  canvas.addEventListener("pointermove", ({ clientX: x, clientY: y }) => {
    if (!held) return;
    at = { ...at, x: at.x + x - held.x, y: at.y + y - held.y };
    held = { x, y, moved: held.moved || Math.abs(x - held.x) + Math.abs(y - held.y) > 2 };
    again();
  });
  canvas.addEventListener("pointerup", (event) => {
    if (held && !held.moved) told.onSelect(under(event));
    held = null;
  });
  canvas.addEventListener("dblclick", (event) => {
    const id = under(event);
    if (id) told.onOpen(id);
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      zoomAt(Math.exp(-event.deltaY / 400), event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );
  const sized = new ResizeObserver(again);
  sized.observe(frame);
  return {
    draw: (nextDots, nextLines) => {
      const first = dots.length === 0;
      [dots, lines] = [nextDots, nextLines];
      byId.clear();
      for (const dot of dots) byId.set(dot.id, dot);
      if (first) fit();
      again();
    },
    light: (nextSelected, nextLit) => {
      [selected, lit] = [nextSelected, nextLit];
      again();
    },
    zoom: (factor) => zoomAt(factor, frame.clientWidth / 2, frame.clientHeight / 2),
    fit,
    stop: () => {
      cancelAnimationFrame(due);
      clearTimeout(timer);
      sized.disconnect();
      canvas.remove();
    },
  };
}
