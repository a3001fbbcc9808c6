import type Sigma from "sigma";

/** A node as a dot. */
export interface Dot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
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
  readonly onView: ((ids: readonly string[]) => void) | undefined;
}

/** Draws dots into an element, in whatever way. */
export interface Renderer {
  readonly draw: (dots: readonly Dot[], lines: readonly DotLine[]) => void;
  /** The chosen one stands out; what is not lit steps back. */
  readonly light: (selected: string | null, lit: ReadonlySet<string> | null) => void;
  readonly zoom: (factor: number) => void;
  readonly fit: () => void;
  readonly stop: () => void;
}

const STILL_MS = 150;

/** Whether the browser draws by WebGL 2. */
export function webgl(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  gl?.getExtension("WEBGL_lose_context")?.loseContext();
  return gl !== null;
}

/** The colours that a drawing by dots takes from the theme, as it is now. */
export function inks(): {
  readonly line: string;
  readonly text: string;
  readonly faint: string;
  readonly chosen: string;
} {
  const style = getComputedStyle(document.documentElement);
  const get = (name: string, otherwise: string) => style.getPropertyValue(name).trim() || otherwise;
  return {
    line: get("--clew-line-strong", "#b6bdc9"),
    text: get("--clew-text", "#1a1f2b"),
    faint: get("--clew-line", "#dde1e8"),
    chosen: get("--clew-focus", "#2f5bd0"),
  };
}

/** By WebGL: sigma, which comes with the first drawing that needs it. */
export async function glRenderer(frame: HTMLElement, told: Dotted): Promise<Renderer> {
  const [{ default: Sigma }, { default: Graph }] = await Promise.all([import("sigma"), import("graphology")]);
  const ink = inks();
  const graph = new Graph({ type: "directed", multi: false, allowSelfLoops: false });
  const sigma: Sigma = new Sigma(graph, frame, {
    settings: {
      allowInvalidContainer: true,
      labelRenderedSizeThreshold: 7,
      labelDensity: 0.6,
      zoomToSizeRatioFunction: (ratio: number) => ratio,
      minCameraRatio: 0.002,
      maxCameraRatio: 2,
      enableEdgeEvents: false,
      hideEdgesOnMove: false,
      stagePadding: 40,
    },
    styles: {
      nodes: {
        x: { attribute: "x" },
        y: { attribute: "y" },
        size: { attribute: "size", defaultValue: 3 },
        color: { attribute: "color", defaultValue: ink.line },
        label: { attribute: "label" },
        labelColor: ink.text,
      },
      edges: { color: { attribute: "color", defaultValue: ink.line }, size: 1 },
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const view = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const { width, height } = sigma.getDimensions();
      const ids: string[] = [];
      graph.forEachNode((id, { x, y }) => {
        const at = sigma.graphToViewport({ x: Number(x), y: Number(y) });
        if (at.x >= 0 && at.y >= 0 && at.x <= width && at.y <= height) ids.push(id);
      });
      told.onView?.(ids);
    }, STILL_MS);
  };
  sigma.on("clickNode", ({ node }) => told.onSelect(node));
  sigma.on("clickStage", () => told.onSelect(null));
  sigma.on("doubleClickNode", (click) => {
    click.preventSigmaDefault();
    told.onOpen(click.node);
  });
  sigma.getCamera().on("updated", view);
  const camera = () => sigma.getCamera();
  return {
    draw: (dots, lines) => {
      graph.clear();
      for (const { id, x, y, size, color, label } of dots) graph.addNode(id, { x, y: -y, size, color, plain: color, big: size, label }); // prettier-ignore
      for (const { from, to } of lines) {
        if (graph.hasNode(from) && graph.hasNode(to) && from !== to && !graph.hasEdge(from, to))
          graph.addEdge(from, to);
      }
      sigma.refresh();
      view();
    },
    light: (selected, lit) => {
      graph.updateEachNodeAttributes((id, attributes) => ({
        ...attributes,
        color: id === selected ? ink.chosen : !lit || lit.has(id) ? String(attributes.plain) : ink.faint,
        size: Number(attributes.big) * (id === selected ? 2 : 1),
      }));
      graph.updateEachEdgeAttributes((_edge, attributes, from, to) => ({
        ...attributes,
        color: !lit ? ink.line : lit.has(from) && lit.has(to) ? ink.chosen : ink.faint,
      }));
    },
    zoom: (factor) => void camera().animate({ ratio: camera().ratio / factor }, { duration: 120 }),
    fit: () => void camera().animate({ x: 0.5, y: 0.5, ratio: 1, angle: 0 }, { duration: 150 }),
    stop: () => {
      clearTimeout(timer);
      sigma.kill();
    },
  };
}

export { plainRenderer } from "./plain";
