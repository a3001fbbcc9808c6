import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { type CombinedError, useQuery } from "urql";

import type { NodeKind } from "../api/schema.generated";
import { Drawing } from "../draw/Graph";
import { count } from "../kit/format";
import { nodePath } from "../kit/node";
import { cardOf, toneOf } from "../lineage/card";
import { CardView } from "../lineage/Cards";
import { ErrorFace, Loading, Partial } from "../shell/faces";
import styles from "./compare.module.css";
import { connected, overlay } from "./lineage";
import {
  CompareLineagesDocument, CompareMembersDocument, type CompareMembersQuery, CompareRunGraphsDocument,
  type MembersFragment, type SideFragment,
} from "./queries.generated"; // prettier-ignore

const MOST = 200;
const MOST_MEMBERS = 150;
const TONES = { a: "var(--clew-side-a)", b: "var(--clew-side-b)" } as const;

interface Sides {
  readonly a: SideFragment | undefined;
  readonly b: SideFragment | undefined;
  readonly cut: boolean;
  readonly error: CombinedError | undefined;
}

/** What two items were made from, or what two runs did, over each other in two colours. */
export function LineageDiff({
  a,
  b,
  kind,
  twins,
}: {
  readonly a: string;
  readonly b: string;
  readonly kind: NodeKind;
  /** Executions of `b` that do what one of `a` does. */
  readonly twins: ReadonlyMap<string, string>;
}) {
  const runs = useRuns(a, b, kind !== "CONTEXT");
  const lines = useLines(a, b, kind === "CONTEXT");
  const { a: ofA, b: ofB, cut, error } = kind === "CONTEXT" ? runs : lines;
  const navigate = useNavigate();
  const [selected, setSelected] = useState<string | null>(null);
  const over = useMemo(() => (ofA && ofB ? connected(overlay(ofA, ofB, twins)) : null), [ofA, ofB, twins]);
  const boxes = useMemo(
    () =>
      (over?.nodes ?? []).map((node) =>
        cardOf(node, { up: 0, down: 0, shownUp: 0, shownDown: 0, mark: over?.marks.get(node.id) ?? null }),
      ),
    [over],
  );
  const drawn = useMemo(
    () =>
      (over?.edges ?? []).map(({ from, to, mark }) => ({
        id: `${from}>${to}`,
        from,
        to,
        ...(mark === "a" || mark === "b" ? { tone: TONES[mark] } : {}),
      })),
    [over],
  );
  if (error && !over) return <ErrorFace error={error} />;
  if (!over) return <Loading lines={6} />;
  if (over.nodes.length === 0) return <p className={styles.note}>Nothing leads to either of them.</p>;
  return (
    <>
      <p className={styles.legend}>
        <span data-side="a">
          <i aria-hidden /> only A: {count(over.onlyA)}
        </span>
        <span data-side="b">
          <i aria-hidden /> only B: {count(over.onlyB)}
        </span>
        <span>
          <i aria-hidden /> both: {count(over.both)}
        </span>
      </p>
      {cut && <Partial>There is more than can be drawn here: the nearest are shown.</Partial>}
      <div className={styles.drawing}>
        <Drawing
          boxes={boxes}
          lines={drawn}
          render={CardView}
          label="Both lineages over each other"
          tone={toneOf}
          selected={selected}
          onSelect={setSelected}
          onOpen={(id) => void navigate({ to: nodePath(id) })}
        />
      </div>
    </>
  );
}

function useLines(a: string, b: string, pause: boolean): Sides {
  const [{ data, error }] = useQuery({
    query: CompareLineagesDocument,
    variables: { a: [a], b: [b], most: MOST },
    pause,
  });
  return { a: data?.a, b: data?.b, cut: (data?.a.partial ?? false) || (data?.b.partial ?? false), error };
}

function useRuns(a: string, b: string, pause: boolean): Sides {
  const [{ data: members, error: lost }] = useQuery({
    query: CompareMembersDocument,
    variables: { a, b, most: MOST_MEMBERS },
    pause,
  });
  const [ofA, ofB] = [membersOf(members?.a), membersOf(members?.b)];
  const [{ data, error }] = useQuery({
    query: CompareRunGraphsDocument,
    variables: { a: idsOf(ofA), b: idsOf(ofB) },
    pause: pause || !ofA || !ofB,
  });
  const cut = [ofA, ofB].some(
    (one) => one !== undefined && (one.executions.pageInfo.hasNextPage || one.artifacts.pageInfo.hasNextPage),
  );
  return { a: data?.a, b: data?.b, cut, error: lost ?? error };
}

function membersOf(node: CompareMembersQuery["a"] | undefined): MembersFragment | undefined {
  return node && "executions" in node ? (node as MembersFragment) : undefined;
}

function idsOf(members: MembersFragment | undefined): readonly string[] {
  return members ? [...members.executions.nodes, ...members.artifacts.nodes].map(({ id }) => id) : [];
}
