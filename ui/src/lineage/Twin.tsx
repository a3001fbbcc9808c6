import { lazy, Suspense, useMemo } from "react";

import { short } from "../kit/format";
import { lookOf } from "../kit/State";
import { Loading } from "../shell/faces";
import { typeWord } from "./card";
import { type Line, outline, whereOf } from "./outline";
import type { Acts, View } from "./useActs";
import type { Explorer } from "./useExplorer";

const TwinTable = lazy(() => import("./TwinTable").then(({ TwinTable }) => ({ default: TwinTable })));

const MOST_HEARD = 200;

/** The same nodes as text: a table where it is shown, a list for those who hear the page. */
export function Twin(props: {
  readonly explorer: Explorer;
  readonly view: View;
  readonly acts: Acts;
  readonly shown: boolean;
}) {
  const { scene, drawn } = props.view;
  const lines = useMemo(
    () => outline(drawn.nodes, scene.ways, props.explorer.focus),
    [drawn.nodes, scene.ways, props.explorer.focus],
  );
  return props.shown ? (
    <Suspense fallback={<Loading />}>
      <TwinTable {...props} lines={lines} />
    </Suspense>
  ) : (
    <Heard lines={lines} />
  );
}

function Heard({ lines }: { readonly lines: readonly Line[] }) {
  return (
    <section className="unseen" aria-label="The graph as a list">
      <ul>
        {lines.slice(0, MOST_HEARD).map(({ node, hops }) => (
          <li key={node.id}>
            {whereOf(hops)}: {short(node.name)}, {typeWord(short(node.type, 60))}
            {node.state && `, ${lookOf(node.state)[2]}`}; {node.parents} upstream, {node.children} downstream
          </li>
        ))}
        {lines.length > MOST_HEARD && <li>and {lines.length - MOST_HEARD} more in the table</li>}
      </ul>
    </section>
  );
}
