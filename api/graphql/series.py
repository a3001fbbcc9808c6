"""Curves of metrics, as GraphQL types."""

from __future__ import annotations

import time
from typing import Annotated

import strawberry

from clew.api.graphql.arguments import At
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import SeriesAxis
from clew.api.graphql.filters import snapshot_of
from clew.api.graphql.operation import Info
from clew.api.graphql.scalars import Int64
from clew.api.graphql.table import rows_of
from clew.api.mlflow.curves import curves
from clew.graph import series as graph
from clew.metadata.errors import LimitExceeded
from clew.metadata.ids import NodeRef

MOST_POINTS = 10_000


@strawberry.type(description="One metric of one node as it went: two points or more.")
class Series:
    """A curve."""

    node: strawberry.ID = strawberry.field(description="The node asked for.")
    metric: str = strawberry.field(description="What the metric is called, as in `table`.")
    axis: SeriesAxis = strawberry.field(description="What `x` counts.")
    x: list[float] = strawberry.field(description="Ascending: steps, or UTC epoch milliseconds.")
    y: list[float | None] = strawberry.field(description="The value at each x; null where it was no finite number.")
    total: int = strawberry.field(description="Points there are; more than are told where they were thinned out.")


@strawberry.type(description="The curves of some nodes.")
class SeriesAnswer:
    """Curves."""

    series: list[Series] = strawberry.field(description="By metric, then in the order of the nodes asked for.")
    partial: bool = strawberry.field(description="Whether there was too much to be read whole.")
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time it took, in milliseconds.")


@strawberry.type
class SeriesQuery:
    """Questions of a chart."""

    @resolved
    def series(
        self,
        info: Info,
        of: Annotated[list[strawberry.ID], strawberry.argument(description="Up to 500 nodes; runs are contexts.")],
        metrics: Annotated[
            list[str] | None, strawberry.argument(description="Only these, called as in `table`; all when left out.")
        ] = None,
        max_points: Annotated[
            int, strawberry.argument(description="Points of one curve, 2 to 10000; longer ones are thinned out evenly.")
        ] = 1000,
        as_of: At = None,
    ) -> SeriesAnswer:
        """Curves: metrics of which the record holds several values, because a node told others from one change to the
        next, because several metrics artifacts of one output did, or in a list. Errors: LIMIT_EXCEEDED.
        """
        began = time.perf_counter()
        refs = rows_of(of)
        if not 2 <= max_points <= MOST_POINTS:
            raise LimitExceeded(
                f"maxPoints is {max_points}, the limit is 2 to {MOST_POINTS}",
                field="maxPoints",
                value=max_points,
                remedy="A curve on a screen needs about a thousand points",
            )
        reader = snapshot_of(info.context, as_of).reader
        found, partial = graph.series(reader, refs, metrics, max_points)
        if as_of is None:  # points are told of a run, not of a change
            found = _with_runs(found, curves(reader, info.context.services.tracking, refs, metrics, max_points), refs)
        info.context.spend(2 * sum(len(one.x) for one in found))
        return SeriesAnswer(
            series=[
                Series(
                    node=strawberry.ID(str(one.node)),
                    metric=one.metric,
                    axis=SeriesAxis.STEP if one.by_step else SeriesAxis.TIME,
                    x=one.x,
                    y=one.y,
                    total=one.total,
                )
                for one in found
            ],
            partial=partial,
            seq=Int64(reader.seq),
            took_ms=(time.perf_counter() - began) * 1000,
        )


def _with_runs(found: list[graph.Series], more: list[graph.Series], refs: list[NodeRef]) -> list[graph.Series]:
    """Both, by metric and then in the order asked for; of one curve that of the run's own points."""
    if not more:
        return found
    own = {(one.node, one.metric): one for one in (*found, *more)}
    place = {ref: number for number, ref in reversed(list(enumerate(refs)))}
    return sorted(own.values(), key=lambda one: (one.metric, place[one.node]))
