import { IconBolt, IconBox, IconFolder } from "@tabler/icons-react";

import type { NodeKind } from "../api/schema.generated";
import styles from "./kit.module.css";

const ICONS = { ARTIFACT: IconBox, EXECUTION: IconBolt, CONTEXT: IconFolder } as const;
const WORDS = { ARTIFACT: "Artifact", EXECUTION: "Execution", CONTEXT: "Context" } as const;

/** The kind of a node: by shape and by colour, and told to those who hear it. */
export function KindIcon({ kind, size = 16 }: { readonly kind: NodeKind; readonly size?: number }) {
  const Icon = ICONS[kind];
  return <Icon size={size} stroke={1.8} className={styles.kind} data-kind={kind} role="img" aria-label={WORDS[kind]} />;
}
