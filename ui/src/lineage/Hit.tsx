import type { NodeKind } from "../api/schema.generated";
import { short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { StateBadge } from "../kit/State";
import { typeWord } from "./card";
import styles from "./find.module.css";
import { calledName } from "./graph";

/** One thing that was found. */
export function Hit({
  node,
  matched,
}: {
  readonly node: {
    readonly id: string;
    readonly kind: NodeKind;
    readonly type: string;
    readonly name: string | null;
    readonly called?: readonly { readonly name: string; readonly value: unknown }[];
    readonly state: string | null;
  };
  readonly matched?: string;
}) {
  const name = calledName(node);
  return (
    <span className={styles.hit} title={short(name, 500)}>
      <KindIcon kind={node.kind} />
      <span className={`cut ${styles.name ?? ""}`} dir="auto">
        {short(name, 200)}
      </span>
      <span className="cut dim">{short(typeWord(node.type), 60)}</span>
      {node.state && <StateBadge state={node.state} bare />}
      <span className={`dim mono ${styles.id ?? ""}`}>
        {node.id}
        {matched && matched !== "name" && matched !== "id" ? ` · ${matched}` : ""}
      </span>
    </span>
  );
}
