"""What lies around a node, a page at a time, and a drawing again from its ids: what an explorer asks as it goes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property
from typing import Annotated

import strawberry

from clew.api.graphql.arguments import After, At, Where
from clew.api.graphql.connection import PageInfo
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import Direction, NeighbourOrder, State, state_of
from clew.api.graphql.filters import AsOf
from clew.api.graphql.lineage import Lineage, LineageFilter, TypeCount, asked_of, lineage_of, node_filter
from clew.api.graphql.operation import Info, Operation, Snapshot, selects
from clew.api.graphql.reached import Drawn, LineageEdge, LineageNode, Reached, edges_of, node_refs
from clew.api.graphql.scalars import Int64
from clew.api.graphql.types import types_of
from clew.graph.fan import fan_page
from clew.graph.protocol import Among, GraphEngine, Trace
from clew.graph.rank import Ref
from clew.metadata.chosen import chosen_counts, chosen_page
from clew.metadata.errors import Invalid, LimitExceeded
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Page

MOST_SHOWN = 2000
"""Nodes a drawing may name in one question."""
Ids = list[strawberry.ID]


@strawberry.type(description="How many nodes in one state.")
class StateCount:
    """Nodes in a state."""

    state: State = strawberry.field(description="The state; UNKNOWN where none was ever told.")
    count: Int64 = strawberry.field(description="How many.")


@strawberry.type(description="One page of the neighbours of a node in one direction.")
class Neighbours:
    """Neighbours."""

    found: strawberry.Private[_Found]
    total: Int64 = strawberry.field(description="Neighbours that match, on whatever page, left out or not.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")
    seq: Int64 = strawberry.field(description="The change up to which the record is reflected.")
    took_ms: float = strawberry.field(description="Time the search took, in milliseconds.")

    @resolved
    def nodes(self, info: Info) -> list[LineageNode]:
        """The neighbours of this page. Their `depth` is 1; their `rank` counts `of` and `among` in."""
        found, reached = self.found, self.found.reached
        ranked = selects(info, "rank")
        wired = found.wired if ranked or selects(info, "parents") or selects(info, "children") else None
        edges = wired.edges if wired is not None and ranked else ()
        return Drawn(reached, [1] * len(reached.refs), found.engine, edges, found.beside, wired).nodes(info)

    @resolved
    def edges(self) -> list[LineageEdge]:
        """The edges from these nodes to each other, to `of`, and to the nodes in `among`."""
        new = set(self.found.reached.refs)
        touching = [edge for edge in self.found.wired.edges if (1, int(edge[0])) in new or (0, int(edge[2])) in new]
        return edges_of(self.found.reached.operation, touching)

    @resolved
    def by_type(self) -> list[TypeCount]:
        """All that match, by type, most first."""
        types, counts = types_of(self.found.snapshot), self.found.counts
        totals: dict[int, int] = {}
        for type_id, _, many in counts:
            totals[type_id] = totals.get(type_id, 0) + many
        ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
        return [TypeCount(type=types[id], count=Int64(many)) for id, many in ordered]

    @resolved
    def by_state(self) -> list[StateCount]:
        """All that match, by state, most first."""
        totals: dict[State, int] = {}
        for _, state, many in self.found.counts:
            spelled = state_of(self.found.kind, state)
            assert spelled is not None  # contexts are no neighbours
            totals[spelled] = totals.get(spelled, 0) + many
        ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0].value))
        return [StateCount(state=state, count=Int64(many)) for state, many in ordered]


class _Found:
    """One page, and what is asked of it only where it is selected."""

    def __init__(
        self, reached: Reached, snapshot: Snapshot, engine: GraphEngine, beside: list[Ref], kind: Kind, ids: list[int]
    ) -> None:
        self.reached, self.snapshot, self.engine, self.kind = reached, snapshot, engine, kind
        self.beside = beside
        """The other nodes of the drawing: ``of`` and ``among``."""
        self._ids = ids

    @cached_property
    def wired(self) -> Among:
        """How the nodes of this page and the others are wired."""
        refs = node_refs([*self.reached.refs, *self.beside])
        return self.engine.among(refs, edges=True, min_seq=self.reached.seq)

    @cached_property
    def counts(self) -> list[tuple[int, int | None, int]]:
        """All neighbours that match by type and state."""
        return chosen_counts(self.snapshot.reader, self.kind, self._ids)


@strawberry.type
class AroundQuery:
    """Questions of an explorer."""

    @resolved
    def neighbours(
        self,
        info: Info,
        of: Annotated[strawberry.ID, strawberry.argument(description="`artifact:42` or `execution:7`.")],
        direction: Annotated[Direction, strawberry.argument(description="UP or DOWN.")],
        by: Annotated[NeighbourOrder, strawberry.argument(description="Which come first.")] = NeighbourOrder.RECENT,
        types: Annotated[list[str] | None, strawberry.argument(description="Only of types with these names.")] = None,
        where: Where = None,
        first: Annotated[int, strawberry.argument(description="How many at most.")] = 20,
        after: After = None,
        among: Annotated[
            Ids,
            strawberry.argument(description="What is drawn already: edges to these are told, and ranks count them."),
        ] = (),  # type: ignore[assignment]
        omit: Annotated[
            Ids, strawberry.argument(description="Neighbours to leave out of the pages, not of the counts.")
        ] = (),  # type: ignore[assignment]
        as_of: At = None,
    ) -> Neighbours:
        """The neighbours of one node in one direction, a page at a time, with the edges to what is drawn already: one
        question draws an expansion. Errors: ARTIFACT_NOT_FOUND, EXECUTION_NOT_FOUND, INVALID for BOTH.
        """
        operation, began = info.context, time.perf_counter()
        if direction is Direction.BOTH:
            raise Invalid("neighbours lie in one direction", field="direction", value="BOTH", remedy="Use UP or DOWN")
        ref, limit = NodeRef.parse(of, "of"), operation.page(first)
        drawn, left_out = _parsed(among, "among"), set(_parsed(omit, "omit"))
        past, engine = asked_of(operation, as_of)
        shown = node_filter(past or operation.snapshot(), LineageFilter(types=types) if types else None)
        walk = engine.trace([ref], direction, depth=1, where=shown)
        kind = Kind.ARTIFACT if ref.kind is Kind.EXECUTION else Kind.EXECUTION
        snapshot = past or operation.snapshot_since(int(walk.seq))
        ids = _narrowed(snapshot, kind, _of_kind(walk, kind), where)
        open_ids = [id for id in ids if NodeRef(kind, id) not in left_out] if left_out else ids
        page = _page(engine, snapshot, kind, open_ids, by, direction, after, limit)
        operation.spend(len(page.items))
        place = int(kind is Kind.EXECUTION)
        reached = Reached(operation, [(place, id) for id in page.items], int(walk.seq), past)
        told = set(reached.refs)
        others = ((int(one.kind is Kind.EXECUTION), one.id) for one in (ref, *drawn))
        beside = [one for one in dict.fromkeys(others) if one not in told]
        return Neighbours(
            found=_Found(reached, snapshot, engine, beside, kind, ids),
            total=Int64(len(ids)),
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=after is not None,
                start_cursor=page.cursors[0] if page.cursors else None,
                end_cursor=page.cursors[-1] if page.cursors else None,
            ),
            seq=walk.seq,  # type: ignore[arg-type]
            took_ms=(time.perf_counter() - began) * 1000,
        )

    @resolved
    def subgraph(
        self,
        info: Info,
        ids: Annotated[Ids, strawberry.argument(description="Artifacts and executions, up to 2000.")],
        as_of: At = None,
    ) -> Lineage:
        """Given nodes and the edges between them: what a link needs to draw again what was drawn. `depth` is 0; ids
        that are not recorded (at that moment) are left out, and `partial` tells so.
        """
        return subgraph(info.context, _parsed(ids, "ids"), as_of)


def subgraph(operation: Operation, refs: list[NodeRef], as_of: AsOf | None) -> Lineage:
    """``refs`` and what lies between them, as a walk that went nowhere."""
    began = time.perf_counter()
    past, engine = asked_of(operation, as_of)
    wired = engine.among(refs, edges=True)
    trace = Trace(
        wired.kinds,
        wired.ids,
        [0] * len(wired.ids),
        wired.edges,
        0,
        len(wired.ids),
        len(wired.edges),
        len(wired.ids) < len(refs),
        wired.seq,
        (time.perf_counter() - began) * 1000,
    )
    return lineage_of(operation, trace, past, engine, wired.refs())


def _parsed(ids: Sequence[strawberry.ID], field: str) -> list[NodeRef]:
    refs = list(dict.fromkeys(NodeRef.parse(id, field) for id in ids))
    if len(refs) > MOST_SHOWN:
        raise LimitExceeded(
            f"{field} names {len(refs)} nodes, the limit is {MOST_SHOWN}",
            field=field,
            value=len(refs),
            remedy="Name fewer; `lineage` lists more at once",
        )
    for ref in refs:
        if ref.kind is Kind.CONTEXT:
            raise Invalid(f"{ref} is a context; contexts are no part of lineage", field=field, value=str(ref))
    return refs


def _of_kind(walk: Trace, kind: Kind) -> list[int]:
    wanted = int(kind is Kind.EXECUTION)
    return [int(id) for of, id in zip(walk.kinds, walk.ids, strict=True) if of == wanted]


def _narrowed(snapshot: Snapshot, kind: Kind, ids: list[int], where: str | None) -> list[int]:
    if where is None or not where.strip():
        return ids
    admitted = snapshot.reader.among(kind, ids, where=where)
    return [id for id in ids if id in admitted]


def _page(
    engine: GraphEngine,
    snapshot: Snapshot,
    kind: Kind,
    ids: list[int],
    by: NeighbourOrder,
    direction: Direction,
    after: str | None,
    limit: int,
) -> Page[int]:
    if limit == 0:
        return Page([], [], bool(ids))
    if by is NeighbourOrder.FAN_OUT:
        return fan_page(engine, [NodeRef(kind, id) for id in ids], direction, after, limit, int(snapshot.reader.seq))
    if by is NeighbourOrder.NAME:
        return chosen_page(snapshot.reader, kind, ids, "name", False, after, limit)
    return chosen_page(snapshot.reader, kind, ids, "created", True, after, limit)
