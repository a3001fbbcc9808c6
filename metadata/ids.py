"""Typed ids and their one spelling outside: ``artifact:42``. Imports only errors."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple, NewType

from clew.metadata.errors import Invalid

ArtifactId = NewType("ArtifactId", int)
ExecutionId = NewType("ExecutionId", int)
ContextId = NewType("ContextId", int)
TypeId = NewType("TypeId", int)
Seq = NewType("Seq", int)
"""Position in the change log: 1, 2, 3 ... without gaps; 0 is the empty record."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class Kind(StrEnum):
    """The three kinds of node."""

    ARTIFACT = "artifact"
    EXECUTION = "execution"
    CONTEXT = "context"


class NodeRef(NamedTuple):
    """A node outside the record: its kind and its id, spelled ``artifact:42``."""

    kind: Kind
    id: int

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.id}"

    @classmethod
    def parse(cls, text: str, field: str = "id") -> NodeRef:
        """Read ``artifact:42``; raise Invalid naming ``field`` otherwise."""
        kind, _, number = text.partition(":")
        if kind in _KINDS and number.isascii() and number.isdigit() and 0 < int(number) <= INT64_MAX:
            return cls(_KINDS[kind], int(number))
        raise Invalid(
            f"{text[:80]!r} is not a node id",
            field=field,
            value=text,
            remedy="Write artifact:N, execution:N or context:N",
        )


_KINDS = {kind.value: kind for kind in Kind}
