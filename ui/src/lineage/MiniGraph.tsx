import { IconArrowsMaximize } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import { useLiveQuery } from "../api/live";
import { Drawing } from "../draw/Graph";
import { count } from "../kit/format";
import { nodePath } from "../kit/node";
import { ErrorFace } from "../shell/faces";
import { cardOf } from "./card";
import { CardView } from "./Cards";
import { merge, NOTHING, waysOf } from "./graph";
import styles from "./mini.module.css";
import { MiniGraphDocument } from "./queries.generated";

const MOST = 24;

/** What lies one step around an artifact or an execution; it leads to the explorer. Fills the width it is given. */
export function MiniGraph({ id, height = 260 }: { readonly id: string; readonly height?: number }) {
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string | null>(null);
  const open = (to: string) => {
    if (to !== id) void navigate({ to: nodePath(to) });
  };
  const [{ data, error }, again] = useLiveQuery({ query: MiniGraphDocument, variables: { id, most: MOST } });
  const { boxes, lines } = useMemo(() => {
    const { nodes, edges } = data ? merge(NOTHING, data.lineage) : NOTHING;
    const { ins, outs } = waysOf(new Set(nodes.keys()), edges.values());
    return {
      boxes: [...nodes.values()].map((node) => {
        const [shownUp, shownDown] = [ins.get(node.id)?.length ?? 0, outs.get(node.id)?.length ?? 0];
        const hidden = { up: node.parents - shownUp, down: node.children - shownDown };
        return cardOf(node, { ...hidden, shownUp, shownDown, mark: node.id === id ? "focus" : null });
      }),
      lines: [...edges].map(([key, { from, to }]) => ({ id: key, from, to })),
    };
  }, [data, id]);
  if (error && !data) return <ErrorFace error={error} retry={() => again()} />;
  const left = data ? data.lineage.totalNodes - boxes.length : 0;
  return (
    <div className={styles.mini} style={{ height }} data-loading={!data || undefined}>
      <Drawing
        boxes={boxes}
        lines={lines}
        render={CardView}
        label="Lineage, one step each way"
        controls={false}
        selected={selected}
        onSelect={setSelected}
        onClick={open}
        onOpen={open}
      />
      <Link className={styles.open} to="/explorer" search={{ focus: id }}>
        <IconArrowsMaximize size={14} aria-hidden />
        {left > 0 ? `Explore (${count(left)} more)` : "Explore"}
      </Link>
    </div>
  );
}
