import type { ReactNode } from "react";

import { useLiveQuery } from "../api/live";
import { bytes, count, moment, short } from "../kit/format";
import { Time } from "../kit/Time";
import { ErrorFace, Loading } from "../shell/faces";
import { AboutDocument } from "./queries.generated";
import styles from "./settings.module.css";

const STORES: Readonly<Record<string, string>> = { sqlite: "SQLite", postgresql: "PostgreSQL" };
const ENGINES: Readonly<Record<string, string>> = {
  embedded: "embedded: the graph lies in memory",
  sql: "SQL: the database walks the graph",
};

/** What the server is, how far its record reaches, and what one question may ask for. */
export function About() {
  const [{ data, error }, ask] = useLiveQuery({ query: AboutDocument, variables: {} });
  if (error && !data) return <ErrorFace error={error} retry={() => ask({ requestPolicy: "network-only" })} />;
  if (!data) return <Loading lines={5} />;
  const { limits, ...server } = data.server;
  return (
    <>
      <dl className={styles.facts}>
        <Fact name="Clew">{server.version}</Fact>
        <Fact name="Started">
          <Time ms={server.startedMs} /> <span className="dim">{moment(server.startedMs)}</span>
        </Fact>
        <Fact name="Home">
          <span className="wrap">{short(server.home, 300)}</span>
        </Fact>
        <Fact name="Record">{STORES[server.store] ?? server.store}</Fact>
        <Fact name="Graph engine">{ENGINES[server.engine] ?? server.engine}</Fact>
        <Fact name="Changes">{count(server.seq)}</Fact>
        {server.firstChangeMs !== null && server.lastChangeMs !== null && (
          <Fact name="Recorded">
            {moment(server.firstChangeMs)} to {moment(server.lastChangeMs)}
          </Fact>
        )}
        <Fact name="Namespaces">
          <span className="wrap" dir="auto">
            {short(server.namespaces.join(", "), 500) || "none"}
          </span>
        </Fact>
      </dl>
      <h3 className={styles.list}>One question may ask for</h3>
      <dl className={styles.facts}>
        <Fact name="Rows of a page">{count(limits.page)}</Fact>
        <Fact name="Nodes of a graph">{count(limits.nodes)}</Fact>
        <Fact name="Fields of an answer">{count(limits.cost)}</Fact>
        <Fact name="Time">{limits.timeS} s</Fact>
        <Fact name="Selections inside each other">{count(limits.depth)}</Fact>
        <Fact name="Words, aliases">
          {count(limits.tokens)}, {count(limits.aliases)}
        </Fact>
        <Fact name="Bytes of a request">{bytes(limits.bodyBytes)}</Fact>
        <Fact name="Subscriptions of a socket">{count(limits.subscriptions)}</Fact>
      </dl>
      <p className={styles.links}>
        <a href="/graphql">Ask the same in GraphQL</a>
        <a href="/licenses.md">Licences of what these pages are built from</a>
      </p>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
