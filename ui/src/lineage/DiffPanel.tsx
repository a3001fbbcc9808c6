import { Switch } from "@mantine/core";
import { useState } from "react";
import { useQuery } from "urql";

import { short } from "../kit/format";
import { ErrorFace, Loading } from "../shell/faces";
import styles from "./panel.module.css";
import { ExplorerCompareDocument, type ExplorerCompareQuery } from "./queries.generated";
import type { Acts, View } from "./useActs";

type Entry = ExplorerCompareQuery["compare"]["entries"][number];

/** What differs between two nodes: the table beside the overlaid drawing. */
export function DiffPanel({
  a,
  b,
  view,
  acts,
}: {
  readonly a: string;
  readonly b: string;
  readonly view: View;
  readonly acts: Acts;
}) {
  const [all, setAll] = useState(false);
  const [{ data, error }, again] = useQuery({ query: ExplorerCompareDocument, variables: { a, b, all } });
  const nameOf = (id: string) => view.scene.nodes.find((node) => node.id === id)?.name ?? id;
  const compared = data?.compare;
  return (
    <>
      <header className={styles.head}>
        <div className={styles.title}>
          <h2>Differences</h2>
          <span className={styles.sides}>
            {([["a", a], ["b", b]] as const).map(([side, id]) => (
              <button key={id} type="button" data-side={side} className="cut" dir="auto" title={short(nameOf(id), 500)} onClick={() => acts.select(id)}>
                {short(nameOf(id), 80)} <span className="mono">{id}</span>
              </button>
            ))}
          </span>
        </div>
      </header>
      <div className={styles.acts}>
        <Switch size="xs" label="Also what is the same" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} />
      </div>
      {error && !data ? (
        <ErrorFace error={error} retry={() => again()} />
      ) : !compared ? (
        <Loading />
      ) : (
        <div className={styles.scroll}>
          {compared.same && <p className="dim">Nothing differs.</p>}
          {compared.partial && <p className="dim">Their lineage is too large to be compared whole.</p>}
          <Entries title={null} entries={compared.entries} acts={acts} />
          {compared.producers && (compared.producers.entries.length > 0 || all) && (
            <Entries title="What made them" entries={compared.producers.entries} acts={acts} />
          )}
        </div>
      )}
    </>
  ); // prettier-ignore
}

function Entries({
  title,
  entries,
  acts,
}: {
  readonly title: string | null;
  readonly entries: readonly Entry[];
  readonly acts: Acts;
}) {
  const sections = [...new Set(entries.map(({ section }) => section))];
  return (
    <>
      {title && <h3>{title}</h3>}
      {sections.map((section) => (
        <table key={section} className={styles.diff}>
          <caption>{section}</caption>
          <thead className="unseen">
            <tr>
              <th>Name</th>
              <th>Here</th>
              <th>There</th>
            </tr>
          </thead>
          <tbody>
            {entries
              .filter((entry) => entry.section === section)
              .map(({ name, a, b, same }) => (
                <tr key={name} data-same={same || undefined}>
                  <th scope="row" className="wrap">
                    {short(name, 120)}
                  </th>
                  <td className="wrap" data-side={same ? undefined : "a"} dir="auto">
                    <Said value={a} acts={acts} />
                  </td>
                  <td className="wrap" data-side={same ? undefined : "b"} dir="auto">
                    <Said value={b} acts={acts} />
                  </td>
                </tr>
              ))}
          </tbody>
        </table>
      ))}
    </>
  );
}

/** A value; a node is a button that chooses it. */
function Said({ value, acts }: { readonly value: unknown; readonly acts: Acts }) {
  if (value === null || value === undefined) return "–";
  if (typeof value !== "object") return short(typeof value === "string" ? value : JSON.stringify(value), 400);
  if (!("id" in value) || typeof value.id !== "string") return short(JSON.stringify(value), 400);
  const { id } = value;
  const digest = "digest" in value && typeof value.digest === "string" ? value.digest.slice(0, 19) : "";
  return (
    <>
      <button type="button" className={styles.textual} onClick={() => acts.select(id)}>
        {id}
      </button>
      {digest && <span className="dim mono"> {digest}…</span>}
    </>
  );
}
