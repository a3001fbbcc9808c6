import type { NodeKind, PropertyKind, State } from "../../api/schema.generated";
import { NodeLink } from "../NodeLink";
import { nameOf } from "../node";
import { Value } from "../Value";
import { StateBadge } from "../State";
import { Time } from "../Time";
import type { Column } from "../table/columns";

/** A property as GraphQL answers it. */
export interface PropertyRow {
  readonly name: string;
  readonly kind: PropertyKind;
  readonly value: unknown;
}

/** A row of a list of nodes. */
export interface NodeRow {
  readonly id: string;
  readonly type: string;
  readonly namespace: string;
  readonly name: string | null;
  readonly label: string;
  readonly externalId: string | null;
  readonly state?: State | null;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly properties?: readonly PropertyRow[];
  readonly customProperties?: readonly PropertyRow[];
}

/** The columns of every node: those before the columns of its kind, and those behind. */
export function nodeColumns<Row extends NodeRow>(
  kind: NodeKind,
): { readonly first: readonly Column<Row>[]; readonly last: readonly Column<Row>[] } {
  const state: readonly Column<Row>[] =
    kind === "CONTEXT"
      ? []
      : [
          {
            id: "state",
            title: "State",
            width: 124,
            sort: "STATE",
            value: (row) => row.state ?? null,
            cell: (row) => row.state && <StateBadge state={row.state} />,
          },
        ];
  return {
    first: [
      {
        id: "name",
        title: "Name",
        width: 220,
        grow: 3,
        fixed: true,
        sort: "NAME",
        value: (row) => row.label,
        cell: (row) => <NodeLink node={row} inGrid />,
      },
      { id: "type", title: "Type", width: 190, grow: 1, sort: "TYPE", value: (row) => row.type },
      ...state,
    ],
    last: [
      timeColumn("created", "Created", (row) => row.createdMs, "CREATED"),
      timeColumn("updated", "Changed", (row) => row.updatedMs, "UPDATED"),
      {
        id: "id",
        title: "Id",
        width: 130,
        sort: "ID",
        value: (row) => row.id,
        cell: (row) => <span className="mono dim cut">{row.id}</span>,
      },
      { id: "namespace", title: "Namespace", width: 130, value: (row) => row.namespace },
      { id: "recorded", title: "Recorded name", width: 180, value: (row) => row.name },
      { id: "external", title: "External id", width: 180, value: (row) => row.externalId },
    ],
  };
}

/** A column of moments: how long ago, exact as ISO 8601 in an export. */
export function timeColumn<Row>(
  id: string,
  title: string,
  ms: (row: Row) => number | null,
  sort?: string,
): Column<Row> {
  return {
    id,
    title,
    width: 112,
    ...(sort ? { sort } : {}),
    value: (row) => iso(ms(row)),
    cell: (row) => <Time ms={ms(row)} />,
  };
}

/** A column of a property: `p.rows` of those the type declares, `c.note` of the node's own. */
export function propertyColumn<Row extends NodeRow>(id: string, kind?: PropertyKind): Column<Row> {
  const name = id.slice(2);
  const own = id.startsWith("c.");
  const find = (row: Row) => (own ? row.customProperties : row.properties)?.find((one) => one.name === name);
  return {
    id,
    title: name,
    width: 130,
    group: own ? "Properties of their own" : "Properties of the type",
    end: kind === "INT" || kind === "DOUBLE",
    value: (row) => find(row)?.value ?? null,
    cell: (row) => {
      const found = find(row);
      return found && <Value kind={found.kind} value={found.value} inline />;
    },
  };
}

/** What a row is called. */
export function rowName(row: NodeRow): string {
  return nameOf(row);
}

/** The id of a row. */
export function rowId(row: NodeRow): string {
  return row.id;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
