import { Button, Menu } from "@mantine/core";
import { IconChevronDown } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { Fragment, type ReactNode } from "react";

import { bytes, count, figure, moment, saidBy, short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { nodePath } from "../kit/node";
import { StateBadge } from "../kit/State";
import { Duration, Time } from "../kit/Time";
import { typeWord } from "./card";
import { calledName, type GraphNode } from "./graph";
import styles from "./panel.module.css";
import type { ExplorerNodeQuery } from "./queries.generated";
import type { Acts, View } from "./useActs";

type Node = ExplorerNodeQuery["node"];

/** Names and values, one a line. */
export function Pairs({ pairs }: { readonly pairs: readonly (readonly [name: string, value: ReactNode])[] }) {
  return (
    <dl className={styles.pairs}>
      {pairs.map(([name, value]) => (
        <Fragment key={name}>
          <dt title={short(name, 500)}>{short(name, 80)}</dt>
          <dd className="wrap" dir="auto">
            {value}
          </dd>
        </Fragment>
      ))}
    </dl>
  );
}

/** What it is. */
export function Summary({ node }: { readonly node: Node }) {
  const pairs: (readonly [string, ReactNode])[] = [["Id", <span key="id" className="mono">{node.id}</span>]]; // prettier-ignore
  if (node.name) pairs.push(["Name", short(node.name, 300)]);
  if (node.externalId) pairs.push(["External id", short(node.externalId, 300)]);
  pairs.push(["Type", short(node.type, 200)], ["Namespace", short(node.namespace, 200)]);
  if ("uri" in node) {
    if (node.uri) pairs.push(["Address", <span key="uri" className="mono">{short(node.uri, 600)}</span>]); // prettier-ignore
    if (node.sizeBytes !== null) pairs.push(["Size", <span key="size" title={`${count(node.sizeBytes)} bytes`}>{bytes(node.sizeBytes)}</span>]); // prettier-ignore
    if (node.digest) pairs.push(["Digest", <span key="digest" className="mono">{short(node.digest, 90)}</span>]); // prettier-ignore
  }
  if ("startedMs" in node) {
    if (node.startedMs !== null) pairs.push(["Began", <Time key="began" ms={node.startedMs} />], ["Took", <Duration key="took" fromMs={node.startedMs} toMs={node.endedMs} />]); // prettier-ignore
    if (node.fingerprint) pairs.push(["Fingerprint", <span key="print" className="mono">{short(node.fingerprint, 90)}</span>]); // prettier-ignore
  }
  pairs.push(["Created", <Time key="created" ms={node.createdMs} />], ["Changed", <Time key="changed" ms={node.updatedMs} />]); // prettier-ignore
  const contexts = "contexts" in node ? node.contexts : [];
  return (
    <>
      <Pairs pairs={pairs} />
      {contexts.length > 0 && (
        <>
          <h3>Contexts</h3>
          <ul className={styles.list}>
            {contexts.map((context) => (
              <li key={context.id}>
                <Link to={nodePath(context.id)} className={styles.item} title={short(context.name ?? context.id, 500)}>
                  <KindIcon kind="CONTEXT" />
                  <span className="cut" dir="auto">
                    {short(context.name ?? context.id)}
                  </span>
                  <span className="cut dim">{typeWord(short(context.type, 60))}</span>
                </Link>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

const ORDERS = [
  ["RECENT", "Newest first"],
  ["FAN_OUT", "Those that spread widest first"],
  ["NAME", "By name"],
] as const;

/** How much is drawn either way, and more of it. */
export function Ways({ node, view, acts }: { readonly node: GraphNode; readonly view: View; readonly acts: Acts }) {
  const sides = [
    ["UP", "Upstream", node.parents, view.scene.allWays.ins.get(node.id)?.length ?? 0],
    ["DOWN", "Downstream", node.children, view.scene.allWays.outs.get(node.id)?.length ?? 0],
  ] as const;
  return (
    <div className={styles.ways}>
      {sides.map(([direction, words, total, drawn]) => (
        <div key={direction} className={styles.way}>
          <span>
            {words}: <b>{count(drawn)}</b> of {count(Math.max(total, drawn))} drawn
          </span>
          <span className={styles.more}>
            <Button size="compact-xs" variant="default" disabled={total <= drawn} onClick={() => acts.expand(node.id, direction)}>
              Show {total > drawn ? Math.min(20, total - drawn) : ""} more
            </Button>
            <Menu position="bottom-end" withinPortal>
              <Menu.Target>
                <Button size="compact-xs" variant="default" aria-label={`More ${words.toLowerCase()}`} px={4}>
                  <IconChevronDown size={13} />
                </Button>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Label>Show next 20</Menu.Label>
                {ORDERS.map(([by, label]) => (
                  <Menu.Item key={by} disabled={total <= drawn} onClick={() => acts.expand(node.id, direction, { by })}>
                    {label}
                  </Menu.Item>
                ))}
                <Menu.Item disabled={total <= drawn} onClick={() => acts.expand(node.id, direction, { first: 1000 })}>
                  All, up to 1,000
                </Menu.Item>
                {[...new Set(view.scene.nodes.filter(({ kind }) => kind !== node.kind).map(({ type }) => type))].slice(0, 8).map((type) => (
                  <Menu.Item key={type} disabled={total <= drawn} onClick={() => acts.expand(node.id, direction, { types: [type], first: 1000 })}>
                    All of type {typeWord(short(type, 40))}
                  </Menu.Item>
                ))}
                <Menu.Divider />
                <Menu.Item disabled={drawn === 0} onClick={() => acts.contract(node.id, direction)}>
                  Take away what is drawn
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </span>
        </div>
      ))}
    </div>
  ); // prettier-ignore
}

/** What it bears. */
export function Properties({ node }: { readonly node: Node }) {
  const groups = [
    ["Declared", node.properties],
    ["Its own", node.customProperties],
  ] as const;
  if (node.properties.length + node.customProperties.length === 0)
    return <p className="dim">It bears no properties.</p>;
  return groups.map(
    ([title, properties]) =>
      properties.length > 0 && (
        <Fragment key={title}>
          <h3>{title}</h3>
          <Pairs pairs={properties.map(({ name, value }) => [name, <Value key={name} value={value} />])} />
        </Fragment>
      ),
  );
}

function Value({ value }: { readonly value: unknown }) {
  if (typeof value === "number") return <span title={String(value)}>{figure(value)}</span>;
  if (typeof value === "string") return short(value, 1000);
  if (typeof value === "object" && value !== null) return <pre className={styles.json}>{short(JSON.stringify(value, null, 2), 4000)}</pre>; // prettier-ignore
  return String(value);
}

/** What was read and written, with the other side of each. */
export function Events({
  node,
  acts,
  brief = false,
}: {
  readonly node: Node;
  readonly acts: Acts;
  readonly brief?: boolean;
}) {
  const events = "events" in node ? node.events : [];
  if (events.length === 0) return <p className="dim">Nothing was read or written.</p>;
  return (
    <ul className={styles.list}>
      {events.map((event, i) => {
        const other = "execution" in event ? event.execution : event.artifact;
        const name = calledName(other);
        return (
          <li key={i}>
            <button type="button" className={styles.item} title={short(name, 500)} onClick={() => acts.reach(other.id)}>
              <span className={styles.verb}>{VERBS[event.type] ?? event.type}</span>
              <KindIcon kind={"execution" in event ? "EXECUTION" : "ARTIFACT"} />
              <span className="cut" dir="auto">
                {short(name)}
              </span>
              {event.name && event.name !== name && <span className="cut dim">{short(event.name, 60)}</span>}
              {other.state && <StateBadge state={other.state} bare />}
              {!brief && saidBy(event) && <span className={`dim ${styles.said ?? ""}`} title="The protocol that said so">{saidBy(event)}</span>}
              {!brief && <span className={`dim ${styles.stamp ?? ""}`}><Time ms={event.timeMs} /></span>}
            </button>
          </li>
        ); // prettier-ignore
      })}
    </ul>
  );
}

const VERBS: Readonly<Record<string, string>> = {
  INPUT: "read",
  OUTPUT: "wrote",
  DECLARED_INPUT: "reads",
  DECLARED_OUTPUT: "writes",
  INTERNAL_INPUT: "read inside",
  INTERNAL_OUTPUT: "wrote inside",
  PENDING_OUTPUT: "will write",
};

/** Every state it was in. */
export function History({ node }: { readonly node: Node }) {
  return (
    <ul className={styles.list}>
      {node.history.toReversed().map(({ state, updatedMs, updatedSeq }) => (
        <li key={updatedSeq} className={styles.item}>
          {state ? <StateBadge state={state} /> : <span className="dim">no state</span>}
          <span className="dim" title={moment(updatedMs)}>
            <Time ms={updatedMs} />
          </span>
          <span className={`dim mono ${styles.stamp ?? ""}`}>change {updatedSeq}</span>
        </li>
      ))}
    </ul>
  );
}
