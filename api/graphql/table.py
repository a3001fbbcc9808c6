"""Many nodes side by side, as GraphQL types."""

from __future__ import annotations

import time
from typing import Annotated

import strawberry

from clew.api.graphql.arguments import At
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Kind, PropertyType
from clew.api.graphql.filters import snapshot_of
from clew.api.graphql.operation import Info, Snapshot
from clew.api.graphql.scalars import Int64, Json
from clew.graph.table import Column, name_of, side_by_side
from clew.metadata.errors import LimitExceeded
from clew.metadata.ids import NodeRef

MOST_ROWS = 500


@strawberry.type(description="One thing that is told of the rows.")
class SideColumn:
    """A column."""

    section: str = strawberry.field(
        description="attributes, parameters, metrics, outputs, states, properties, inputs, code or environment."
    )
    name: str = strawberry.field(description="What it is, within its section.")
    kind: PropertyType = strawberry.field(
        description="The kind of its values; lists count as STRUCT; UNKNOWN where they are of several."
    )
    differs: bool = strawberry.field(
        description="Whether two rows differ in it: by their bytes for inputs and outputs, by value else."
    )
    min: float | None = strawberry.field(description="Of numbers: the least, infinities and NaN apart.")
    max: float | None = strawberry.field(description="Of numbers: the greatest, infinities and NaN apart.")
    values: list[Json | None] = strawberry.field(description="One a row, in their order; null where it is not told.")


@strawberry.type(description="Nodes of a kind side by side.")
class SideBySide:
    """A table."""

    kind: Kind | None = strawberry.field(description="What the rows are; null when there are none.")
    rows: list[strawberry.ID] = strawberry.field(description="The nodes, in the order asked for, each once.")
    names: list[str | None] = strawberry.field(description="What people call each row; null where it has no name.")
    columns: list[SideColumn] = strawberry.field(description="What is told of them, by section.")
    total: int = strawberry.field(description="Columns there are, shown or not.")
    hidden: int = strawberry.field(description="Columns not shown, because all rows agree or it is bookkeeping.")
    partial: bool = strawberry.field(
        description="Whether rows that are not recorded, or columns or executions that are too many, are left out."
    )
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time it took, in milliseconds.")


@strawberry.type
class TableQuery:
    """Questions of a comparison."""

    @resolved
    def table(
        self,
        info: Info,
        of: Annotated[
            list[strawberry.ID], strawberry.argument(description="Up to 500 nodes of one kind; runs are contexts.")
        ],
        only_different: Annotated[
            bool, strawberry.argument(description="Leave out what is the same in all rows, and bookkeeping.")
        ] = True,
        as_of: At = None,
    ) -> SideBySide:
        """Many nodes of a kind side by side: of runs the parameters and the metrics of their executions. Errors:
        INVALID for several kinds, LIMIT_EXCEEDED.
        """
        return table(snapshot_of(info.context, as_of), rows_of(of), only_different)


def rows_of(of: list[strawberry.ID]) -> list[NodeRef]:
    """The nodes to lay side by side, each once. Errors: Invalid; LimitExceeded."""
    refs = list(dict.fromkeys(NodeRef.parse(id, "of") for id in of))
    if len(refs) > MOST_ROWS:
        raise LimitExceeded(
            f"of names {len(refs)} nodes, the limit is {MOST_ROWS}",
            field="of",
            value=len(refs),
            remedy="Compare fewer at once",
        )
    return refs


def table(snapshot: Snapshot, refs: list[NodeRef], only_different: bool) -> SideBySide:
    """``refs`` side by side."""
    began = time.perf_counter()
    found = side_by_side(snapshot.reader, refs, only_different=only_different)
    snapshot.operation.spend(len(found.nodes) * len(found.columns))
    return SideBySide(
        kind=found.nodes[0].ref.kind if found.nodes else None,
        rows=[strawberry.ID(str(node.ref)) for node in found.nodes],
        names=[name_of(node) for node in found.nodes],
        columns=[_column(column) for column in found.columns],
        total=found.total,
        hidden=found.hidden,
        partial=found.partial,
        seq=Int64(snapshot.reader.seq),
        took_ms=(time.perf_counter() - began) * 1000,
    )


def _column(column: Column) -> SideColumn:
    return SideColumn(
        section=column.section,
        name=column.name,
        kind=column.kind,
        differs=column.differs,
        min=column.low,
        max=column.high,
        values=[None if value is None else Json(value) for value in column.values],
    )
