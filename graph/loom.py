"""Small graphs to test lineage with: a Loom records them by name, an Oracle answers by brute force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from clew.graph.protocol import EVERYTHING, Direction, NodeFilter
from clew.metadata.change import Change, NodePut
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS, EventType

UP, DOWN, BOTH = Direction.UP, Direction.DOWN, Direction.BOTH
Edge = tuple[int, int, int]
Answer = tuple[dict[NodeRef, int], set[Edge], bool]
"""Nodes with their depths, events between them, whether the depth limit left something out."""


@dataclass(slots=True)
class Known:
    """What the oracle remembers of a node."""

    type_id: int
    state: int
    namespace: str
    created_ms: int


@dataclass(slots=True)
class Oracle:
    """Lineage by brute force over plain sets: slow, and plainly right."""

    nodes: dict[NodeRef, Known] = field(default_factory=dict)
    events: set[Edge] = field(default_factory=set)

    def trace(
        self,
        seeds: Iterable[NodeRef],
        direction: Direction = UP,
        depth: int | None = None,
        where: NodeFilter = EVERYTHING,
    ) -> Answer:
        """What a walk must answer."""
        seeds = list(seeds)
        depths: dict[NodeRef, int] = {}
        ends: set[NodeRef] = set()
        cut = False
        for way in (UP, DOWN) if direction is BOTH else (direction,):
            for ref, at in self._distances(seeds, way).items():
                if depth is not None and at > depth:
                    cut = True
                    continue
                depths[ref] = min(at, depths.get(ref, at))
                if not self._next(ref, way):
                    ends.add(ref)
        shown = {
            ref: at for ref, at in depths.items() if self._shows(where, ref) and (not where.ends_only or ref in ends)
        }
        return shown, {edge for edge in self.events if all(end in shown for end in _ends(edge)) and _leads(edge)}, cut

    def paths(self, a: NodeRef, b: NodeRef) -> tuple[int, set[tuple[NodeRef, ...]]]:
        """Length (-1: none) and all shortest paths from ``a`` down to ``b``."""
        distance = self._distances([b], UP)
        if a not in distance:
            return -1, set()
        paths: list[tuple[NodeRef, ...]] = [(a,)]
        for left in range(distance[a] - 1, -1, -1):
            paths = [
                (*path, after) for path in paths for after in self._next(path[-1], DOWN) if distance.get(after) == left
            ]
        return distance[a], set(paths)

    def among(self, nodes: Iterable[NodeRef]) -> tuple[dict[NodeRef, tuple[int, int]], set[Edge]]:
        """Parents and children of those that are recorded, and the events between them."""
        there = {ref for ref in nodes if ref in self.nodes}
        wired = {ref: (len(self._next(ref, UP)), len(self._next(ref, DOWN))) for ref in there}
        return wired, {edge for edge in self.events if there.issuperset(_ends(edge)) and _leads(edge)}

    def _distances(self, seeds: list[NodeRef], way: Direction) -> dict[NodeRef, int]:
        found, frontier, at = dict.fromkeys(seeds, 0), set(seeds), 0
        while frontier:
            at += 1
            frontier = {after for ref in frontier for after in self._next(ref, way)} - found.keys()
            found |= dict.fromkeys(frontier, at)
        return found

    def _next(self, ref: NodeRef, way: Direction) -> set[NodeRef]:
        found = set()
        for execution, kind, artifact in self.events:
            if kind in INPUT_EVENTS:
                source, target = NodeRef(Kind.ARTIFACT, artifact), NodeRef(Kind.EXECUTION, execution)
            elif kind in OUTPUT_EVENTS:
                source, target = NodeRef(Kind.EXECUTION, execution), NodeRef(Kind.ARTIFACT, artifact)
            else:
                continue
            if way is UP and target == ref:
                found.add(source)
            if way is DOWN and source == ref:
                found.add(target)
        return found

    def _shows(self, where: NodeFilter, ref: NodeRef) -> bool:
        known = self.nodes[ref]
        states = where.execution_states if ref.kind is Kind.EXECUTION else where.artifact_states
        return (
            (not where.kinds or ref.kind in where.kinds)
            and (not where.type_ids or known.type_id in where.type_ids)
            and (not states or known.state in states)
            and (not where.namespaces or known.namespace in where.namespaces)
            and (where.created_from_ms is None or known.created_ms >= where.created_from_ms)
            and (where.created_until_ms is None or known.created_ms < where.created_until_ms)
        )


class Loom:
    """Records small graphs, and remembers them in an oracle. Nodes go by names of the test's choosing."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.oracle = Oracle()
        self.names: dict[str, NodeRef] = {}
        self.seq = 0
        self.clock_ms = 1_700_000_000_000
        """Creation time of the next node; moves on by a second a node."""

    def __getitem__(self, name: str) -> NodeRef:
        return self.names[name]

    def weave(self, *steps: str, namespace: str = "default") -> int:
        """Record steps written ``raw, config > train > model``: what it reads, the execution, what it makes.

        An artifact may be written ``name/EVENT_TYPE``. All steps are one change; returns its ``seq``.
        """
        events: list[tuple[str, EventType, str]] = []
        for step in steps:
            read, execution, made = (part.strip() for part in step.split(">"))
            for side, usual in ((read, EventType.INPUT), (made, EventType.OUTPUT)):
                for artifact in filter(None, (name.strip() for name in side.split(","))):
                    name, _, kind = artifact.partition("/")
                    events.append((execution, EventType[kind] if kind else usual, name))
            if not read and not made:
                self.node(Kind.EXECUTION, execution, namespace=namespace)
        change = Change(namespace=namespace)
        self._types(change)
        puts: dict[str, NodePut] = {}
        for execution, _, artifact in events:
            for kind, name in ((Kind.EXECUTION, execution), (Kind.ARTIFACT, artifact)):
                if name not in self.names and name not in puts:
                    puts[name] = self._put(change, kind, "Data" if kind is Kind.ARTIFACT else "Run", None)
        for execution, event, artifact in events:
            ends = [puts.get(name) or self.names[name].id for name in (artifact, execution)]
            change.event(ends[0], ends[1], event)
        self._commit(change, puts)
        self.oracle.events |= {(self[e].id, int(kind), self[a].id) for e, kind, a in events}
        return self.seq

    def node(
        self, kind: Kind, name: str, *, type: str = "", state: int | None = None, namespace: str = "default"
    ) -> NodeRef:
        """Record one node."""
        change = Change(namespace=namespace)
        self._types(change, *([(kind, type)] if type else []))
        put = self._put(change, kind, type or ("Data" if kind is Kind.ARTIFACT else "Run"), state)
        self._commit(change, {name: put})
        return self[name]

    def withdraw(self, *events: tuple[str, EventType, str], again: int = 0) -> int:
        """Take events (execution, type, artifact) back, and put the first ``again`` anew; returns the ``seq``."""
        change = Change()
        for execution, kind, artifact in events:
            change.withdraw(self[artifact].id, self[execution].id, kind)
        for execution, kind, artifact in events[:again]:
            change.event(self[artifact].id, self[execution].id, kind)
        self.seq = int(self.record.commit(change).seq)
        keys = [(self[execution].id, int(kind), self[artifact].id) for execution, kind, artifact in events]
        self.oracle.events = (self.oracle.events - set(keys)) | set(keys[:again])
        return self.seq

    def state(self, name: str, state: int) -> int:
        """Record a node's new state; returns the ``seq``."""
        change = Change()
        change.node(NodePut(self[name].kind, None, id=self[name].id, state=state))
        self.seq = int(self.record.commit(change).seq)
        with self.record.read() as reader:
            now = reader.node(self[name])
        self.oracle.nodes[self[name]].state = int(getattr(now, "state", None) or 0)
        return self.seq

    def _types(self, change: Change, *more: tuple[Kind, str]) -> None:
        for kind, name in ((Kind.ARTIFACT, "Data"), (Kind.EXECUTION, "Run"), *more):
            change.type(NodeType(kind, name))

    def _put(self, change: Change, kind: Kind, type: str, state: int | None) -> NodePut:
        self.clock_ms += 1000
        return change.node(NodePut(kind, type, state=state, created_ms=self.clock_ms))

    def _commit(self, change: Change, puts: dict[str, NodePut]) -> None:
        receipt = self.record.commit(change)
        self.seq = int(receipt.seq)
        types = {(put.type.kind, put.type.name): receipt.id(put) for put in change.types}
        for name, put in puts.items():
            ref = NodeRef(put.kind, receipt.id(put))
            self.names[name] = ref
            assert isinstance(put.type, str)
            assert put.created_ms is not None
            self.oracle.nodes[ref] = Known(
                types[put.kind, put.type], int(put.state or 0), change.namespace, put.created_ms
            )


def _ends(edge: Edge) -> tuple[NodeRef, NodeRef]:
    return NodeRef(Kind.EXECUTION, edge[0]), NodeRef(Kind.ARTIFACT, edge[2])


def _leads(edge: Edge) -> bool:
    return edge[1] in INPUT_EVENTS or edge[1] in OUTPUT_EVENTS
