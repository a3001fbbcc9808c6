import { Button, Select } from "@mantine/core";
import { IconArrowsSplit2 } from "@tabler/icons-react";
import { useMemo } from "react";
import { useQuery } from "urql";

import { Histogram } from "../kit/charts/Histogram";
import { type Column, DataTable, useArrayPages } from "../kit/DataTable";
import { count, figure, short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { StateBadge } from "../kit/State";
import { typeWord } from "./card";
import { byState, type Cluster } from "./clusters";
import type { GraphNode } from "./graph";
import styles from "./panel.module.css";
import { ExplorerMembersDocument } from "./queries.generated";
import type { Acts } from "./useActs";
import type { Explorer } from "./useExplorer";
import { MOST_MEMBERS, numbersOf } from "./useMetric";

interface Row {
  readonly node: GraphNode;
  readonly value: number | undefined;
}

const idOf = ({ node }: Row) => node.id;

/** Siblings that are drawn as one: how a number they bear is spread, and each of them. */
export function ClusterPanel({
  cluster,
  explorer,
  acts,
}: {
  readonly cluster: Cluster;
  readonly explorer: Explorer;
  readonly acts: Acts;
}) {
  const { search, set } = explorer;
  const { members } = cluster;
  const first = members[0];
  const ids = useMemo(() => members.map(({ id }) => id).slice(0, MOST_MEMBERS), [members]);
  const [{ data }] = useQuery({ query: ExplorerMembersDocument, variables: { ids }, requestPolicy: "cache-first" });
  const numbers = useMemo(
    () => new Map(data?.nodes.flatMap((node) => (node ? [[node.id, numbersOf(node)] as const] : []))),
    [data],
  );
  const names = useMemo(() => [...new Set([...numbers.values()].flatMap((one) => [...one.keys()]))].sort(), [numbers]);
  const metric = search.metric !== undefined && names.includes(search.metric) ? search.metric : undefined;
  const rows = useMemo(
    () =>
      members
        .map((node): Row => ({ node, value: metric === undefined ? undefined : numbers.get(node.id)?.get(metric) }))
        .sort((a, b) => (b.value ?? Number.NEGATIVE_INFINITY) - (a.value ?? Number.NEGATIVE_INFINITY)),
    [members, metric, numbers],
  );
  const { select } = acts;
  const columns = useMemo<readonly Column<Row>[]>(
    () => [
      {
        id: "name", title: "Name", value: ({ node }) => node.name, width: 130, grow: 2, fixed: true,
        cell: ({ node }) => (
          <button type="button" className={`cut ${styles.textual ?? ""}`} dir="auto" title={short(node.name, 500)} onClick={() => select(node.id)}>
            {short(node.name)}
          </button>
        ),
      },
      { id: "state", title: "State", value: ({ node }) => node.state, width: 100, cell: ({ node }) => (node.state ? <StateBadge state={node.state} /> : null) },
      ...(metric === undefined ? [] : [{ id: "metric", title: metric, value: ({ value }: Row) => value, width: 90, end: true, cell: ({ value }: Row) => (value === undefined ? null : figure(value)) }]),
      { id: "id", title: "Id", value: ({ node }) => node.id, width: 110 },
    ],
    [metric, select],
  ); // prettier-ignore
  const paged = useArrayPages(rows);
  if (!first) return null;
  return (
    <>
      <header className={styles.head}>
        <KindIcon kind={first.kind} size={20} />
        <div className={styles.title}>
          <h2 className="cut" title={short(first.type, 500)}>
            {count(members.length)} × {typeWord(short(first.type, 80))}
          </h2>
          <span className={`dim ${styles.under ?? ""}`}>siblings: the same, or alike, on both sides</span>
        </div>
      </header>
      <div className={styles.acts}>
        <Button size="compact-xs" variant="default" leftSection={<IconArrowsSplit2 size={13} />} onClick={() => acts.takeApart(first.id)}>
          Draw each
        </Button>
        {byState(members).map(({ label, count: many }) => (
          <span key={label} className={styles.tally}>
            <StateBadge state={label} /> {count(many)}
          </span>
        ))}
      </div>
      {names.length > 0 && (
        <div className={styles.spread}>
          <Select
            size="xs"
            label="How this number is spread"
            placeholder="Choose a number they bear"
            data={names.map((name) => ({ value: name, label: short(name, 60) }))}
            value={metric ?? null}
            onChange={(value) => set({ metric: value ?? undefined }, true)}
            searchable
            clearable
          />
          {metric !== undefined && <Histogram label={metric} values={rows.flatMap(({ value }) => value ?? [])} height={56} />}
        </div>
      )}
      {members.length > MOST_MEMBERS && <p className="dim">Numbers are those of the first {count(MOST_MEMBERS)}.</p>}
      <div className={styles.members}>
        <DataTable name="explorer-cluster" label="Members" paged={paged} columns={columns} rowId={idOf} total={rows.length} />
      </div>
    </>
  ); // prettier-ignore
}
