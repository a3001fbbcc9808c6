"""Lineage as of an earlier moment, walked level by level over a Reader of that moment: two statements a level."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from clew.graph.protocol import EVERYTHING, Direction, NodeFilter, Trace
from clew.graph.question import walk_of
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Execution
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

Edge = tuple[int, int, int]
_KINDS = (Kind.ARTIFACT, Kind.EXECUTION)


def trace_past(
    reader: Reader,
    seeds: Sequence[NodeRef],
    direction: Direction = Direction.UP,
    *,
    depth: int | None = None,
    max_nodes: int | None = None,
    where: NodeFilter = EVERYTHING,
    edges: bool = False,
    check: Callable[[int], None] = lambda reached: None,
) -> Trace:
    """Walk from ``seeds`` over what ``reader`` sees; ``check`` hears how much was reached and may raise.

    Cost: two statements a level and the size of what is reached.
    Errors: ArtifactNotFound, ExecutionNotFound for unknown seeds; Invalid for a context as a seed.
    """
    began = time.perf_counter()
    seeds = walk_of(seeds, direction, depth)
    for seed in seeds:
        reader.node(seed)
    walk = _Walk(reader, depth, check)
    if direction is not Direction.DOWN:
        walk.go(seeds, up=True)
    if direction is not Direction.UP:
        walk.go(seeds, up=False)
    admitted = _admitted(reader, walk.depths, where)
    reached = sorted(walk.depths.items(), key=lambda item: (item[1], item[0]))
    shown = [(ref, level) for ref, level in reached if ref in admitted]
    listed = shown if max_nodes is None else shown[:max_nodes]
    visible = {ref for ref, _ in listed}
    between = [edge for edge in walk.edges if _ends(edge) <= visible]
    everything = {ref for ref, _ in shown}
    return Trace(
        kinds=[_KINDS.index(ref.kind) for ref, _ in listed],
        ids=[ref.id for ref, _ in listed],
        depths=[level for _, level in listed],
        edges=sorted(between) if edges else [],
        depth=max(walk.depths.values(), default=0),
        total_nodes=len(shown),
        total_edges=sum(1 for edge in walk.edges if _ends(edge) <= everything),
        partial=walk.cut or len(listed) < len(shown),
        seq=reader.seq,
        took_ms=(time.perf_counter() - began) * 1000,
    )


class _Walk:
    """What was reached so far, and over which edges."""

    def __init__(self, reader: Reader, limit: int | None, check: Callable[[int], None]) -> None:
        self.reader, self.limit, self.check = reader, limit, check
        self.depths: dict[NodeRef, int] = {}
        self.edges: set[Edge] = set()
        self.cut = False

    def go(self, seeds: Sequence[NodeRef], *, up: bool) -> None:
        """Walk one way, each level at once."""
        reached = dict.fromkeys(seeds, 0)
        frontier, level = list(reached), 0
        while frontier:
            edges = self._edges(frontier, up)
            found = {ref for edge in edges for ref in _ends(edge) if ref not in reached}
            if level == self.limit:
                self.cut = self.cut or bool(found)
                self.edges |= {edge for edge in edges if reached.keys() >= _ends(edge)}
                break
            level += 1
            self.edges |= edges
            reached |= dict.fromkeys(found, level)
            frontier = list(found)
            self.check(len(reached))
        for ref, at in reached.items():
            self.depths[ref] = min(at, self.depths.get(ref, at))

    def _edges(self, frontier: list[NodeRef], up: bool) -> set[Edge]:
        """The edges that lead on: up from an artifact to who wrote it, from an execution to what it read."""
        artifacts = [ref.id for ref in frontier if ref.kind is Kind.ARTIFACT]
        executions = [ref.id for ref in frontier if ref.kind is Kind.EXECUTION]
        written, read = (OUTPUT_EVENTS, INPUT_EVENTS) if up else (INPUT_EVENTS, OUTPUT_EVENTS)
        events = [event for event in self.reader.events_of_artifacts(artifacts) if event.type in written]
        events += [event for event in self.reader.events_of_executions(executions) if event.type in read]
        return {(event.execution_id, int(event.type), event.artifact_id) for event in events}


def _ends(edge: Edge) -> set[NodeRef]:
    return {NodeRef(Kind.EXECUTION, edge[0]), NodeRef(Kind.ARTIFACT, edge[2])}


def _admitted(reader: Reader, refs: Iterable[NodeRef], where: NodeFilter) -> set[NodeRef]:
    refs = {ref for ref in refs if not where.kinds or ref.kind in where.kinds}
    if where == EVERYTHING or where == NodeFilter(kinds=where.kinds):
        return refs
    rows: dict[NodeRef, Artifact | Execution] = {}
    for row in reader.artifacts_by_id(ref.id for ref in refs if ref.kind is Kind.ARTIFACT).values():
        rows[row.ref] = row
    for work in reader.executions_by_id(ref.id for ref in refs if ref.kind is Kind.EXECUTION).values():
        rows[work.ref] = work
    return {ref for ref, row in rows.items() if _matches(row, where)}


def _matches(row: Artifact | Execution, where: NodeFilter) -> bool:
    states = where.artifact_states if isinstance(row, Artifact) else where.execution_states
    return (
        (not where.type_ids or row.type_id in where.type_ids)
        and (not states or (row.state or 0) in states)
        and (not where.namespaces or row.namespace in where.namespaces)
        and (where.created_from_ms is None or row.created_ms >= where.created_from_ms)
        and (where.created_until_ms is None or row.created_ms < where.created_until_ms)
    )
