"""Nodes and edges as a walk, a page of neighbours or a list of ids shows them; only what is selected is found out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from clew.api.graphql.enums import EventType, Kind
from clew.api.graphql.nodes import Node, artifacts_by_id, executions_by_id
from clew.api.graphql.operation import Info, Operation, Snapshot, selects
from clew.api.graphql.scalars import Int64
from clew.graph.protocol import Among, GraphEngine
from clew.graph.rank import Ref, ranks
from clew.metadata.ids import INT64_MAX, NodeRef

PREFIXES = ("artifact:", "execution:")
KINDS = (Kind.ARTIFACT, Kind.EXECUTION)


class Reached:
    """The refs of one answer, whose nodes load together when the first is asked for."""

    __slots__ = ("_nodes", "operation", "past", "refs", "seq")

    def __init__(self, operation: Operation, refs: Sequence[Ref], seq: int, past: Snapshot | None) -> None:
        self.operation = operation
        self.refs = refs
        self.seq = seq
        self.past = past
        self._nodes: dict[Ref, Node] | None = None

    def node(self, ref: Ref) -> Node:
        """The node of ``ref`` = (0 artifact or 1 execution, id)."""
        if self._nodes is None:
            snapshot = self.past or self.operation.snapshot_since(self.seq)
            artifacts = artifacts_by_id(snapshot, [id for kind, id in self.refs if not kind])
            executions = executions_by_id(snapshot, [id for kind, id in self.refs if kind])
            self._nodes = {(0, id): node for id, node in artifacts.items()}
            self._nodes |= {(1, id): node for id, node in executions.items()}
        return self._nodes[ref]


@strawberry.type(description="A node of a drawing.")
class LineageNode:
    """A reached node."""

    id: strawberry.ID = strawberry.field(description="`artifact:42` or `execution:7`.")
    kind: Kind = strawberry.field(description="ARTIFACT or EXECUTION.")
    depth: int = strawberry.field(description="Hops from the nearest seed: a producer is 1 away, its inputs 2.")
    rank: int = strawberry.field(
        description="The column a layered drawing puts it in: the longest path to it from a source, among the shown "
        "nodes and edges. Where data goes in a cycle, the node recorded first leads."
    )
    order: Int64 = strawberry.field(
        description="A key for order within a rank, the same on every load: the order of recording."
    )
    parents: int = strawberry.field(
        description="Distinct nodes one step towards its sources in the whole record, shown or not."
    )
    children: int = strawberry.field(
        description="Distinct nodes one step towards what was made from it in the whole record, shown or not."
    )
    node: Node = strawberry.field(description="The node, whole.")


@strawberry.type(description="An edge between two shown nodes: data flows as the event type tells.")
class LineageEdge:
    """An edge."""

    execution: strawberry.ID = strawberry.field(description="`execution:7`.")
    artifact: strawberry.ID = strawberry.field(description="`artifact:42`.")
    type: EventType = strawberry.field(description="Whether it was read or written.")


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is known of the nodes of a drawing before they are told."""

    reached: Reached
    depths: Iterable[int]
    engine: GraphEngine
    edges: Sequence[tuple[int, int, int]]
    """Between all nodes of the drawing; needed for ranks alone."""
    beside: Sequence[Ref] = ()
    """Nodes of the drawing that are not told here."""
    wired: Among | None = None
    """Of the told nodes at least, where somebody has asked already."""

    def nodes(self, info: Info) -> list[LineageNode]:
        """The nodes, with what is selected of each."""
        refs = self.reached.refs
        load = self.reached.node if selects(info, "node") else _unread
        rank = ranks([*refs, *self.beside], self.edges) if selects(info, "rank") else {}
        degrees = self._degrees() if selects(info, "parents") or selects(info, "children") else {}
        return [
            LineageNode(
                id=strawberry.ID(f"{PREFIXES[ref[0]]}{ref[1]}"),
                kind=KINDS[ref[0]],
                depth=int(depth),
                rank=rank.get(ref, 0),
                order=Int64(min(2 * ref[1] + ref[0], INT64_MAX)),
                parents=degrees[ref][0] if degrees else 0,
                children=degrees[ref][1] if degrees else 0,
                node=load(ref),
            )
            for ref, depth in zip(refs, self.depths, strict=True)
        ]

    def _degrees(self) -> dict[Ref, tuple[int, int]]:
        reached = self.reached
        wired = self.wired or self.engine.among(node_refs(reached.refs), min_seq=reached.seq)
        keys = refs_of(wired.kinds, wired.ids)
        found = dict(zip(keys, zip(map(int, wired.parents), map(int, wired.children), strict=True), strict=True))
        return dict.fromkeys(reached.refs, (0, 0)) | found


def refs_of(kinds: Iterable[int], ids: Iterable[int]) -> list[Ref]:
    """Parallel sequences of an engine's answer as pairs."""
    return list(zip(map(int, kinds), map(int, ids), strict=True))


def node_refs(refs: Iterable[Ref]) -> list[NodeRef]:
    """The same refs as the engine takes them."""
    return [NodeRef(KINDS[kind], id) for kind, id in refs]


def edges_of(operation: Operation, edges: Sequence[tuple[int, int, int]]) -> list[LineageEdge]:
    """An engine's edges as GraphQL shows them."""
    operation.spend(len(edges))
    return [
        LineageEdge(
            execution=strawberry.ID(f"execution:{execution}"),
            artifact=strawberry.ID(f"artifact:{artifact}"),
            type=EventType(int(type)),
        )
        for execution, type, artifact in edges
    ]


def _unread(ref: Ref) -> Any:
    """In place of a node that is not selected."""
