"""One moment of the graph, as the walks see it: arrays, and how much of the tail counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from clew.graph.embedded.csr import I64, INPUT_CODES, OUTPUT_CODES, U8, U32, Csr
from clew.graph.embedded.numbering import Classes, Numbering
from clew.graph.embedded.snapshot import Snapshot, Stamp
from clew.graph.embedded.tail import Tail
from clew.graph.embedded.walk import ClassArray
from clew.graph.embedded.walk import attributes as read_attributes
from clew.graph.protocol import NodeFilter
from clew.graph.question import not_found
from clew.metadata.ids import Kind, NodeRef

_TYPES = np.zeros(8, np.int64)  # up << 2 | code -> event type
for _side, _codes in ((0, OUTPUT_CODES), (4, INPUT_CODES)):
    for _code, _type in enumerate(_codes):
        _TYPES[_side | _code] = _type
KINDS = (Kind.ARTIFACT, Kind.EXECUTION)


@dataclass(frozen=True, slots=True)
class Base:
    """The arrays that do not change: adjacency, and each node's class and creation time."""

    csr: Csr
    classes: tuple[ClassArray, ClassArray]
    created: tuple[I64, I64]
    """Of artifacts and of executions, by index."""

    @property
    def codes(self) -> int:
        """Node codes of the base are below this."""
        return 2 * max(self.classes[0].size, self.classes[1].size)

    @classmethod
    def of_snapshot(cls, snapshot: Snapshot) -> Base:
        """The arrays of a snapshot, as they lie in its file."""
        a = snapshot.arrays
        return cls(
            snapshot.csr(),
            (a["artifact_class"], a["execution_class"]),
            (a["artifact_created"], a["execution_created"]),
        )

    def as_snapshot(self, stamp: Stamp, classes: Classes, numbering: tuple[Numbering, Numbering]) -> Snapshot:
        """The arrays with all that is needed to read them again."""
        nodes = (self.classes[0].size, self.classes[1].size)
        direct = (min(numbering[0].direct, nodes[0]), min(numbering[1].direct, nodes[1]))
        arrays = self.csr._asdict() | {
            "artifact_class": self.classes[0],
            "execution_class": self.classes[1],
            "artifact_created": self.created[0],
            "execution_created": self.created[1],
            "artifact_extra": numbering[0].extra[: nodes[0] - direct[0]],
            "execution_extra": numbering[1].extra[: nodes[1] - direct[1]],
        }
        return Snapshot(stamp, classes.known[1:], direct, arrays)

    def memory_bytes(self) -> int:
        """What the arrays hold, mapped or not."""
        return sum(array.nbytes for array in (*self.csr, *self.classes, *self.created))


@dataclass(frozen=True, slots=True)
class View:
    """A reader's hold on one moment."""

    base: Base
    tail: Tail
    edge_limit: int
    attribute_limit: int
    numbering: tuple[Numbering, Numbering]
    classes: Classes
    codes: int
    """Node codes are below this."""
    seq: int
    digest: str
    arrays: tuple[tuple[Any, ...], tuple[Any, ...]] = field(init=False)
    """Adjacency and tail as plain tuples, which compiled code takes in faster."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrays", (tuple(self.base.csr), tuple(self.tail)))

    def codes_of(self, refs: Sequence[NodeRef]) -> U32:
        """Codes of ``refs``. Errors: ArtifactNotFound, ExecutionNotFound."""
        return np.array([self._code_of(ref) for ref in refs], np.uint32)

    def known(self, refs: Sequence[NodeRef]) -> U32:
        """Codes of those of ``refs`` that are recorded."""
        return np.array([code for code in map(self._found, refs) if code is not None], np.uint32)

    def _code_of(self, ref: NodeRef) -> int:
        code = self._found(ref)
        if code is None:
            raise not_found(ref)
        return code

    def _found(self, ref: NodeRef) -> int | None:
        kind = 1 if ref.kind is Kind.EXECUTION else 0
        index = self.numbering[kind].index(ref.id)
        code = 2 * index + kind
        if 0 <= index < self.base.classes[kind].size and self.base.classes[kind][index]:
            return code
        if index < 0 or code >= self.codes or not self.attributes(np.array([code], np.uint32))[0][0]:
            return None
        return code

    def attributes(self, codes: U32) -> tuple[U32, I64]:
        """Class and creation time of every code."""
        return read_attributes(self.base.classes, self.base.created, self.tail, self.attribute_limit, codes)

    def refs(self, codes: Sequence[int]) -> list[NodeRef]:
        """Codes as refs."""
        return [
            NodeRef(KINDS[code & 1], int(self.numbering[code & 1].ids(np.array([code >> 1], np.int64))[0]))
            for code in map(int, codes)
        ]

    def ids(self, kinds: U8, indices: I64) -> I64:
        """Ids of nodes of mixed kinds."""
        if self.numbering[0].size == self.numbering[0].direct and self.numbering[1].size == self.numbering[1].direct:
            return indices
        ids = indices.copy()
        for kind in (0, 1):
            mine = kinds == kind
            ids[mine] = self.numbering[kind].ids(indices[mine])
        return ids

    def edges(self, executions: U32, kinds: U8, artifacts: U32) -> list[tuple[int, int, int]]:
        """Edges of the walks as (execution id, event type, artifact id)."""
        return list(
            zip(
                self.numbering[1].ids(executions.astype(np.int64)).tolist(),
                _TYPES[kinds].tolist(),
                self.numbering[0].ids(artifacts.astype(np.int64)).tolist(),
                strict=True,
            )
        )

    def admitted(self, codes: U32, where: NodeFilter) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which of ``codes`` a filter shows (``ends_only`` apart: that is the walk's to tell)."""
        classes, created = self.attributes(codes)
        kinds = (codes & 1).astype(np.uint8)
        known = list(self.classes.known)
        tables = np.array([[_shows(where, kind, *of) for of in known] for kind in (0, 1)])
        keep = tables[kinds, classes]
        if where.created_from_ms is not None:
            keep &= created >= where.created_from_ms
        if where.created_until_ms is not None:
            keep &= created < where.created_until_ms
        return keep

    def types(self, codes: U32) -> dict[int, int]:
        """type_id -> how many of ``codes``."""
        counts = np.bincount(self.attributes(codes)[0], minlength=1)
        found: dict[int, int] = {}
        for number in np.flatnonzero(counts):
            type_id = self.classes.known[int(number)][0]
            found[type_id] = found.get(type_id, 0) + int(counts[number])
        return found


def _shows(where: NodeFilter, kind: int, type_id: int, state: int, namespace: str) -> bool:
    states = where.execution_states if kind else where.artifact_states
    return (
        (not where.kinds or KINDS[kind] in where.kinds)
        and (not where.type_ids or type_id in where.type_ids)
        and (not states or state in states)
        and (not where.namespaces or namespace in where.namespaces)
    )
