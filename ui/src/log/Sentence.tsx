import { useMemo } from "react";
import { useQuery } from "urql";

import { short } from "../kit/format";
import { NodeLink } from "../kit/NodeLink";
import { StateBadge } from "../kit/State";
import { type Piece, sentence, type Told } from "./effects";
import styles from "./log.module.css";
import { LogTypesDocument } from "./queries.generated";

/** What an effect of a change did, in words; its nodes lead to their pages. */
export function Sentence({
  effect,
  seq,
  wrap = false,
  names,
}: {
  readonly effect: Told;
  readonly seq: number;
  readonly wrap?: boolean;
  readonly names?: ReadonlyMap<string, string>;
}) {
  const typeOf = useTypes();
  return (
    <span className={wrap ? styles.wrapped : styles.sentence}>
      {sentence(effect, seq, typeOf, names).map((piece, at) => (
        <Part key={at} piece={piece} wrap={wrap} />
      ))}
    </span>
  );
}

function Part({ piece, wrap }: { readonly piece: Piece; readonly wrap: boolean }) {
  if ("words" in piece) return <span>{piece.words}</span>;
  if ("node" in piece) return <NodeLink node={{ id: piece.node, name: piece.name }} />;
  if ("state" in piece) return <StateBadge state={piece.state} bare={!wrap} />;
  const text = "type" in piece ? piece.type : piece.code;
  return (
    <b className={wrap ? "wrap" : "cut"} dir="auto" title={short(text, 500)} data-type={"type" in piece || undefined}>
      {short(text)}
    </b>
  );
}

function useTypes(): (id: number) => string | undefined {
  const [{ data }] = useQuery({ query: LogTypesDocument, requestPolicy: "cache-first" });
  const names = useMemo(() => new Map(data?.types.nodes.map(({ id, name }) => [id, name])), [data]);
  return (id) => names.get(`type:${id}`);
}
