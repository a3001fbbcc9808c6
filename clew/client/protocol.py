"""What the command line and the SDK ask of a record, wherever it is, and the shape of the answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from clew.graph.protocol import Direction
from clew.metadata.change import Change, Receipt
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Committed, Context, Event, Execution, Node, NodeType


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, or as of a change (``seq``) or a time (``time_ms``)."""

    seq: int | None = None
    time_ms: int | None = None


NOW = Moment()


@dataclass(frozen=True, slots=True)
class Listing:
    """One page of nodes."""

    items: list[Node]
    next_cursor: str | None
    total: int
    """How many match in all, on every page."""


@dataclass(frozen=True, slots=True)
class Touch:
    """An event and the node at its other end."""

    event: Event
    node: Node


@dataclass(frozen=True, slots=True)
class Detail:
    """A node and what hangs on it."""

    node: Node
    touches: list[Touch] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)
    """The contexts an artifact or execution belongs to; the parents of a context."""
    children: list[Context] = field(default_factory=list)
    artifact_count: int = 0
    """How many artifacts a context holds; likewise executions."""
    execution_count: int = 0


@dataclass(frozen=True, slots=True)
class Lineage:
    """What a walk reached, with its nodes.

    Shape: ``nodes`` and ``depths`` by depth, seeds first; ``edges`` are (execution id, event type, artifact id).
    """

    seeds: list[NodeRef]
    direction: Direction
    nodes: dict[NodeRef, Node]
    depths: dict[NodeRef, int]
    edges: list[tuple[int, int, int]]
    depth: int
    total_nodes: int
    total_edges: int
    partial: bool
    seq: int
    took_ms: float


@dataclass(frozen=True, slots=True)
class Impacted:
    """What was made from some nodes: totals, and the nearest nodes."""

    artifacts: int
    executions: int
    by_type: dict[str, int]
    lineage: Lineage
    leaves: list[NodeRef]


@dataclass(frozen=True, slots=True)
class Routes:
    """Shortest paths of data from one node to another."""

    paths: list[list[NodeRef]]
    nodes: dict[NodeRef, Node]
    length: int
    partial: bool
    seq: int
    took_ms: float


class Client(Protocol):
    """A record to ask and to write. Errors: the tree of metadata/errors.py, the same for both kinds."""

    place: str
    """The home or the URL, for messages."""

    def resolve(self, text: str, moment: Moment = NOW) -> NodeRef:
        """The node named by an id (``artifact:42``), a URI or a digest; of several, the newest."""
        ...

    def nodes_by_ref(self, refs: Sequence[NodeRef], moment: Moment = NOW) -> dict[NodeRef, Node]:
        """The nodes that exist among ``refs``."""
        ...

    def artifacts_at(self, uri: str) -> list[Artifact]:
        """The artifacts at an address, however it is spelled; newest first."""
        ...

    def artifacts_with_digest(self, digest: str) -> list[Artifact]:
        """The artifacts with these bytes; newest first, a hundred at most."""
        ...

    def executions_with_fingerprint(self, fingerprint: str, limit: int = 20) -> list[Execution]:
        """The executions that depended on exactly the same; newest first."""
        ...

    def find(self, kind: Kind, type: str, name: str, namespace: str = "default") -> Node | None:
        """The node of that type and name; None when there is none."""
        ...

    def detail(self, ref: NodeRef, moment: Moment = NOW) -> Detail:
        """A node and what hangs on it."""
        ...

    def history(self, ref: NodeRef) -> list[Node]:
        """Every state of a node, oldest first."""
        ...

    def nodes(
        self,
        kind: Kind,
        *,
        where: str | None = None,
        type: str | None = None,
        namespace: str | None = None,
        context: int | None = None,
        order: str = "id",
        descending: bool = False,
        after: str | None = None,
        limit: int = 100,
        moment: Moment = NOW,
    ) -> Listing:
        """One page of the nodes of a kind."""
        ...

    def types(self, kind: Kind | None = None) -> list[tuple[NodeType, int]]:
        """The types and how many nodes each has."""
        ...

    def trace(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        max_nodes: int | None = 1000,
        moment: Moment = NOW,
    ) -> Lineage:
        """Walk the lineage of ``seeds``."""
        ...

    def impact(self, seeds: Sequence[NodeRef], *, depth: int | None = None, max_nodes: int | None = 1000) -> Impacted:
        """Everything made from ``seeds``."""
        ...

    def paths(self, a: NodeRef, b: NodeRef, *, limit: int = 10) -> Routes:
        """Shortest paths from ``a`` down to ``b``."""
        ...

    def compare(self, a: NodeRef, b: NodeRef, *, everything: bool = False) -> dict[str, Any]:
        """What differs between two nodes of a kind."""
        ...

    def why(self, ref: NodeRef) -> dict[str, Any]:
        """Why an execution ran or was reused: the stored decision of the cache."""
        ...

    def changes(self, after: int = 0, limit: int = 1000) -> list[Committed]:
        """The change log behind ``after``."""
        ...

    def seq(self) -> int:
        """Position of the last change."""
        ...

    def commit(self, change: Change) -> Receipt:
        """Record a change."""
        ...

    def close(self) -> None:
        """Release connections."""
        ...
