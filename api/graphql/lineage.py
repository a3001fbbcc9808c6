"""Lineage and paths: what the engine answers, as GraphQL types whose nodes load only where they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import ArtifactState, Direction, ExecutionState, Kind
from clew.api.graphql.filters import AsOf, moment
from clew.api.graphql.nodes import Node
from clew.api.graphql.operation import Info, Operation, Snapshot, selects
from clew.api.graphql.reached import KINDS, PREFIXES, Drawn, LineageEdge, LineageNode, Reached, edges_of, refs_of
from clew.api.graphql.scalars import Int64
from clew.api.graphql.types import Type, types_of
from clew.api.narrow import MOST, narrow
from clew.graph.protocol import EVERYTHING, Counts, GraphEngine, NodeFilter, Paths, Trace
from clew.metadata.errors import Invalid, LimitExceeded, TypeNotFound
from clew.metadata.ids import NodeRef

ENOUGH = 20_000
"""Nodes up- or downstream that every engine counts to the last."""


@strawberry.input(description="Which reached nodes an answer shows. The walk passes through the others.")
class LineageFilter:
    """Typed filter of reached nodes. What is given must all hold."""

    kinds: list[Kind] | None = strawberry.field(default=None, description="ARTIFACT or EXECUTION only.")
    types: list[str] | None = strawberry.field(default=None, description="Names of types.")
    artifact_states: list[ArtifactState] | None = strawberry.field(
        default=None, description="Artifacts in one of these states."
    )
    execution_states: list[ExecutionState] | None = strawberry.field(
        default=None, description="Executions in one of these states."
    )
    namespaces: list[str] | None = strawberry.field(default=None, description="In one of these namespaces.")
    created_from_ms: Int64 | None = strawberry.field(default=None, description="Created at this time or later.")
    created_until_ms: Int64 | None = strawberry.field(default=None, description="Created before this time.")


@strawberry.type(
    description="How much lies one way from the seeds, seeds not counted: no depth and no filter bounds it."
)
class ReachCount:
    """A count."""

    artifacts: Int64 = strawberry.field(description="Artifacts.")
    executions: Int64 = strawberry.field(description="Executions.")
    total: Int64 = strawberry.field(description="Both.")
    depth: int = strawberry.field(description="Hops to the farthest.")
    partial: bool = strawberry.field(
        description="Whether counting stopped at thousands, and there may be more: where an earlier moment is "
        "asked for, or the graph is still being loaded."
    )


@strawberry.type(description="What a walk through the graph reached, seeds included, nearest first.")
class Lineage:
    """A trace."""

    trace: strawberry.Private[Trace]
    reached: strawberry.Private[Reached]
    engine: strawberry.Private[GraphEngine]
    seeds: strawberry.Private[Sequence[NodeRef]]

    depth: int = strawberry.field(description="Deepest level reached.")
    total_nodes: Int64 = strawberry.field(
        description="Nodes that match within `depth`, also where `maxNodes` cut the list."
    )
    total_edges: Int64 = strawberry.field(description="Edges between them.")
    partial: bool = strawberry.field(
        description="Whether `maxNodes` or `depth` left something out; of a subgraph, whether ids are not recorded."
    )
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time the walk took, in milliseconds.")

    @resolved
    def nodes(self, info: Info) -> list[LineageNode]:
        """The nodes, nearest first."""
        return Drawn(self.reached, self.trace.depths, self.engine, self.trace.edges).nodes(info)

    @resolved
    def edges(self) -> list[LineageEdge]:
        """The edges between the shown nodes."""
        return edges_of(self.reached.operation, self.trace.edges)

    @resolved
    def upstream(self) -> ReachCount:
        """Everything the seeds were made from, counted, beyond `depth` and `maxNodes`. Counted only when asked for."""
        return self._count(Direction.UP)

    @resolved
    def downstream(self) -> ReachCount:
        """Everything made from the seeds, counted, beyond `depth` and `maxNodes`. Counted only when asked for."""
        return self._count(Direction.DOWN)

    def _count(self, direction: Direction) -> ReachCount:
        seeds = set(self.seeds)
        if not seeds:
            return ReachCount(artifacts=Int64(0), executions=Int64(0), total=Int64(0), depth=0, partial=False)
        counts = self.engine.counts(list(self.seeds), direction, min_seq=int(self.trace.seq), enough=ENOUGH)
        self.reached.operation.check_time()
        executions = counts.executions - sum(seed.kind is Kind.EXECUTION for seed in seeds)
        artifacts = counts.artifacts - sum(seed.kind is Kind.ARTIFACT for seed in seeds)
        return ReachCount(
            artifacts=Int64(artifacts),
            executions=Int64(executions),
            total=Int64(artifacts + executions),
            depth=counts.depth,
            partial=counts.partial,
        )


@strawberry.type(description="How many nodes of one type.")
class TypeCount:
    """Nodes of a type."""

    type: Type = strawberry.field(description="The type.")
    count: Int64 = strawberry.field(description="How many.")


@strawberry.type(description="How many nodes at one depth.")
class DepthCount:
    """Nodes at a depth."""

    depth: int = strawberry.field(description="Hops from the nearest seed.")
    count: Int64 = strawberry.field(description="How many.")


@strawberry.type(description="A shortest way the data took.")
class Path:
    """One path."""

    refs: strawberry.Private[list[tuple[int, int]]]
    reached: strawberry.Private[Reached]
    ids: list[strawberry.ID] = strawberry.field(description="The ids of its nodes, from source to target.")

    @resolved
    def nodes(self) -> list[Node]:
        """Its nodes, from source to target."""
        return [self.reached.node(ref) for ref in self.refs]


@strawberry.type(description="Shortest directed paths between two nodes, along the flow of data.")
class PathsAnswer:
    """Paths."""

    paths: list[Path] = strawberry.field(description="The paths.")
    length: int = strawberry.field(description="Hops of a shortest path; -1 when there is none.")
    partial: bool = strawberry.field(description="Whether `limit` or `maxDepth` left paths out.")
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time the search took, in milliseconds.")


def node_filter(snapshot: Snapshot, filter: LineageFilter | None) -> NodeFilter:
    """The engine's spelling of ``filter``. Errors: TypeNotFound, Invalid."""
    if filter is None:
        return EVERYTHING
    type_ids: list[int] = []
    for name in filter.types or ():
        found = [row.row.id for row in types_of(snapshot).values() if row.name == name and row.kind is not Kind.CONTEXT]
        if not found:
            raise TypeNotFound(f"there is no artifact or execution type {name!r}", field="filter.types", value=name)
        type_ids += found
    if Kind.CONTEXT in (filter.kinds or ()):
        raise Invalid("contexts are no part of lineage", field="filter.kinds", value="CONTEXT")
    return NodeFilter(
        kinds=tuple(filter.kinds or ()),
        type_ids=tuple(type_ids),
        artifact_states=tuple(filter.artifact_states or ()),
        execution_states=tuple(filter.execution_states or ()),
        namespaces=tuple(filter.namespaces or ()),
        created_from_ms=filter.created_from_ms,
        created_until_ms=filter.created_until_ms,
    )


def max_nodes_of(operation: Operation, max_nodes: int) -> int:
    """Check ``maxNodes``. Errors: LimitExceeded."""
    limit = operation.limits.nodes
    if 0 < max_nodes <= limit:
        return max_nodes
    raise LimitExceeded(
        f"maxNodes is {max_nodes}, the limit is 1 to {limit}",
        field="maxNodes",
        value=max_nodes,
        remedy="Narrow the question with filter or depth",
    )


def lineage(
    operation: Operation,
    of: list[strawberry.ID],
    direction: Direction,
    depth: int | None,
    max_nodes: int,
    where: str | None,
    filter: LineageFilter | None,
    as_of: AsOf | None,
    min_seq: int,
    edges: bool,
) -> Lineage:
    """Walk from ``of``: on the engine now, over the record at a moment of the past."""
    seeds = [NodeRef.parse(id, "of") for id in of]
    limit = max_nodes_of(operation, max_nodes)
    text = where if where is not None and where.strip() else None
    most = limit if text is None else MOST
    past, engine = asked_of(operation, as_of)
    shown = EVERYTHING if filter is None else node_filter(past or operation.snapshot(), filter)
    edges = edges or text is not None
    walk = engine.trace(seeds, direction, depth=depth, max_nodes=most, where=shown, edges=edges, min_seq=min_seq)
    if text is not None:
        reader = (past or operation.snapshot_since(int(walk.seq))).reader
        walk = narrow(reader, walk, text, limit, operation.check_time)
    return lineage_of(operation, walk, past, engine, seeds)


def wants_edges(info: Info, *path: str) -> bool:
    """Whether the lineage that ``path`` leads to needs its edges: to tell them, or for ranks."""
    return selects(info, *path, "edges") or selects(info, *path, "nodes", "rank")


def asked_of(operation: Operation, as_of: AsOf | None) -> tuple[Snapshot | None, GraphEngine]:
    """The snapshot of a moment of the past (None for now), and the engine that answers of it."""
    if as_of is None:
        return None, operation.services.engine
    past = operation.snapshot(*moment(as_of))
    return past, operation.services.engine_as_of(int(past.reader.seq))


def lineage_of(
    operation: Operation, trace: Trace, past: Snapshot | None, engine: GraphEngine, seeds: Sequence[NodeRef]
) -> Lineage:
    """``trace`` as GraphQL shows it."""
    refs = refs_of(trace.kinds, trace.ids)
    operation.spend(len(refs))
    return Lineage(
        trace=trace,
        reached=Reached(operation, refs, int(trace.seq), past),
        engine=engine,
        seeds=seeds,
        depth=trace.depth,
        total_nodes=Int64(trace.total_nodes),
        total_edges=Int64(trace.total_edges),
        partial=trace.partial,
        seq=Int64(trace.seq),
        took_ms=trace.took_ms,
    )


def type_counts(snapshot: Snapshot, counts: Counts) -> list[TypeCount]:
    """Counts by type, largest first."""
    types = types_of(snapshot)
    ordered = sorted(counts.by_type.items(), key=lambda item: (-item[1], item[0]))
    return [TypeCount(type=types[id], count=Int64(count)) for id, count in ordered if id in types]


def paths_of(operation: Operation, paths: Paths, past: Snapshot | None = None) -> PathsAnswer:
    """``paths`` as GraphQL shows them."""
    found = [[(KINDS.index(ref.kind), ref.id) for ref in path] for path in paths.paths]
    reached = Reached(operation, list({ref for path in found for ref in path}), int(paths.seq), past)
    operation.spend(sum(map(len, found)))
    return PathsAnswer(
        paths=[
            Path(refs=path, reached=reached, ids=[strawberry.ID(f"{PREFIXES[kind]}{id}") for kind, id in path])
            for path in found
        ],
        length=paths.length,
        partial=paths.partial,
        seq=Int64(paths.seq),
        took_ms=paths.took_ms,
    )
