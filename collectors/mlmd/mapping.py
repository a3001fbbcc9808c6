"""From the store's ids and nodes to the record's."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from clew.collectors.mlmd.source import KINDS, SourceNode
from clew.metadata.change import NodePut
from clew.metadata.ids import Kind
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState

STATES = {
    Kind.ARTIFACT: frozenset(map(int, ArtifactState)),
    Kind.EXECUTION: frozenset(map(int, ExecutionState)),
    Kind.CONTEXT: frozenset[int](),
}
EVENT_TYPES = {int(type): type for type in EventType if type is not EventType.UNKNOWN}


class IdMap:
    """The store's ids -> the record's, of one kind. Cost: an entry a run of ids that move together."""

    __slots__ = ("_ends", "_offsets", "_starts")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._offsets: list[int] = []

    def add(self, old: int, new: int) -> None:
        """Learn where ``old``, which is higher than all before, has gone."""
        if self._ends and self._ends[-1] == old and self._offsets[-1] == new - old:
            self._ends[-1] = old + 1
            return
        self._starts.append(old)
        self._ends.append(old + 1)
        self._offsets.append(new - old)

    def get(self, old: int) -> int | None:
        """Where ``old`` has gone; None when it was not moved."""
        at = bisect_right(self._starts, old) - 1
        return None if at < 0 or old >= self._ends[at] else old + self._offsets[at]


@dataclass(frozen=True, slots=True)
class Into:
    """Where a store goes, and under which name."""

    record: Record
    label: str
    """What the store is called in the log and in external ids."""
    namespace: str = "default"

    @property
    def actor(self) -> str:
        """The author of the changes: by it, a later run knows its own."""
        return f"import mlmd {self.label}"


@dataclass(slots=True)
class Ids:
    """Where everything has gone."""

    types: dict[Kind, dict[int, int]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    nodes: dict[Kind, IdMap] = field(default_factory=lambda: {kind: IdMap() for kind in KINDS})


def alias(label: str, kind: Kind, id: int) -> str:
    """The external id of a node that could not keep its id and has no external id of its own."""
    return f"mlmd:{label}:{kind.value}:{id}"


def insert_put(kind: Kind, node: SourceNode, type_id: int, external_id: str | None) -> NodePut:
    """The put that records ``node``, every field as it is in the store, in the namespace of its change."""
    _, _, name, _, uri, state, created_ms, updated_ms, properties, custom_properties = node
    return NodePut(
        kind, type_id, None, name, external_id, uri or None, state if state in STATES[kind] else None,
        None, None, None, None, None, properties or None, custom_properties or None, None,
        created_ms, updated_ms, "merge", "", "replace",
    )  # fmt: skip


def update_put(kind: Kind, node: SourceNode, id: int, external_id: str | None) -> NodePut:
    """The put that makes the record's node ``id`` what ``node`` has become."""
    put = insert_put(kind, node, 0, external_id)
    put.id, put.type, put.mode = id, None, "replace"
    return put
