"""Columns: which a version of a data set has, and what they were made of."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Direction
from clew.api.graphql.operation import Info, Snapshot
from clew.collectors.openlineage import columns
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact

Name = Annotated[str | None, strawberry.argument(description="Only this column; all when left out.")]
Way = Annotated[Direction, strawberry.argument(description="To what they were made of, what is made of them, or both.")]
Versions = Annotated[int, strawberry.argument(description="Versions to follow at most.")]


@strawberry.type(description="A column of a data set.")
class Column:
    """One end of an edge."""

    artifact: strawberry.ID | None = strawberry.field(
        description="The version: `artifact:42`; null where nobody recorded one."
    )
    location: str = strawberry.field(description="Where the data set lies.")
    name: str = strawberry.field(description="Its name; empty for all columns together.")


@strawberry.type(description="How one column became another.")
class ColumnTransformation:
    """A transformation."""

    type: str = strawberry.field(description="DIRECT, where values went in; INDIRECT, where they decided.")
    subtype: str = strawberry.field(description="IDENTITY, AGGREGATION, FILTER, JOIN ...")
    description: str = strawberry.field(description="In words, where that was told.")
    masking: bool | None = strawberry.field(description="Whether it hides the values.")


@strawberry.type(description="A column was made of another.")
class ColumnEdge:
    """An edge."""

    source: Column = strawberry.field(description="What went in.")
    target: Column = strawberry.field(description="What came out.")
    transformations: list[ColumnTransformation] = strawberry.field(description="How.")


@strawberry.type(description="What columns were made of.")
class ColumnLineage:
    """Edges."""

    columns: list[str] = strawberry.field(description="The columns of the version, as its schema lists them.")
    edges: list[ColumnEdge] = strawberry.field(description="From column to column, the nearest first.")
    partial: bool = strawberry.field(description="Whether there is more than is shown.")


@strawberry.type
class ColumnQuery:
    """Questions after columns."""

    @resolved
    def column_lineage(
        self,
        info: Info,
        of: Annotated[strawberry.ID, strawberry.argument(description="`artifact:42`.")],
        column: Name = None,
        direction: Way = Direction.UP,
        depth: Versions = 20,
    ) -> ColumnLineage:
        """What the columns of a version were made of, or what was made of them, from version to version. Errors:
        ARTIFACT_NOT_FOUND.
        """
        ref = NodeRef.parse(of, "of")
        if ref.kind is not Kind.ARTIFACT:
            raise Invalid("only artifacts have columns", field="of", value=of, remedy="Give artifact:ID")
        snapshot = info.context.snapshot()
        return column_lineage_of(snapshot, snapshot.reader.artifact(ref.id), column, direction, depth)


def column_lineage_of(
    snapshot: Snapshot, artifact: Artifact, column: str | None, direction: Direction, depth: int
) -> ColumnLineage:
    """The answer for one version. Errors: Invalid."""
    if not 0 <= depth <= columns.DEEPEST:
        raise Invalid(
            f"depth is 0 to {columns.DEEPEST}", field="depth", value=depth, remedy="Follow fewer versions at once"
        )
    edges: list[columns.ColumnEdge] = []
    partial = False
    for upstream in (True, False):
        if direction in (Direction.BOTH, Direction.UP if upstream else Direction.DOWN):
            found, more = columns.walk(snapshot.reader, artifact, column, upstream=upstream, depth=depth)
            edges, partial = edges + found, partial or more
    snapshot.operation.spend(len(edges))
    names = [str(field["name"]) for field in columns.columns_of(artifact.custom_properties)]
    return ColumnLineage(columns=names, edges=[_edge(edge) for edge in edges], partial=partial)


def _edge(edge: columns.ColumnEdge) -> ColumnEdge:
    how = [
        ColumnTransformation(type=t.type, subtype=t.subtype, description=t.description, masking=t.masking)
        for t in edge.transformations
    ]
    return ColumnEdge(source=_column(edge.source), target=_column(edge.target), transformations=how)


def _column(column: columns.Column) -> Column:
    id = None if column.artifact_id is None else strawberry.ID(str(NodeRef(Kind.ARTIFACT, column.artifact_id)))
    return Column(artifact=id, location=column.location, name=column.name)
