"""The one service layer under every face: what is asked, answered from the record and the engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clew.graph.protocol import EVERYTHING, Direction, GraphEngine, NodeFilter, Trace
from clew.metadata.ids import NodeRef
from clew.metadata.reader import Reader
from clew.metadata.record import Record


class PastTracer(Protocol):
    """Walks the graph as it was: over a reader of an earlier moment."""

    def __call__(
        self,
        reader: Reader,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        max_nodes: int | None = None,
        where: NodeFilter = EVERYTHING,
        edges: bool = False,
    ) -> Trace:
        """Walk from ``seeds``."""
        ...


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a face may call. Built by ``clew.wiring``."""

    record: Record
    engine: GraphEngine
    version: str = ""
