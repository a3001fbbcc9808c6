import type { DrawnBox } from "../draw/Graph";
import { count } from "../kit/format";
import type { Cluster } from "./clusters";
import type { GraphNode } from "./graph";

/** How a box stands out, besides being selected. */
export type Mark = "focus" | "added" | "removed" | "a" | "b" | "path" | null;

/** What a card shows: a node, or siblings as one; and how many neighbours each way are not drawn. */
export interface Card {
  readonly node: GraphNode | null;
  readonly cluster: Cluster | null;
  readonly up: number;
  readonly down: number;
  /** Neighbours that are drawn: what there is to take away. */
  readonly shownUp: number;
  readonly shownDown: number;
  readonly mark: Mark;
}

/** A card on the drawing. */
export type CardBox = DrawnBox<Card>;

/** Sizes of cards; the style sheet has the same. */
export const CARD = { width: 216, height: 60, clusterWidth: 232, clusterHeight: 92 } as const;

const made = new Map<string, { readonly node: GraphNode; readonly box: CardBox }>();

/** The box of a node: the same object while it shows the same. */
export function cardOf(
  node: GraphNode,
  { up, down, shownUp, shownDown, mark }: Pick<Card, "up" | "down" | "shownUp" | "shownDown" | "mark">,
): CardBox {
  const key = `${node.id} ${up} ${down} ${shownUp} ${shownDown} ${mark ?? ""}`;
  const last = made.get(key);
  if (last?.node === node) return last.box;
  const box: CardBox = {
    id: node.id,
    width: CARD.width,
    height: CARD.height,
    order: node.order,
    label: labelOf(node, up, down),
    data: { node, cluster: null, up, down, shownUp, shownDown, mark },
  };
  if (made.size > 4000) made.clear();
  made.set(key, { node, box });
  return box;
}

/** The box of a cluster. */
export function clusterCard(cluster: Cluster, up: number, down: number, mark: Mark): CardBox {
  const first = cluster.members[0];
  return {
    id: cluster.id,
    width: CARD.clusterWidth,
    height: CARD.clusterHeight,
    order: first?.order ?? 0,
    label: `${count(cluster.members.length)} siblings of type ${first?.type ?? ""}`,
    data: { node: null, cluster, up, down, shownUp: 0, shownDown: 0, mark },
  };
}

/** A type, without the prefix that all of KFP's bear. */
export function typeWord(type: string): string {
  return type.startsWith("system.") ? type.slice(7) : type;
}

function labelOf(node: GraphNode, up: number, down: number): string {
  const kind = node.kind === "ARTIFACT" ? "Artifact" : "Execution";
  const hidden = up || down ? `, ${up} upstream and ${down} downstream not shown` : "";
  return `${kind} ${node.name.slice(0, 120)}, ${typeWord(node.type)}${node.state ? `, ${node.state.toLowerCase()}` : ""}${hidden}`; // prettier-ignore
}

/** The colour of a kind. */
export function toneOf(box: CardBox): string {
  const { node, cluster } = box.data;
  return (node ?? cluster?.members[0])?.kind === "EXECUTION" ? "var(--clew-execution)" : "var(--clew-artifact)";
}
