import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";

import type { OrderBy, OrderField } from "../../api/schema.generated";
import { Empty } from "../../shell/faces";
import { DataTable, usePages } from "../DataTable";
import styles from "../detail/detail.module.css";
import { LinkAnchor } from "../LinkButton";
import { nodePath } from "../node";
import type { Column, Sort } from "../table/columns";
import type { AskPage } from "../table/pages";
import { type NodeRow, rowId, rowName } from "./nodeColumns";

/** The order of a list on another page, as the reader chose it there. */
export function useSubOrder() {
  const [sort, setSort] = useState<Sort>({ by: "CREATED", down: true });
  const orderBy = useMemo<OrderBy>(
    () => ({ field: sort.by as OrderField, direction: sort.down ? "DESC" : "ASC" }),
    [sort],
  );
  return { sort, setSort, orderBy };
}

/** Nodes that belong to what a page shows: a table, and the way to the same as a list of its own. */
export function SubList<Row extends NodeRow>({
  to,
  label,
  where,
  columns,
  shown,
  ask,
  total,
  order,
}: {
  readonly to: "/artifacts" | "/executions" | "/contexts";
  readonly label: string;
  /** What selects them, in the filter language. */
  readonly where: string;
  readonly columns: readonly Column<Row>[];
  readonly shown: readonly string[];
  readonly ask: AskPage<Row>;
  readonly total: number | null;
  readonly order: ReturnType<typeof useSubOrder>;
}) {
  const navigate = useNavigate();
  const [cols, setCols] = useState(shown);
  return (
    <div className={styles.fill}>
      <DataTable
        name={`sub${to}`}
        label={label}
        paged={usePages(ask)}
        columns={columns}
        shown={cols}
        onShown={(next) => setCols(next ?? shown)}
        rowId={rowId}
        rowName={rowName}
        total={total}
        sort={order.sort}
        onSort={order.setSort}
        downFirst={["CREATED", "UPDATED", "SIZE", "STARTED", "ENDED"]}
        onOpen={(row) => void navigate({ to: nodePath(row.id) })}
        ask={ask}
        file={label.toLowerCase()}
        bar={
          <LinkAnchor to={to} search={{ q: where }} size="sm">
            Filter them
          </LinkAnchor>
        }
        empty={<Empty title={`No ${label.toLowerCase()}`} />}
      />
    </div>
  );
}
