"""What a graph engine must answer, and the shape of its answers.

Depth counts hops between executions and artifacts: an artifact's producer is at depth 1, that producer's inputs at 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from clew.metadata.ids import Kind, NodeRef, Seq


class Direction(StrEnum):
    """Which way lineage is walked."""

    UP = "up"
    """Towards what a node was made from."""
    DOWN = "down"
    """Towards what was made from it."""
    BOTH = "both"
    """Up from the seeds, and down from the seeds (ancestors and descendants; not siblings)."""


@dataclass(frozen=True, slots=True)
class NodeFilter:
    """Which reached nodes an answer shows. The walk passes through the others. Empty tuples and None admit all."""

    kinds: tuple[Kind, ...] = ()
    type_ids: tuple[int, ...] = ()
    artifact_states: tuple[int, ...] = ()
    """Of artifacts; says nothing of executions. A state that was never set counts as UNKNOWN (0)."""
    execution_states: tuple[int, ...] = ()
    namespaces: tuple[str, ...] = ()
    created_from_ms: int | None = None
    created_until_ms: int | None = None
    """Exclusive."""
    ends_only: bool = False
    """Only nodes beyond which the walk could go no further: sources of a walk up, final products of a walk down."""


EVERYTHING = NodeFilter()


@dataclass(frozen=True, slots=True)
class Trace:
    """What a walk reached, seeds included, in order of depth (within a depth in no promised order).

    Shape: N nodes in three parallel sequences; E edges as (execution_id, event_type, artifact_id) among shown nodes.
    """

    kinds: Sequence[int]
    """0 artifact, 1 execution."""
    ids: Sequence[int]
    depths: Sequence[int]
    edges: Sequence[tuple[int, int, int]]
    """Empty unless edges were asked for."""
    depth: int
    """Deepest level reached."""
    total_nodes: int
    """Nodes that match within ``depth``, also where ``max_nodes`` cut the list."""
    total_edges: int
    """Events between those nodes, whether listed or not."""
    partial: bool
    """True when ``max_nodes`` or ``depth`` left something out that the walk could have reached."""
    seq: Seq
    """The change up to which the record is reflected."""
    took_ms: float

    def refs(self) -> list[NodeRef]:
        """The nodes as refs, in order."""
        return [
            NodeRef(Kind.EXECUTION if k else Kind.ARTIFACT, int(i)) for k, i in zip(self.kinds, self.ids, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a walk reached, by kind, type and depth; nothing listed."""

    artifacts: int
    executions: int
    by_type: dict[int, int]
    """type_id -> nodes."""
    by_depth: dict[int, int]
    depth: int
    partial: bool
    seq: Seq
    took_ms: float


@dataclass(frozen=True, slots=True)
class Paths:
    """Shortest directed paths between two nodes (data flow), each a list of refs from ``a`` to ``b``."""

    paths: list[list[NodeRef]]
    length: int
    """Hops of a shortest path; -1 when there is none."""
    partial: bool
    """True when ``limit`` or ``max_depth`` left paths out."""
    seq: Seq
    took_ms: float


@dataclass(frozen=True, slots=True)
class Among:
    """Some nodes, each once and in the order asked for: how they are wired to each other and to the rest.

    Shape: N nodes in four parallel sequences; E edges as in a Trace.
    """

    kinds: Sequence[int]
    """0 artifact, 1 execution."""
    ids: Sequence[int]
    parents: Sequence[int]
    """Distinct nodes one step up, in the whole record."""
    children: Sequence[int]
    """Distinct nodes one step down."""
    edges: Sequence[tuple[int, int, int]]
    """Events between the nodes; empty unless asked for."""
    seq: Seq
    took_ms: float

    def refs(self) -> list[NodeRef]:
        """The nodes as refs, in order."""
        return [
            NodeRef(Kind.EXECUTION if k else Kind.ARTIFACT, int(i)) for k, i in zip(self.kinds, self.ids, strict=True)
        ]


class GraphEngine(Protocol):
    """Lineage questions over the record. Errors: ArtifactNotFound, ExecutionNotFound for unknown seeds; TimedOut
    when ``min_seq`` is not reached within five seconds; Invalid for a bad depth, limit or a context as a seed."""

    @property
    def name(self) -> str:
        """Which engine this is: ``embedded``, ``sql``."""
        ...

    def trace(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        max_nodes: int | None = None,
        where: NodeFilter = EVERYTHING,
        edges: bool = False,
        min_seq: int = 0,
    ) -> Trace:
        """Walk from ``seeds``."""
        ...

    def counts(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        where: NodeFilter = EVERYTHING,
        min_seq: int = 0,
        enough: int | None = None,
    ) -> Counts:
        """Count what ``trace`` would reach.

        Beyond ``enough`` nodes an engine to which they are dear may stop, and says ``partial``.
        """
        ...

    def paths(
        self, a: NodeRef, b: NodeRef, *, limit: int = 10, max_depth: int | None = None, min_seq: int = 0
    ) -> Paths:
        """Shortest paths from ``a`` down to ``b``."""
        ...

    def among(self, nodes: Sequence[NodeRef], *, edges: bool = False, min_seq: int = 0) -> Among:
        """How ``nodes`` are wired. What is not recorded is left out, not an error."""
        ...

    def close(self) -> None:
        """Stop background work and release files."""
        ...


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything made from the seeds: totals, and the nodes nearest first."""

    counts: Counts
    trace: Trace
    leaves: list[NodeRef] = field(default_factory=list)
    """Reached nodes from which nothing further was made, nearest first; a seed too, if nothing was made from it."""
