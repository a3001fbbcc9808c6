"""What a store of ML Metadata holds, however it is reached, in the shapes in which sources give it.

Words and numbers are the record's own (``metadata/node.py``, ``metadata/states.py``); only ids are the store's.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.value import Value

BATCH = 2000
"""Nodes a batch: one change of the record, with everything that hangs on them."""
KINDS = (Kind.CONTEXT, Kind.ARTIFACT, Kind.EXECUTION)
"""In the order in which nodes are moved: what edges point at comes first."""


class SourceNode(NamedTuple):
    """An artifact, execution or context of the store."""

    id: int
    type_id: int
    name: str | None
    external_id: str | None
    uri: str | None
    state: int | None
    created_ms: int
    updated_ms: int
    properties: dict[str, Value]
    custom_properties: dict[str, Value]


class SourceEvent(NamedTuple):
    """An event of the store; ``time_ms`` is None where the store has none."""

    execution_id: int
    type: int
    artifact_id: int
    path: tuple[int | str, ...]
    time_ms: int | None


class Lost(NamedTuple):
    """Something of the store that no record can hold, and why."""

    where: str
    """As ``artifact:42`` or ``event of execution:7``, with the store's ids."""
    what: str


@dataclass(slots=True)
class Types:
    """All types of a store, the predefined too; ids and base types are the store's."""

    types: list[NodeType] = field(default_factory=list)
    lost: list[Lost] = field(default_factory=list)


@dataclass(slots=True)
class Batch:
    """Some nodes of one kind, by ascending id, and what hangs on them."""

    nodes: list[SourceNode]
    links: list[tuple[int, int]] = field(default_factory=list)
    """(member, context): attributions, associations, or of contexts (child, parent)."""
    events: list[SourceEvent] = field(default_factory=list)
    """Of executions: by execution, in the order in which they were put."""
    lost: list[Lost] = field(default_factory=list)


class Source(Protocol):
    """A store that can be read from its first node to its last, as often as one likes."""

    name: str
    """What the store is called when nobody says otherwise; holds no password."""

    def types(self) -> Types:
        """All types."""
        ...

    def count(self, kind: Kind) -> int | None:
        """How many nodes of a kind there are, to show progress by; None where nobody can tell."""
        ...

    def batches(self, kind: Kind) -> Iterator[Batch]:
        """All nodes of a kind, by ascending id. Each link and event of the store is in exactly one batch of its kind,
        also where its ends do not exist. Errors: SourceUnreachable, Corrupt."""
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...


class Links:
    """The pairs of one table of links, sorted by member. Cost: 16 bytes a pair."""

    def __init__(self, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._members, self._contexts = array("q"), array("q")
        for member, context in pairs:
            self._members.append(member)
            self._contexts.append(context)

    def between(self, after: int, last: int) -> list[tuple[int, int]]:
        """The pairs whose member is above ``after``, up to ``last``."""
        start, end = bisect_right(self._members, after), bisect_right(self._members, last)
        return list(zip(self._members[start:end], self._contexts[start:end], strict=True))
