import { bytes, duration, short } from "../kit/format";

/** A piece of a sentence: words, a node, its type, its state, or what was recorded, to the letter. */
export type Piece =
  | { readonly words: string }
  | { readonly node: string; readonly name: string | null }
  | { readonly type: string }
  | { readonly state: string }
  | { readonly code: string };

/** An effect as the API tells it. */
export interface Told {
  readonly kind: string;
  readonly body: unknown;
}

type Body = Readonly<Record<string, unknown>>;

// The log spells enums by their numbers, as ML Metadata does.
const STATES: Readonly<Record<string, readonly string[]>> = {
  artifact: ["UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED", "REFERENCE"],
  execution: ["UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED"],
};
const EVENTS = [
  "touched", "declared as its output", "declared as its input", "read", "wrote", "read, behind its interface,",
  "wrote, behind its interface,", "will write",
] as const; // prettier-ignore
const TYPE_KINDS: Readonly<Record<number, string>> = { 1: "artifacts", 2: "executions", 3: "contexts" };

/** What an effect of change `seq` did, as a sentence; types are named by their number, nodes by their id. */
export function sentence(
  effect: Told,
  seq: number,
  typeOf: (id: number) => string | undefined,
  names: ReadonlyMap<string, string> = new Map(),
): readonly Piece[] {
  const node = (kind: string, id: unknown) => nodeOf(kind, id, names);
  const body = bodyOf(effect.body);
  const fresh = body.created_seq === seq;
  switch (effect.kind) {
    case "type":
      return [
        { words: fresh ? "Registered the type" : "Evolved the type" },
        { code: text(body.name) + (text(body.version) && ` ${text(body.version)}`) },
        { words: `of ${TYPE_KINDS[number(body.kind) ?? 0] ?? "nodes"}${propertiesOf(body)}` },
      ];
    case "artifact":
    case "execution":
    case "context":
      return nodeSentence(effect.kind, body, fresh, typeOf);
    case "event":
      return [
        node("execution", body.execution),
        { words: EVENTS[number(body.type) ?? 0] ?? "touched" },
        node("artifact", body.artifact),
        ...(Array.isArray(body.path) && body.path.length ? [{ words: "as" }, { code: pathText(body.path) }] : []),
      ];
    case "withdrawal":
      return [
        { words: "Withdrew that" },
        node("execution", body.execution),
        { words: EVENTS[number(body.type) ?? 0] ?? "touched" },
        node("artifact", body.artifact),
      ];
    case "attribution":
      return [{ words: "Put" }, node("artifact", body.artifact), { words: "into" }, node("context", body.context)];
    case "association":
      return [{ words: "Put" }, node("execution", body.execution), { words: "into" }, node("context", body.context)];
    case "parent_context":
      return [{ words: "Put" }, node("context", body.context), { words: "inside" }, node("context", body.parent)];
    default:
      return [{ words: "Recorded" }, { code: effect.kind }];
  }
}

/** The body of an effect as an object, also where it is told as its JSON text. */
export function bodyOf(body: unknown): Body {
  try {
    const found: unknown = typeof body === "string" ? JSON.parse(body) : body;
    return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Body) : {};
  } catch {
    return {};
  }
}

/** How many of what: `3 artifacts, 1 execution`. */
export function tallied(counts: readonly { readonly kind: string; readonly count: number }[]): string {
  return counts
    .map(({ kind, count }) => `${count.toLocaleString("en")} ${count === 1 ? wordOf(kind) : pluralOf(kind)}`)
    .join(", ");
}

function nodeSentence(
  kind: string,
  body: Body,
  fresh: boolean,
  typeOf: (id: number) => string | undefined,
): readonly Piece[] {
  const state = STATES[kind]?.[number(body.state) ?? 0] ?? "UNKNOWN";
  const [from, to] = [number(body.started_ms), number(body.ended_ms)];
  const size = number(body.size_bytes);
  const facts = [
    from !== undefined && to !== undefined ? `took ${duration(to - from)}` : "",
    size === undefined ? "" : bytes(size),
    count(body.properties, body.custom_properties),
  ].filter(Boolean);
  const type = typeOf(number(body.type_id) ?? 0);
  return [
    { words: fresh ? "Created" : "Changed" },
    { node: `${kind}:${text(body.id)}`, name: nameOf(body) },
    ...(type ? [{ type }] : []),
    ...(state === "UNKNOWN" ? [] : [{ state }]),
    ...(facts.length ? [{ words: facts.join(" · ") }] : []),
  ];
}

function nameOf(body: Body): string | null {
  const own = bodyOf(body.custom_properties);
  return text(body.name) || text(own.display_name) || text(body.external_id) || null;
}

function nodeOf(kind: string, id: unknown, names: ReadonlyMap<string, string>) {
  const node = `${kind}:${text(id)}`;
  return { node, name: names.get(node) ?? null };
}

/** What the nodes are called that a change recorded. */
export function namesIn(effects: readonly Told[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { kind, body } of effects) {
    const after = bodyOf(body);
    const name = kind in STATES || kind === "context" ? nameOf(after) : null;
    if (name !== null) names.set(`${kind}:${text(after.id)}`, name);
  }
  return names;
}

function count(...maps: readonly unknown[]): string {
  const many = maps.reduce<number>(
    (all, map) => all + (map && typeof map === "object" ? Object.keys(map).length : 0),
    0,
  );
  return many ? `${many} ${many === 1 ? "property" : "properties"}` : "";
}

function propertiesOf(body: Body): string {
  const names = body.properties && typeof body.properties === "object" ? Object.keys(body.properties) : [];
  return names.length ? `, with ${short(names.join(", "), 200)}` : "";
}

/** A path as people write it: `models[0].data`. */
export function pathText(path: readonly unknown[]): string {
  return path.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at ? "." : ""}${text(step)}`)).join("");
}

function wordOf(kind: string): string {
  return kind === "parent_context" ? "nesting" : kind;
}

function pluralOf(kind: string): string {
  return kind === "parent_context" ? "nestings" : `${kind}s`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}
