import { Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";

import { useLiveQuery } from "../api/live";
import { short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { StateBadge } from "../kit/State";
import { Time } from "../kit/Time";
import { Empty, ErrorFace, Loading } from "../shell/faces";
import { useNamespace } from "../shell/place";
import { typeWord } from "./card";
import { calledName } from "./graph";
import { Pick } from "./Pick";
import { ExplorerStartDocument, type StartNodeFragment } from "./queries.generated";
import styles from "./start.module.css";

/** Where to begin: a search, and what was recorded last. */
export function Start() {
  const ns = useNamespace();
  const [{ data, error }, again] = useLiveQuery({ query: ExplorerStartDocument, variables: { namespace: ns ?? null } });
  const groups = data
    ? [
        { title: "Newest models", nodes: data.models.nodes },
        { title: "Newest artifacts", nodes: data.artifacts.nodes },
        { title: "Newest executions", nodes: data.executions.nodes },
      ].filter(({ nodes }) => nodes.length > 0)
    : [];
  return (
    <div className={styles.start}>
      <Title order={1}>Where does it come from, and what was made from it?</Title>
      <Pick />
      {error && !data ? (
        <ErrorFace error={error} retry={() => again()} />
      ) : !data ? (
        <Loading />
      ) : groups.length === 0 ? (
        <Empty title="Nothing was recorded yet">
          Run a pipeline with <code>clew run</code>, or record from Python with <code>clew.execution</code>; its lineage
          appears here.
        </Empty>
      ) : (
        <div className={styles.groups}>
          {groups.map(({ title, nodes }) => (
            <section key={title} className={`card ${styles.group ?? ""}`} aria-label={title}>
              <Title order={2}>{title}</Title>
              <ul>
                {nodes.map((node) => (
                  <Row key={node.id} node={node} />
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
    </div>
  );
}

function Row({ node }: { readonly node: StartNodeFragment }) {
  const name = calledName(node);
  return (
    <li>
      <Link to="/explorer" search={{ focus: node.id }} className={styles.row} title={short(name, 500)}>
        <KindIcon kind={node.kind} />
        <span className={styles.words}>
          <span className="cut" dir="auto">
            {short(name)}
          </span>
          <span className={`cut dim ${styles.type ?? ""}`}>{short(typeWord(node.type), 60)}</span>
        </span>
        {node.state && <StateBadge state={node.state} bare />}
        <span className={`dim ${styles.time ?? ""}`}>
          <Time ms={node.createdMs} />
        </span>
      </Link>
    </li>
  );
}
