import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useMemo } from "react";

import { type Column, DataTable, useArrayPages } from "../kit/DataTable";
import { moment, short } from "../kit/format";
import { KindIcon } from "../kit/Kind";
import { StateBadge } from "../kit/State";
import { nodePath } from "../kit/node";
import { Time } from "../kit/Time";
import { askArray } from "../kit/table/array";
import styles from "./explorer.module.css";
import { type Line, whereOf } from "./outline";
import type { Acts } from "./useActs";
import type { Explorer } from "./useExplorer";

const idOf = ({ node }: Line) => node.id;
const nameOf = ({ node }: Line) => node.name;

/** The shown nodes as a table, nearest first. */
export function TwinTable({
  lines,
  acts,
  explorer,
}: {
  readonly lines: readonly Line[];
  readonly acts: Acts;
  readonly explorer: Explorer;
}) {
  const navigate = useNavigate();
  const select = acts.select;
  const columns = useMemo<readonly Column<Line>[]>(
    () => [
      {
        id: "name", title: "Name", value: ({ node }) => node.name, width: 220, grow: 3, fixed: true,
        cell: ({ node, hops }) => (
          <span className={styles.tree} style={{ paddingInlineStart: Math.min(Math.abs(hops ?? 0), 12) * 14 }}>
            <KindIcon kind={node.kind} />
            <button type="button" className={`cut ${styles.textual ?? ""}`} dir="auto" title={short(node.name, 500)} onClick={() => select(node.id)}>
              {short(node.name)}
            </button>
          </span>
        ),
      },
      { id: "where", title: "Where", value: ({ hops }) => whereOf(hops), width: 84 },
      { id: "type", title: "Type", value: ({ node }) => node.type, width: 130, grow: 1 },
      { id: "state", title: "State", value: ({ node }) => node.state, width: 112, cell: ({ node }) => (node.state ? <StateBadge state={node.state} /> : null) },
      { id: "parents", title: "Upstream", value: ({ node }) => node.parents, width: 100, end: true },
      { id: "children", title: "Downstream", value: ({ node }) => node.children, width: 110, end: true },
      { id: "created", title: "Created", value: ({ node }) => moment(node.createdMs), width: 110, cell: ({ node }) => <Time ms={node.createdMs} /> },
      { id: "id", title: "Id", value: ({ node }) => node.id, width: 124, cell: ({ node }) => <Link className="mono" to={nodePath(node.id)}>{node.id}</Link> },
    ],
    [select],
  ); // prettier-ignore
  const ask = useMemo(() => askArray(() => lines), [lines]);
  const open = useCallback(({ node }: Line) => void navigate({ to: nodePath(node.id) }), [navigate]);
  return (
    <div className={styles.twin}>
      <DataTable
        name="explorer"
        label="The lineage as a table"
        paged={useArrayPages(lines)}
        columns={columns}
        rowId={idOf}
        rowName={nameOf}
        total={lines.length}
        onOpen={open}
        ask={ask}
        file={`lineage-${explorer.focus.replace(":", "-")}`}
      />
    </div>
  );
}
