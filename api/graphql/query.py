"""The questions: Query."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.activity import ActivityQuery
from clew.api.graphql.arguments import NONE, After, At, Depth, First, MaxNodes, MinSeq, Order, Where
from clew.api.graphql.around import AroundQuery
from clew.api.graphql.cache_ask import CacheQuery
from clew.api.graphql.columns import ColumnQuery
from clew.api.graphql.compare import ComparisonAnswer, comparison
from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.definition import PipelineQuery
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Direction, Kind, OrderDirection
from clew.api.graphql.filter_help import FilterHelpQuery
from clew.api.graphql.filters import (
    ArtifactFilter,
    AsOf,
    ContextFilter,
    ExecutionFilter,
    snapshot_of,
)
from clew.api.graphql.identity import IdentityQuery
from clew.api.graphql.impact import ImpactAnswer, impact_of
from clew.api.graphql.lineage import Lineage, LineageFilter, PathsAnswer, asked_of, lineage, paths_of, wants_edges
from clew.api.graphql.listing import Asked, page_of
from clew.api.graphql.log import Change, changes_page
from clew.api.graphql.look import LookQuery
from clew.api.graphql.nodes import (
    Artifact,
    Context,
    Execution,
    Node,
    artifacts_of,
    contexts_of,
    executions_of,
    node_of,
    wrap,
)
from clew.api.graphql.operation import Info, Operation
from clew.api.graphql.run_change import RunQuery
from clew.api.graphql.scalars import Int64
from clew.api.graphql.schedules import ScheduleQuery
from clew.api.graphql.series import SeriesQuery
from clew.api.graphql.table import TableQuery
from clew.api.graphql.types import Type, type_of, types_of
from clew.metadata.changes import Wanted
from clew.metadata.errors import InvalidCursor, TypeNotFound
from clew.metadata.ids import NodeRef

Shown = Annotated[LineageFilter | None, strawberry.argument(description="Which reached nodes are shown.")]


@strawberry.type(description="What Clew can be asked.")
class Query(
    LookQuery,
    FilterHelpQuery,
    AroundQuery,
    ActivityQuery,
    TableQuery,
    SeriesQuery,
    RunQuery,
    PipelineQuery,
    ScheduleQuery,
    CacheQuery,
    ColumnQuery,
    IdentityQuery,
):
    """Every question."""

    @resolved
    def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="`artifact:42`, `execution:7` or `context:3`.")],
        as_of: At = None,
    ) -> Node:
        """One node. Errors: ARTIFACT_NOT_FOUND, EXECUTION_NOT_FOUND, CONTEXT_NOT_FOUND."""
        return node_of(snapshot_of(info.context, as_of), NodeRef.parse(id))

    @resolved
    def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="Their ids, of any kind.")],
        as_of: At = None,
    ) -> list[Node | None]:
        """Several nodes, in the order asked for; null where there is none."""
        return nodes_of(info.context, [NodeRef.parse(id, "ids") for id in ids], as_of)

    @resolved
    def find(
        self,
        info: Info,
        kind: Annotated[Kind, strawberry.argument(description="Its kind.")],
        type: Annotated[str, strawberry.argument(description="Name of its type.")],
        name: Annotated[str, strawberry.argument(description="Its name.")],
        namespace: Annotated[str, strawberry.argument(description="Its namespace.")] = "default",
        version: Annotated[str, strawberry.argument(description="Version of its type.")] = "",
        as_of: At = None,
    ) -> Node | None:
        """The node of that type and name, if there is one."""
        snapshot = snapshot_of(info.context, as_of)
        row = snapshot.reader.find(kind, type, name, namespace, version)
        return None if row is None else wrap(snapshot, row)

    @resolved
    def artifacts_at(
        self,
        info: Info,
        uri: Annotated[str, strawberry.argument(description="The address.")],
        first: First = 100,
        as_of: At = None,
    ) -> list[Artifact]:
        """The artifacts at an address, however it is spelled, newest first."""
        snapshot = snapshot_of(info.context, as_of)
        return artifacts_of(snapshot, snapshot.reader.artifacts_at(uri)[: info.context.page(first)])

    @resolved
    def executions_with_fingerprint(
        self,
        info: Info,
        fingerprint: Annotated[str, strawberry.argument(description="`sha256:...`.")],
        first: First = 20,
        as_of: At = None,
    ) -> list[Execution]:
        """The executions with a fingerprint, newest first: candidates for reuse."""
        snapshot = snapshot_of(info.context, as_of)
        limit = info.context.page(first)
        return executions_of(snapshot, snapshot.reader.executions_with_fingerprint(fingerprint, limit)[:limit])

    @resolved
    def artifacts(
        self,
        info: Info,
        where: Where = None,
        filter: Annotated[
            ArtifactFilter | None, strawberry.argument(description="A typed filter; adds to `where`.")
        ] = None,
        order_by: Order = None,
        first: First = 100,
        after: After = None,
        as_of: At = None,
    ) -> Connection[Artifact]:
        """Artifacts."""
        asked = Asked(Kind.ARTIFACT, where, filter, order_by, first, after)
        return page_of(snapshot_of(info.context, as_of), artifacts_of, asked)

    @resolved
    def executions(
        self,
        info: Info,
        where: Where = None,
        filter: Annotated[
            ExecutionFilter | None, strawberry.argument(description="A typed filter; adds to `where`.")
        ] = None,
        order_by: Order = None,
        first: First = 100,
        after: After = None,
        as_of: At = None,
    ) -> Connection[Execution]:
        """Executions."""
        asked = Asked(Kind.EXECUTION, where, filter, order_by, first, after)
        return page_of(snapshot_of(info.context, as_of), executions_of, asked)

    @resolved
    def contexts(
        self,
        info: Info,
        where: Where = None,
        filter: Annotated[
            ContextFilter | None, strawberry.argument(description="A typed filter; adds to `where`.")
        ] = None,
        order_by: Order = None,
        first: First = 100,
        after: After = None,
        as_of: At = None,
    ) -> Connection[Context]:
        """Contexts."""
        asked = Asked(Kind.CONTEXT, where, filter, order_by, first, after)
        return page_of(snapshot_of(info.context, as_of), contexts_of, asked)

    @resolved
    def types(
        self,
        info: Info,
        kind: Annotated[Kind | None, strawberry.argument(description="Only types of this kind.")] = None,
        name: Annotated[
            str | None, strawberry.argument(description="Only types of this name, in every version.")
        ] = None,
        first: First = 100,
        after: After = None,
        as_of: At = None,
    ) -> Connection[Type]:
        """Types, by id."""
        snapshot, limit = snapshot_of(info.context, as_of), info.context.page(first)
        every = [row for row in types_of(snapshot).values() if kind in (None, row.kind) and name in (None, row.name)]
        rest = [row for row in every if row.row.id > _type_cursor(after)]
        page = rest[:limit]
        return connect(page, [row.id for row in page], len(rest) > limit, after, lambda: len(every))

    @resolved
    def type(
        self,
        info: Info,
        kind: Annotated[Kind | None, strawberry.argument(description="Its kind, with its name.")] = None,
        name: Annotated[str | None, strawberry.argument(description="Its name.")] = None,
        version: Annotated[str, strawberry.argument(description="Its version.")] = "",
        id: Annotated[strawberry.ID | None, strawberry.argument(description="Its id, `type:N`, instead.")] = None,
        as_of: At = None,
    ) -> Type:
        """One type. Errors: TYPE_NOT_FOUND."""
        snapshot = snapshot_of(info.context, as_of)
        if id is None and kind is not None and name is not None:
            return type_of(snapshot, snapshot.reader.type(kind, name, version))
        for row in types_of(snapshot).values():
            if row.id == id:
                return row
        raise TypeNotFound(
            f"there is no type {id or name or ''!r}", field="id", value=id or "", remedy="Give kind and name, or an id"
        )

    @resolved
    def lineage(
        self,
        info: Info,
        of: Annotated[list[strawberry.ID], strawberry.argument(description="The seeds: one id or several.")],
        direction: Annotated[Direction, strawberry.argument(description="Which way to walk.")] = Direction.UP,
        depth: Depth = None,
        max_nodes: MaxNodes = 1000,
        where: Annotated[
            str | None,
            strawberry.argument(description="A filter in the filter language: which reached nodes are shown."),
        ] = None,
        filter: Shown = None,
        as_of: At = None,
        min_seq: MinSeq = NONE,
    ) -> Lineage:
        """Walk the graph: what a node was made from (UP), what was made from it (DOWN). Errors: ARTIFACT_NOT_FOUND,
        EXECUTION_NOT_FOUND, LIMIT_EXCEEDED, TIMED_OUT.
        """
        edges = wants_edges(info)
        return lineage(info.context, of, direction, depth, max_nodes, where, filter, as_of, min_seq, edges)

    @resolved
    def impact(
        self,
        info: Info,
        of: Annotated[list[strawberry.ID], strawberry.argument(description="The seeds: one id or several.")],
        depth: Depth = None,
        max_nodes: MaxNodes = 1000,
        filter: Shown = None,
        as_of: At = None,
        min_seq: MinSeq = NONE,
    ) -> ImpactAnswer:
        """Everything made from a node: how much, of what types, the nearest first, and the ends."""
        return impact_of(info.context, of, depth, max_nodes, filter, as_of, min_seq, wants_edges(info, "reached"))

    @resolved
    def paths(
        self,
        info: Info,
        source: Annotated[strawberry.ID, strawberry.argument(description="Where the data comes from.")],
        target: Annotated[strawberry.ID, strawberry.argument(description="Where it arrives.")],
        limit: Annotated[int, strawberry.argument(description="How many paths at most.")] = 10,
        max_depth: Annotated[int | None, strawberry.argument(description="Hops at most.")] = None,
        as_of: At = None,
        min_seq: MinSeq = NONE,
    ) -> PathsAnswer:
        """The shortest ways the data took from one node to another."""
        a, b = NodeRef.parse(source, "source"), NodeRef.parse(target, "target")
        limit = info.context.page(limit)
        past, engine = asked_of(info.context, as_of)
        return paths_of(info.context, engine.paths(a, b, limit=limit, max_depth=max_depth, min_seq=min_seq), past)

    @resolved
    def compare(
        self,
        info: Info,
        a: Annotated[strawberry.ID, strawberry.argument(description="One artifact, execution or context.")],
        b: Annotated[strawberry.ID, strawberry.argument(description="Another of the same kind.")],
        all: Annotated[bool, strawberry.argument(description="Show also what is the same.")] = False,
        as_of: At = None,
    ) -> ComparisonAnswer:
        """What differs between two nodes of a kind: properties, inputs, parameters, code, environment, lineage."""
        return comparison(snapshot_of(info.context, as_of), NodeRef.parse(a, "a"), NodeRef.parse(b, "b"), all)

    @resolved
    def changes(
        self,
        info: Info,
        after: Annotated[
            str | None, strawberry.argument(description="Continue behind this change: its cursor, or its seq.")
        ] = None,
        first: First = 100,
        namespace: Annotated[
            str | None, strawberry.argument(description="Only changes made in this namespace.")
        ] = None,
        direction: Annotated[
            OrderDirection, strawberry.argument(description="ASC: oldest first. DESC: newest first.")
        ] = OrderDirection.ASC,
        actor: Annotated[str | None, strawberry.argument(description="Only changes that this actor made.")] = None,
        touching: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="Only changes that recorded or changed this node, or an edge of it."),
        ] = None,
        kinds: Annotated[
            list[Kind] | None,
            strawberry.argument(description="Only changes that recorded or changed a node of one of these kinds."),
        ] = None,
        since_ms: Annotated[
            Int64 | None, strawberry.argument(description="Only changes at this time or later.")
        ] = None,
        until_ms: Annotated[Int64 | None, strawberry.argument(description="Only changes before this time.")] = None,
    ) -> Connection[Change]:
        """The change log: everything that was ever recorded, in order. A narrowed page may be short, even empty, though
        `pageInfo.hasNextPage`: it looks through the log for half a second at most; go on from `endCursor`.
        """
        wanted = Wanted(
            namespace=namespace,
            actor=actor,
            touching=None if touching is None else NodeRef.parse(touching, "touching"),
            kinds=None if kinds is None else frozenset(kinds),
            since_ms=since_ms,
            until_ms=until_ms,
        )
        descending = direction is OrderDirection.DESC
        return changes_page(info.context.snapshot(), wanted, after, first, descending=descending)

    @resolved
    def seq(self, info: Info) -> Int64:
        """Position of the last committed change."""
        return Int64(info.context.snapshot().reader.seq)


def nodes_of(operation: Operation, refs: list[NodeRef], as_of: AsOf | None) -> list[Node | None]:
    """``refs`` in order, each kind loaded together."""
    operation.page(len(refs))
    snapshot = snapshot_of(operation, as_of)
    found: dict[NodeRef, Node] = {}
    ids = {kind: [ref.id for ref in refs if ref.kind is kind] for kind in Kind}
    for node in (
        *artifacts_of(snapshot, list(snapshot.reader.artifacts_by_id(ids[Kind.ARTIFACT]).values())),
        *executions_of(snapshot, list(snapshot.reader.executions_by_id(ids[Kind.EXECUTION]).values())),
        *contexts_of(snapshot, list(snapshot.reader.contexts_by_id(ids[Kind.CONTEXT]).values())),
    ):
        found[node.row.ref] = node
    return [found.get(ref) for ref in refs]


def _type_cursor(after: str | None) -> int:
    if after is None:
        return 0
    number = after.removeprefix("type:")
    if after.startswith("type:") and number.isascii() and number.isdigit() and len(number) < 19:
        return int(number)
    raise InvalidCursor(f"{after[:40]!r} is no cursor of this listing", field="after", value=after)
