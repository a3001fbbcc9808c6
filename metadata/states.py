"""States, event types and property types, with ML Metadata's numbers, and the lattice states move in.

Source: ml_metadata/proto/metadata_store.proto (names and numbers are the wire contract).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final


class ArtifactState(IntEnum):
    """Life of an artifact."""

    UNKNOWN = 0
    PENDING = 1
    LIVE = 2
    MARKED_FOR_DELETION = 3
    DELETED = 4
    ABANDONED = 5
    REFERENCE = 6


class ExecutionState(IntEnum):
    """Life of an execution; COMPLETE, FAILED, CACHED and CANCELED are final."""

    UNKNOWN = 0
    NEW = 1
    RUNNING = 2
    COMPLETE = 3
    FAILED = 4
    CACHED = 5
    CANCELED = 6


class EventType(IntEnum):
    """How an execution touched an artifact."""

    UNKNOWN = 0
    DECLARED_OUTPUT = 1
    DECLARED_INPUT = 2
    INPUT = 3
    OUTPUT = 4
    INTERNAL_INPUT = 5
    INTERNAL_OUTPUT = 6
    PENDING_OUTPUT = 7


class PropertyType(IntEnum):
    """The six kinds of value."""

    UNKNOWN = 0
    INT = 1
    DOUBLE = 2
    STRING = 3
    STRUCT = 4
    PROTO = 5
    BOOLEAN = 6


INPUT_EVENTS: Final = frozenset({EventType.DECLARED_INPUT, EventType.INPUT, EventType.INTERNAL_INPUT})
OUTPUT_EVENTS: Final = frozenset(
    {EventType.DECLARED_OUTPUT, EventType.OUTPUT, EventType.INTERNAL_OUTPUT, EventType.PENDING_OUTPUT}
)
FINAL_STATES: Final = frozenset(
    {ExecutionState.COMPLETE, ExecutionState.FAILED, ExecutionState.CACHED, ExecutionState.CANCELED}
)

_ARTIFACT_RANK: dict[int | None, int] = {None: 0, ArtifactState.UNKNOWN: 0, ArtifactState.PENDING: 1}
_EXECUTION_RANK: dict[int | None, int] = {
    None: 0,
    ExecutionState.UNKNOWN: 0,
    ExecutionState.NEW: 1,
    ExecutionState.RUNNING: 2,
}


def advance_artifact(old: int | None, new: int | None) -> int | None:
    """The state after ``new`` is reported over ``old``: never back to PENDING or UNKNOWN."""
    if new is None:
        return old
    return new if _ARTIFACT_RANK.get(new, 2) >= _ARTIFACT_RANK.get(old, 2) else old


def advance_execution(old: int | None, new: int | None) -> int | None:
    """The state after ``new`` is reported over ``old``: a finished execution stays as it finished."""
    if new is None or old in FINAL_STATES:
        return old
    return new if _EXECUTION_RANK.get(new, 3) >= _EXECUTION_RANK.get(old, 3) else old
