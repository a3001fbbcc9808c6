"""The record's enumerations as GraphQL enums, each value described."""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

import strawberry

from clew.graph.protocol import Direction
from clew.metadata.ids import Kind
from clew.metadata.preview import PreviewKind
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType

E = TypeVar("E", bound=type[Enum])


def _describe(enum: E, name: str, description: str, values: dict[str, str]) -> E:
    described = strawberry.enum(enum, name=name, description=description)
    for value in described.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]
    return described


class CacheMode(Enum):
    """What a run does with the cache."""

    ON = "on"
    READ = "read"
    WRITE = "write"
    REFRESH = "refresh"
    OFF = "off"


class CacheOrder(Enum):
    """Which entries of the cache come first."""

    NEWEST = "newest"
    HITS = "hits"
    SAVED = "saved"
    SIZE = "size"
    COST = "cost"
    AGE = "age"


class ContainerMode(Enum):
    """What to do with steps whose program lives in an image."""

    AUTO = "auto"
    DOCKER = "docker"
    PODMAN = "podman"
    HOST = "host"
    REFUSE = "refuse"


class NeighbourOrder(Enum):
    """Which neighbours come first."""

    RECENT = "recent"
    FAN_OUT = "fan_out"
    NAME = "name"


class SeriesAxis(Enum):
    """What the points of a curve are ordered by."""

    STEP = "step"
    TIME = "time"


class OrderField(Enum):
    """What a listing is ordered by."""

    ID = "id"
    CREATED = "created"
    UPDATED = "updated"
    NAME = "name"
    TYPE = "type"
    STATE = "state"
    SIZE = "size"
    STARTED = "started"
    ENDED = "ended"


class OrderDirection(Enum):
    """Which way a listing runs."""

    ASC = "asc"
    DESC = "desc"


class State(Enum):
    """States of artifacts and of executions, in one enumeration: so one selection can name both."""

    UNKNOWN = "UNKNOWN"
    PENDING = "PENDING"
    LIVE = "LIVE"
    MARKED_FOR_DELETION = "MARKED_FOR_DELETION"
    DELETED = "DELETED"
    ABANDONED = "ABANDONED"
    REFERENCE = "REFERENCE"
    NEW = "NEW"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    FAILED = "FAILED"
    CACHED = "CACHED"
    CANCELED = "CANCELED"


ARTIFACT_STATE_OF: dict[ArtifactState | None, State | None] = {
    None: None,
    **{state: State[state.name] for state in ArtifactState},
}
EXECUTION_STATE_OF: dict[ExecutionState | None, State | None] = {
    None: None,
    **{state: State[state.name] for state in ExecutionState},
}


def state_of(kind: Kind, state: int | None) -> State | None:
    """A state by its number in the record: UNKNOWN where none was told, None of contexts."""
    if kind is Kind.CONTEXT:
        return None
    if kind is Kind.ARTIFACT:
        return ARTIFACT_STATE_OF[ArtifactState(state or 0)]
    return EXECUTION_STATE_OF[ExecutionState(state or 0)]


class UpdateMode(Enum):
    """What an update does with what it does not name."""

    MERGE = "merge"
    REPLACE = "replace"


class ReuseBy(Enum):
    """By what an existing node is found."""

    NEVER = ""
    NAME = "name"
    EXTERNAL_ID = "external_id"


class StateChange(Enum):
    """Whether a reported state may move back."""

    ADVANCE = "advance"
    REPLACE = "replace"


_describe(
    Kind,
    "NodeKind",
    "The three kinds of node.",
    {
        "ARTIFACT": "A thing made or used: data set, model, metrics, report.",
        "EXECUTION": "A piece of work.",
        "CONTEXT": "A grouping: project, experiment, pipeline, run.",
    },
)
_ARTIFACT_STATES = {
    "UNKNOWN": "Not told.",
    "PENDING": "Being made.",
    "LIVE": "There to be used.",
    "MARKED_FOR_DELETION": "To be deleted.",
    "DELETED": "Its bytes are gone.",
    "ABANDONED": "Never finished.",
    "REFERENCE": "Known by address only; managed elsewhere.",
}
_EXECUTION_STATES = {
    "UNKNOWN": "Not told.",
    "NEW": "Not started.",
    "RUNNING": "Under way.",
    "COMPLETE": "Done.",
    "FAILED": "Ended with an error.",
    "CACHED": "Not run: an earlier result was reused.",
    "CANCELED": "Stopped before its end.",
}
_describe(ArtifactState, "ArtifactState", "Life of an artifact.", _ARTIFACT_STATES)
_describe(
    ExecutionState,
    "ExecutionState",
    "Life of an execution. COMPLETE, FAILED, CACHED and CANCELED are final.",
    _EXECUTION_STATES,
)
_describe(
    State,
    "State",
    "The states of artifacts (ArtifactState) and of executions (ExecutionState).",
    _ARTIFACT_STATES | _EXECUTION_STATES,
)
_describe(
    EventType,
    "EventType",
    "How an execution touched an artifact.",
    {
        "UNKNOWN": "Not told.",
        "DECLARED_OUTPUT": "Named in its interface as an output.",
        "DECLARED_INPUT": "Named in its interface as an input.",
        "INPUT": "Read.",
        "OUTPUT": "Written.",
        "INTERNAL_INPUT": "Read behind the interface.",
        "INTERNAL_OUTPUT": "Written behind the interface.",
        "PENDING_OUTPUT": "Will be written.",
    },
)
_describe(
    PropertyType,
    "PropertyKind",
    "The six kinds of property value.",
    {
        "UNKNOWN": "Not told.",
        "INT": "A 64-bit integer.",
        "DOUBLE": "A 64-bit floating-point number, infinities and NaN included.",
        "STRING": "Unicode text, NUL included.",
        "STRUCT": "A JSON object.",
        "PROTO": "A serialised protobuf message.",
        "BOOLEAN": "True or false.",
    },
)
_describe(
    Direction,
    "Direction",
    "Which way lineage is walked.",
    {
        "UP": "Towards what a node was made from.",
        "DOWN": "Towards what was made from it.",
        "BOTH": "Ancestors and descendants, not siblings.",
    },
)
_describe(
    NeighbourOrder,
    "NeighbourOrder",
    "Which neighbours come first.",
    {
        "RECENT": "Those created last.",
        "FAN_OUT": "Those with most neighbours further in the same direction.",
        "NAME": "By name, by code point; those without one first.",
    },
)
_describe(
    SeriesAxis,
    "SeriesAxis",
    "What the points of a curve are ordered by.",
    {
        "STEP": "The step, epoch or iteration told beside the value, or the place in a list.",
        "TIME": "When it was told.",
    },
)
_describe(
    OrderField,
    "OrderField",
    "What a listing is ordered by.",
    {
        "ID": "The order in which nodes were first recorded.",
        "CREATED": "Creation time.",
        "UPDATED": "Time of the last change.",
        "NAME": "Name, by code point.",
        "TYPE": "Name of the type.",
        "STATE": "State, as the enumeration lists them; of artifacts and executions.",
        "SIZE": "Size of the bytes; of artifacts.",
        "STARTED": "When it began; of executions.",
        "ENDED": "When it ended; of executions.",
    },
)
_describe(
    OrderDirection,
    "OrderDirection",
    "Which way a listing runs.",
    {"ASC": "Smallest or oldest first.", "DESC": "Largest or newest first."},
)
_describe(
    UpdateMode,
    "UpdateMode",
    "What an update does with what it does not name.",
    {"MERGE": "Keeps it.", "REPLACE": "Clears it."},
)
_describe(
    ReuseBy,
    "ReuseBy",
    "By what an existing node is found and updated instead of a new one created.",
    {
        "NEVER": "Always create.",
        "NAME": "By type, name and namespace.",
        "EXTERNAL_ID": "By external id and namespace.",
    },
)
_describe(
    StateChange,
    "StateChange",
    "Whether a reported state may move back.",
    {
        "ADVANCE": "Only forward: a finished execution stays as it finished.",
        "REPLACE": "Take the state as it is reported.",
    },
)

__all__ = [
    "ARTIFACT_STATE_OF",
    "EXECUTION_STATE_OF",
    "ArtifactState",
    "Direction",
    "EventType",
    "ExecutionState",
    "Kind",
    "NeighbourOrder",
    "OrderDirection",
    "OrderField",
    "PreviewKind",
    "PropertyType",
    "ReuseBy",
    "SeriesAxis",
    "State",
    "StateChange",
    "UpdateMode",
    "state_of",
]
_describe(
    CacheMode,
    "CacheMode",
    "What a run does with the cache.",
    {
        "ON": "Look for results, and let later runs find them.",
        "READ": "Look for results, and let no later run find what runs.",
        "WRITE": "Run everything, and let later runs find it.",
        "REFRESH": "As WRITE, and what ran before does not count any more.",
        "OFF": "Neither.",
    },
)
_describe(
    CacheOrder,
    "CacheOrder",
    "Which entries of the cache come first.",
    {
        "NEWEST": "Those that were made last.",
        "HITS": "Those that were reused most often.",
        "SAVED": "Those that saved most time.",
        "SIZE": "Those that hold most bytes.",
        "COST": "Those that took longest to make.",
        "AGE": "Those that were used longest ago.",
    },
)
_describe(
    ContainerMode,
    "ContainerMode",
    "What to do with steps whose program lives in an image.",
    {
        "AUTO": "Run it in its image, by docker or podman where one is found; else refuse the run.",
        "DOCKER": "Run it in its image, by docker.",
        "PODMAN": "Run it in its image, by podman.",
        "HOST": "Run the program on the server's machine, outside its image.",
        "REFUSE": "Refuse the run.",
    },
)
_describe(
    PreviewKind,
    "PreviewKind",
    "How a piece of bytes can be shown.",
    {
        "TABLE": "Rows under columns, with the text they were read from.",
        "IMAGE": "An image that browsers show: its bytes.",
        "JSON": "JSON text.",
        "MARKDOWN": "Markdown text.",
        "TEXT": "Text.",
        "HTML": "HTML text. It is a stranger's: show it in a sandboxed frame only.",
        "BINARY": "Bytes that are no text: the first 4096.",
        "FOLDER": "A directory: what is in it.",
        "NONE": "Nothing can be shown; `reason` says why.",
    },
)
