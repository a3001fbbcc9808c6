import { type Camera, dotInk, type Inks, lineInk, type Painter, type Painting } from "./dots";

/** Paints on a plain canvas, for browsers without WebGL: the same dots, more slowly. */
export function plainPainter(canvas: HTMLCanvasElement): Painter {
  const pen = canvas.getContext("2d");
  let painting: Painting | null = null;
  let ink: Inks | null = null;
  return {
    take: (next, colours) => {
      [painting, ink] = [next, colours];
    },
    paint: (camera, width, height) => {
      if (!pen || !painting || !ink) return;
      const sharp = canvas.width / width;
      pen.setTransform(sharp, 0, 0, sharp, 0, 0);
      pen.clearRect(0, 0, width, height);
      strokes(pen, painting, ink, camera);
      for (const dot of painting.dots) {
        const [left, top] = [dot.x * camera.zoom + camera.x, dot.y * camera.zoom + camera.y];
        const radius = dot.size * camera.grown * (dot.id === painting.selected ? 1.6 : 1);
        if (left < -radius || top < -radius || left > width + radius || top > height + radius) continue;
        pen.fillStyle = dotInk(dot, painting, ink);
        pen.fillRect(left - radius, top - radius, radius * 2, radius * 2);
      }
    },
    stop: () => undefined,
  };
}

function strokes(pen: CanvasRenderingContext2D, painting: Painting, ink: Inks, { x, y, zoom }: Camera): void {
  const byInk = new Map<string, Path2D>();
  for (const line of painting.lines) {
    const [a, b] = [painting.byId.get(line.from), painting.byId.get(line.to)];
    if (!a || !b) continue;
    const color = lineInk(line, painting, ink);
    const path = byInk.get(color) ?? new Path2D();
    path.moveTo(a.x * zoom + x, a.y * zoom + y);
    path.lineTo(b.x * zoom + x, b.y * zoom + y);
    byInk.set(color, path);
  }
  pen.lineWidth = 0.8;
  for (const color of [ink.faint, ink.line, ink.chosen]) {
    const path = byInk.get(color);
    pen.strokeStyle = color;
    if (path) pen.stroke(path);
  }
}
