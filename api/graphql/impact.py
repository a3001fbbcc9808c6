"""Impact as a GraphQL type."""

from __future__ import annotations

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.filters import AsOf
from clew.api.graphql.lineage import (
    DepthCount,
    Lineage,
    LineageFilter,
    TypeCount,
    asked_of,
    lineage_of,
    max_nodes_of,
    node_filter,
    type_counts,
)
from clew.api.graphql.nodes import Node
from clew.api.graphql.operation import Operation, Snapshot
from clew.api.graphql.reached import Reached
from clew.api.graphql.scalars import Int64
from clew.graph.impact import impact
from clew.graph.protocol import EVERYTHING, Counts
from clew.metadata.ids import Kind, NodeRef

_KINDS = (Kind.ARTIFACT, Kind.EXECUTION)


@strawberry.type(description="Everything made from the seeds.")
class ImpactAnswer:
    """An impact."""

    operation: strawberry.Private[Operation]
    past: strawberry.Private[Snapshot | None]
    counts: strawberry.Private[Counts]
    ends: strawberry.Private[Reached]
    artifacts: Int64 = strawberry.field(description="Artifacts reached.")
    executions: Int64 = strawberry.field(description="Executions reached.")
    depth: int = strawberry.field(description="Deepest level reached.")
    partial: bool = strawberry.field(description="Whether `depth` left something out of the counts.")
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time the counting took, in milliseconds.")
    reached: Lineage = strawberry.field(description="What was reached, nearest first, seeds included.")

    @resolved
    def leaves(self) -> list[Node]:
        """The final products: reached nodes from which nothing further was made, up to `maxNodes`."""
        return [self.ends.node(ref) for ref in self.ends.refs]

    @resolved
    def by_type(self) -> list[TypeCount]:
        """Reached nodes by type, most first."""
        return type_counts(self.past or self.operation.snapshot_since(int(self.counts.seq)), self.counts)

    @resolved
    def by_depth(self) -> list[DepthCount]:
        """Reached nodes by depth, nearest first."""
        return [DepthCount(depth=depth, count=Int64(n)) for depth, n in sorted(self.counts.by_depth.items())]


def impact_of(
    operation: Operation,
    of: list[strawberry.ID],
    depth: int | None,
    max_nodes: int,
    filter: LineageFilter | None,
    as_of: AsOf | None,
    min_seq: int,
    edges: bool,
) -> ImpactAnswer:
    """What was made from ``of``."""
    seeds = [NodeRef.parse(id, "of") for id in of]
    past, engine = asked_of(operation, as_of)
    where = EVERYTHING if filter is None else node_filter(past or operation.snapshot(), filter)
    limit = max_nodes_of(operation, max_nodes)
    found = impact(engine, seeds, depth=depth, max_nodes=limit, where=where, edges=edges, min_seq=min_seq)
    counts = found.counts
    operation.spend(len(found.leaves))
    leaves = [(_KINDS.index(ref.kind), ref.id) for ref in found.leaves]
    return ImpactAnswer(
        operation=operation,
        past=past,
        counts=counts,
        ends=Reached(operation, leaves, int(counts.seq), past),
        artifacts=Int64(counts.artifacts),
        executions=Int64(counts.executions),
        depth=counts.depth,
        partial=counts.partial,
        seq=Int64(counts.seq),
        took_ms=counts.took_ms + found.trace.took_ms,
        reached=lineage_of(operation, found.trace, past, engine, seeds),
    )
