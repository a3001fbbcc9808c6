import { IconMinus, IconStack2 } from "@tabler/icons-react";
import { createContext, useContext } from "react";

import { count, figure, short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { lookOf, StateBadge } from "../kit/State";
import { type Card, type CardBox, typeWord } from "./card";
import styles from "./cards.module.css";
import { byState, histogram } from "./clusters";

/** What the handles of a card do; without it a card has none. */
export interface CardActions {
  readonly expand: (id: string, direction: "UP" | "DOWN") => void;
  readonly expandAll: (cluster: string, direction: "UP" | "DOWN") => void;
  readonly contract: (id: string, direction: "UP" | "DOWN") => void;
  /** Values of the numeric property that clusters tell the spread of, by node. */
  readonly metric: string | undefined;
  readonly values: ReadonlyMap<string, number>;
}

/** Set by the view around the drawing. */
export const Actions = createContext<CardActions | null>(null);

/** Draws a node, or siblings as one. */
export function CardView({ box, selected }: { readonly box: CardBox; readonly selected: boolean }) {
  return box.data.cluster ? <ClusterCard box={box} selected={selected} /> : <NodeCard box={box} selected={selected} />;
}

function NodeCard({ box, selected }: { readonly box: CardBox; readonly selected: boolean }) {
  const { node, mark } = box.data;
  if (!node) return null;
  const quiet = node.state === "LIVE" || node.state === "COMPLETE";
  return (
    <div className={styles.card} data-kind={node.kind} data-mark={mark ?? undefined}>
      <span className={styles.icon}>
        <KindIcon kind={node.kind} size={18} />
      </span>
      <span className={styles.words}>
        <span className={`cut ${styles.name ?? ""}`} dir="auto" title={short(node.name, 500)}>
          {short(node.name)}
        </span>
        <span className={styles.second}>
          <span className="cut dim" title={short(node.type, 500)}>
            {short(typeWord(node.type), 60)}
          </span>
          {node.state && node.state !== "UNKNOWN" && <StateBadge state={node.state} bare={quiet} />}
        </span>
      </span>
      <Handles id={node.id} card={box.data} selected={selected} />
    </div>
  );
}

function Handles({ id, card, selected }: { readonly id: string; readonly card: Card; readonly selected: boolean }) {
  const actions = useContext(Actions);
  if (!actions) return null;
  const sides = [
    ["UP", card.up, card.shownUp, "upstream"],
    ["DOWN", card.down, card.shownDown, "downstream"],
  ] as const;
  return sides.map(([direction, hidden, shown, words]) =>
    hidden > 0 ? (
      <button
        key={direction}
        type="button"
        className={`nopan ${styles.handle ?? ""}`}
        data-side={direction}
        tabIndex={selected ? 0 : -1}
        title={`Show ${hidden > 20 ? `20 of ${count(hidden)}` : count(hidden)} more ${words}`}
        aria-label={`Show ${Math.min(20, hidden)} of ${count(hidden)} more ${words}`}
        onClick={(event) => {
          event.stopPropagation();
          actions.expand(id, direction);
        }}
      >
        +{hidden > 9999 ? `${Math.floor(hidden / 1000)}k` : hidden}
      </button>
    ) : shown > 0 ? (
      <button
        key={direction}
        type="button"
        className={`nopan ${styles.handle ?? ""}`}
        data-side={direction}
        data-quiet
        tabIndex={selected ? 0 : -1}
        title={`Take away what is ${words}`}
        aria-label={`Take away what is ${words}`}
        onClick={(event) => {
          event.stopPropagation();
          actions.contract(id, direction);
        }}
      >
        <IconMinus size={10} stroke={3} aria-hidden />
      </button>
    ) : null,
  );
}

function ClusterCard({ box, selected }: { readonly box: CardBox; readonly selected: boolean }) {
  const members = box.data.cluster?.members ?? [];
  const first = members[0];
  if (!first) return null;
  return (
    <div
      className={`${styles.card ?? ""} ${styles.cluster ?? ""}`}
      data-kind={first.kind}
      data-mark={box.data.mark ?? undefined}
      data-cluster
    >
      <span className={styles.head}>
        <span className={styles.icon}>
          <IconStack2 size={18} stroke={1.8} aria-hidden />
        </span>
        <span className={styles.words}>
          <span className={`cut ${styles.name ?? ""}`} title={short(first.type, 500)}>
            {count(members.length)} × {short(typeWord(first.type), 60)}
          </span>
          <span className="cut dim" dir="auto">
            {short(first.name, 60)} and {members.length - 1} more
          </span>
        </span>
      </span>
      <Spread box={box} />
      <MoreHandles box={box} selected={selected} />
    </div>
  );
}

function MoreHandles({ box, selected }: { readonly box: CardBox; readonly selected: boolean }) {
  const actions = useContext(Actions);
  const { up, down } = box.data;
  if (!actions) return null;
  return (
    [
      ["UP", up, "upstream"],
      ["DOWN", down, "downstream"],
    ] as const
  ).map(
    ([direction, links, words]) =>
      links > 0 && (
        <button
          key={direction}
          type="button"
          className={`nopan ${styles.handle ?? ""}`}
          data-side={direction}
          tabIndex={selected ? 0 : -1}
          title={`Show what lies ${words} of them: ${count(links)} links are not drawn`}
          aria-label={`Show what lies ${words} of them`}
          onClick={(event) => {
            event.stopPropagation();
            actions.expandAll(box.id, direction);
          }}
        >
          +
        </button>
      ),
  );
}

function Spread({ box }: { readonly box: CardBox }) {
  const actions = useContext(Actions);
  const members = box.data.cluster?.members ?? [];
  const values = members.flatMap(({ id }) => actions?.values.get(id) ?? []);
  const bins = actions?.metric ? histogram(values, 16) : [];
  const low = bins[0];
  const high = bins.at(-1);
  if (low && high) {
    const most = Math.max(...bins.map((bin) => bin.count));
    return (
      <span className={styles.spread} title={`${actions?.metric ?? ""}: ${figure(low.from)} to ${figure(high.to)}`}>
        <span className={`dim ${styles.end ?? ""}`}>{figure(low.from)}</span>
        <span className={styles.bins} aria-hidden>
          {bins.map((bin) => (
            <span key={bin.from} style={{ height: `${(bin.count / most) * 100}%` }} />
          ))}
        </span>
        <span className={`dim ${styles.end ?? ""}`}>{figure(high.to)}</span>
      </span>
    );
  }
  const states = byState(members);
  return (
    <span className={styles.spread} title={states.map((bar) => `${bar.count} ${lookOf(bar.label)[2]}`).join(", ")}>
      <span className={styles.bar} aria-hidden>
        {states.map((bar) => (
          <span key={bar.label} data-tone={lookOf(bar.label)[1]} style={{ flexGrow: bar.count }} />
        ))}
      </span>
      <span className={`cut ${styles.end ?? ""}`} data-tone={lookOf(states[0]?.label ?? "")[1]}>
        {states[0]?.count} {lookOf(states[0]?.label ?? "")[2].toLowerCase()}
      </span>
    </span>
  );
}
