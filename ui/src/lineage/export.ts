import { bitmap, picture } from "../draw/picture";
import { download as save } from "../kit/table/exporting";
import { typeWord } from "./card";
import type { Scene } from "./scene";
import type { View } from "./useActs";

/** What the drawing can be taken along as. */
export const FORMS = {
  png: "Picture (PNG)",
  svg: "Drawing (SVG)",
  mermaid: "Mermaid",
  json: "JSON",
  csv: "Table (CSV)",
} as const;

export type Form = keyof typeof FORMS;

const TYPES: Readonly<Record<Form, string>> = {
  png: "image/png",
  svg: "image/svg+xml",
  mermaid: "text/plain",
  json: "application/json",
  csv: "text/csv",
};

/** Hand it to the browser as a file. */
export async function download(form: Form, focus: string, view: View): Promise<void> {
  const name = `lineage-${focus.replace(":", "-")}.${form === "mermaid" ? "mmd" : form}`;
  const content = await contentOf(form, focus, view);
  save(content instanceof Blob ? content : new Blob([content], { type: TYPES[form] }), name);
}

async function contentOf(form: Form, focus: string, view: View): Promise<string | Blob> {
  const { scene } = view;
  if (form === "mermaid") return mermaid(scene);
  if (form === "json") return asJson(scene, focus);
  if (form === "csv") return asCsv(scene);
  const svg = drawing(view);
  return form === "svg" ? svg : bitmap(svg);
}

function drawing({ drawn, laid }: View): string {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const boxes = drawn.boxes.map((box) => {
    const { node, cluster } = box.data;
    const first = node ?? cluster?.members[0];
    const type = typeWord(first?.type ?? "");
    return {
      ...box,
      title: node ? node.name : `${cluster?.members.length ?? 0} × ${type}`,
      text: node ? [type, node.state?.toLowerCase()].filter(Boolean).join(" · ") : "siblings",
      color: color(first?.kind === "EXECUTION" ? "--clew-execution" : "--clew-artifact"),
    };
  });
  return picture(boxes, drawn.lines, laid?.spots ?? new Map(), laid?.orientation ?? "LR", {
    body: color("--clew-body"),
    surface: color("--clew-surface"),
    line: color("--clew-line-strong"),
    text: color("--clew-text"),
    dim: color("--clew-dim"),
  });
}

/** As a Mermaid flowchart: artifacts are rounded, executions are boxes, ways through hidden nodes are dotted. */
export function mermaid({ nodes, edges, detours }: Pick<Scene, "nodes" | "edges" | "detours">): string {
  const name = (id: string) => id.replace(":", "_");
  const said = (text: string) =>
    text.slice(0, 120).replace(/[^\p{L}\p{N} ._/@+-]/gu, (sign) => `#${sign.codePointAt(0) ?? 32};`);
  return [
    "flowchart LR",
    ...nodes.map(({ id, kind, name: text }) => `  ${name(id)}${kind === "ARTIFACT" ? `(["${said(text)}"])` : `["${said(text)}"]`}`),
    ...edges.map(({ from, to }) => `  ${name(from)} --> ${name(to)}`),
    ...detours.map(({ from, to, via }) => `  ${name(from)} -. via ${via.length} hidden .-> ${name(to)}`),
    "",
  ].join("\n"); // prettier-ignore
}

function asJson({ nodes, edges, hidden }: Scene, focus: string): string {
  const record = { focus, address: window.location.href, nodes, edges, hidden: hidden.map(({ id }) => id) };
  return `${JSON.stringify(record, null, 2)}\n`;
}

/** One node a line; texts that a spreadsheet would run are made plain. */
export function asCsv({ nodes }: Pick<Scene, "nodes">): string {
  const cell = (value: string | number | null) => {
    const text = String(value ?? "");
    const safe = /^[=+\-@\t\r]/.test(text) && typeof value !== "number" ? `'${text}` : text;
    return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  const rows = nodes.map(({ id, kind, type, name, namespace, state, createdMs, parents, children }) =>
    [id, kind, type, name, namespace, state, new Date(createdMs).toISOString(), parents, children].map(cell).join(","),
  );
  return ["id,kind,type,name,namespace,state,created,parents,children", ...rows, ""].join("\r\n");
}
