import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo } from "react";

import { JsonView } from "../JsonView";
import { NodeLink } from "../NodeLink";
import { type Property, PropertyList } from "../PropertyList";
import { Part } from "./Detail";
import styles from "./detail.module.css";

/** The properties of a node: those its type declares, and its own. */
export function Properties({
  declared,
  own,
}: {
  readonly declared: readonly Property[];
  readonly own: readonly Property[];
}) {
  return (
    <>
      {declared.length > 0 && (
        <Part title="Properties of its type" wide>
          <PropertyList label="Properties of its type" properties={declared} />
        </Part>
      )}
      {(own.length > 0 || declared.length === 0) && (
        <Part title="Properties of its own" wide>
          <PropertyList label="Properties of its own" properties={own} />
        </Part>
      )}
    </>
  );
}

/** Nodes in a row, each leading to its page. */
export function Links({ nodes }: { readonly nodes: readonly { readonly id: string; readonly label: string }[] }) {
  return (
    <span className={styles.many}>
      {nodes.map((node) => (
        <NodeLink key={node.id} node={node} />
      ))}
    </span>
  );
}

/** The answer of the server to the letter, as the query gives it. */
export function Raw({ value, label }: { readonly value: unknown; readonly label: string }) {
  const kept = useMemo(() => bare(value), [value]);
  return (
    <div className={styles.parts}>
      <Part title="As GraphQL answers it" wide>
        <JsonView value={kept} label={label} open={3} />
      </Part>
    </div>
  );
}

/** Above a history: the way to the log. */
export function InLog({ id, children }: { readonly id: string; readonly children: ReactNode }) {
  return (
    <div className={styles.parts}>
      <Part
        title="Versions"
        wide
        aside={
          <Link to="/log" search={{ touching: id }}>
            In the change log
          </Link>
        }
      >
        {children}
      </Part>
    </div>
  );
}

/** Without the names of types that the cache of queries adds. */
function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(bare);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== "__typename")
      .map(([key, one]) => [key, bare(one)]),
  );
}
