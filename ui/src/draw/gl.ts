import { type Dot, dotInk, type Inks, lineInk, type Painter, type Painting } from "./dots";

const VERTEX = `#version 300 es
in vec2 at; in vec4 ink; in float size;
uniform vec3 camera; uniform vec2 screen; uniform float scale;
out vec4 color; out float radius;
void main() {
  vec2 place = (at * camera.z + camera.xy) / screen;
  gl_Position = vec4(place.x * 2.0 - 1.0, 1.0 - place.y * 2.0, 0.0, 1.0);
  radius = size * scale;
  gl_PointSize = radius * 2.0 + 2.0;
  color = ink;
}`;
const DOT = `#version 300 es
precision mediump float;
in vec4 color; in float radius; out vec4 seen;
void main() {
  float far = length(gl_PointCoord - 0.5) * (radius * 2.0 + 2.0);
  float cover = 1.0 - smoothstep(radius - 0.5, radius + 0.5, far);
  seen = vec4(color.rgb, 1.0) * cover;
}`;
const LINE = `#version 300 es
precision mediump float;
in vec4 color; in float radius; out vec4 seen;
void main() { seen = vec4(color.rgb, 1.0) * 0.75; }`;

const FLOATS = 3;
/** Lines drawn while the view moves: without a graphics card, lines are what a frame takes. */
const MOST_MOVING = 8000;
const STRIDE = 16;

/** Paints by WebGL 2; null where the browser has none. One buffer holds all dots, one all lines: a frame is two calls. */
export function glPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext("webgl2", { antialias: false, premultipliedAlpha: true, powerPreference: "low-power" });
  if (!gl) return null;
  let programs = [program(gl, DOT), program(gl, LINE)] as const;
  let buffers = [gl.createBuffer(), gl.createBuffer()] as const;
  let counts: readonly [number, number] = [0, 0];
  let last: readonly [Painting, Inks] | null = null;
  const take = (painting: Painting, ink: Inks) => {
    last = [painting, ink];
    const dots = painting.dots.toSorted(
      (a, b) => Number(a.id === painting.selected) - Number(b.id === painting.selected),
    );
    const ends = mixed(painting.lines).flatMap((line): [Dot, string][] => {
      const [a, b] = [painting.byId.get(line.from), painting.byId.get(line.to)];
      const color = lineInk(line, painting, ink);
      return a && b ? [[a, color], [b, color]] : []; // prettier-ignore
    });
    fill(gl, buffers[0], dots.map((dot) => [dot, dotInk(dot, painting, ink)]), painting.selected); // prettier-ignore
    fill(gl, buffers[1], ends, null);
    counts = [dots.length, ends.length];
  };
  const restored = () => {
    programs = [program(gl, DOT), program(gl, LINE)];
    buffers = [gl.createBuffer(), gl.createBuffer()];
    if (last) take(...last);
  };
  const lost = (event: Event) => event.preventDefault(); // so that it is restored
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", restored);
  return {
    take,
    paint: (camera, width, height, moving) => {
      const sharp = canvas.width / width;
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
      for (const [kind, mode] of [[1, gl.LINES], [0, gl.POINTS]] as const) {
        if (kind) gl.disable(gl.BLEND); // lines need none, and are drawn sooner without
        else gl.enable(gl.BLEND);
        const using = programs[kind];
        gl.useProgram(using);
        attributes(gl, using, buffers[kind]);
        gl.uniform3f(gl.getUniformLocation(using, "camera"), camera.x, camera.y, camera.zoom);
        gl.uniform2f(gl.getUniformLocation(using, "screen"), width, height);
        gl.uniform1f(gl.getUniformLocation(using, "scale"), sharp * camera.grown);
        gl.drawArrays(mode, 0, kind && moving ? Math.min(2 * MOST_MOVING, counts[kind]) : counts[kind]);
      } // prettier-ignore
    },
    stop: () => {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", restored);
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

/** In an order in which the first few stand for all: every `STRIDE`-th, then those behind them, and so on. */
function mixed<Item>(items: readonly Item[]): Item[] {
  return Array.from({ length: STRIDE }, (_, first) => items.filter((_item, i) => i % STRIDE === first)).flat();
}

/** Place, radius and colour of each, 16 bytes: two floats, one float, four bytes. */
function fill(
  gl: WebGL2RenderingContext,
  buffer: WebGLBuffer,
  items: readonly (readonly [dot: Dot, color: string])[],
  selected: string | null,
): void {
  const bytes = new ArrayBuffer(items.length * (FLOATS + 1) * 4);
  const floats = new Float32Array(bytes);
  const colors = new Uint32Array(bytes);
  const known = new Map<string, number>();
  items.forEach(([{ id, x, y, size }, color], i) => {
    const at = i * (FLOATS + 1);
    floats[at] = x;
    floats[at + 1] = y;
    floats[at + 2] = size * (id === selected ? 1.6 : 1);
    const ink = known.get(color) ?? packed(color);
    known.set(color, ink);
    colors[at + FLOATS] = ink;
  });
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, bytes, gl.DYNAMIC_DRAW);
}

/** `#rrggbb` as the four bytes a little-endian machine lays out as r, g, b, 255. */
function packed(color: string): number {
  const value = Number.parseInt(color.slice(1, 7), 16);
  return Number.isNaN(value)
    ? 0xff888888
    : (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) >>> 0;
}

function attributes(gl: WebGL2RenderingContext, using: WebGLProgram, buffer: WebGLBuffer): void {
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  const stride = (FLOATS + 1) * 4;
  const parts = [["at", 2, gl.FLOAT, false, 0], ["size", 1, gl.FLOAT, false, 8], ["ink", 4, gl.UNSIGNED_BYTE, true, 12]] as const; // prettier-ignore
  for (const [name, many, type, normal, offset] of parts) {
    const place = gl.getAttribLocation(using, name);
    if (place < 0) continue;
    gl.enableVertexAttribArray(place);
    gl.vertexAttribPointer(place, many, type, normal, stride, offset);
  }
}

function program(gl: WebGL2RenderingContext, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, fragment]] as const) {
    const shader = gl.createShader(kind);
    if (!shader) continue;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  } // prettier-ignore
  gl.linkProgram(made);
  return made;
}
