import { Link } from "@tanstack/react-router";

import { short } from "./format";
import { KindIcon } from "./Kind";
import styles from "./kit.module.css";
import { kindOf, nameOf, nodePath } from "./node";

/** A node by its icon and name, leading to its page. */
export function NodeLink({
  node,
  inGrid = false,
}: {
  readonly node: {
    readonly id: string;
    readonly name?: string | null;
    readonly label?: string;
    readonly externalId?: string | null;
  };
  /** No stop of the Tab key: the arrows move in the grid, Enter opens. */
  readonly inGrid?: boolean;
}) {
  const name = nameOf(node);
  return (
    <Link to={nodePath(node.id)} className={styles.link} title={short(name, 500)} {...(inGrid ? { tabIndex: -1 } : {})}>
      <KindIcon kind={kindOf(node.id)} />
      <span className="cut" dir="auto">
        {short(name)}
      </span>
    </Link>
  );
}
