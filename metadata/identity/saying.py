"""What a protocol says: an execution touched locations, at times. Pure values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from clew.metadata import digest
from clew.metadata.change import Change, EventPut, NodePut
from clew.metadata.states import EventType
from clew.metadata.text import NAME_LIMIT_BYTES
from clew.metadata.value import Value

Ref = NodePut | int
"""A node that is recorded, or will be by a change of the same batch."""
Where = tuple[str, str, bool]
"""Location, partition, and whether a part touched it."""


@dataclass(frozen=True, slots=True)
class Touch:
    """An execution read or wrote what lies at a location."""

    uri: str
    writes: bool
    time_ms: int
    """When, by the protocol's clock. Of several touches of one location by one execution, the earliest counts."""
    type: str = "Dataset"
    """Type of the artifact, where this touch is what makes it."""
    name: str | None = None
    path: tuple[int | str, ...] = ()
    digest: str | None = None
    size_bytes: int | None = None
    custom_properties: Mapping[str, Value] = field(default_factory=dict)
    confidence: int | None = None
    """In percent; None where it was said outright."""
    same_as: tuple[str, ...] = ()
    """Other names of the location, as a symlink facet tells them."""


@dataclass(slots=True)
class Saying:
    """One message: what it records of its own, and what its execution touched. Settled as one atomic change."""

    change: Change
    """Anything else to record; without an idempotency key, as what is added depends on what was said before."""
    execution: NodePut | int
    key: str
    """Names the writing work, the same in each message of it: a version is called ``LOCATION#KEY``."""
    touches: Sequence[Touch]
    source: str
    """The protocol: openlineage, mlflow, notebook ..."""
    within: Sequence[NodePut | int] = ()
    """Executions that this one is part of: what it writes they write, what it reads from elsewhere they read.

    By id, or a put with an external id."""


class Said(NamedTuple):
    """What is remembered of a touch, on the edge it made."""

    time_ms: int
    location: str
    partition: str
    """Of the location: ``year=2024/month=01``; "" for the whole."""
    path: tuple[int | str, ...]
    source: str | None
    confidence: int | None
    part: bool = False
    """Whether it was a part of the execution, an execution of its own, that touched it."""
    within: tuple[int | str, ...] = ()
    """What the reader is part of, by id or external id: they read it too, unless one of their parts wrote it."""

    @property
    def place(self) -> Where:
        """By what it is known among those of one execution."""
        return self.location, self.partition, self.part

    def merged(self, other: Said) -> Said:
        """What is remembered of the two, whichever came first."""
        first, last = (self, other) if self._rank() <= other._rank() else (other, self)
        if first.within == last.within:
            return first
        return first._replace(within=tuple(sorted({*first.within, *last.within}, key=str)))

    def _rank(self) -> tuple[int, str, str, int]:
        sure = 101 if self.confidence is None else self.confidence
        return self.time_ms, repr(self.path), self.source or "", -sure


Saids = tuple[Said, ...]
"""What was said of one edge, the first first."""


def ref_of(ref: Ref) -> Ref:
    """By its id, where it has one."""
    return ref.given if isinstance(ref, NodePut) and ref.given is not None else ref


def in_order(saids: Sequence[Said]) -> Saids:
    """As they stand on an edge."""
    return tuple(saids) if len(saids) == 1 else tuple(sorted(saids, key=lambda s: (s.time_ms, *s.place)))


def event(artifact: Ref, execution: Ref, type: EventType, saids: Saids) -> EventPut:
    """The event that tells ``saids``."""
    first = saids[0]
    said = None
    if len(saids) > 1 or first.partition or first.part or first.within:
        said = orjson.dumps([tuple(one) for one in saids]).decode()
    return EventPut(
        artifact, execution, type, first.path, first.time_ms, True, first.source, first.confidence,
        first.location, said,
    )  # fmt: skip


def saids_of_row(
    path: str | None, time_ms: int, source: str | None, confidence: int | None, location: str, said: str | None
) -> Saids:
    """The inverse of :func:`event`, from columns."""
    if said is None:
        steps = tuple(orjson.loads(path)) if path else ()
        return (Said(time_ms, location, "", steps, source, confidence),)
    return tuple(
        Said(time, at, partition, tuple(steps), who, sure, part, tuple(within))
        for time, at, partition, steps, who, sure, part, within in orjson.loads(said)
    )  # fmt: skip


def version_name(location: str, key: str) -> str:
    """External id of the version that the work called ``key`` wrote; of the place as it was found, for ""."""
    name = f"{location}#{key}"
    if len(name.encode()) <= NAME_LIMIT_BYTES:
        return name
    return f"{digest.of_struct('location', [location, key])}{'' if key else '#'}"
