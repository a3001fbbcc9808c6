"""What a filter can name: the fields of each kind of node, and the neighbours it reaches by alias.

ML Metadata's names come first; the columns Clew has beyond them follow under their own names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Final, Literal

from clew.metadata.ids import Kind
from clew.metadata.states import ArtifactState, EventType, ExecutionState


class Type(Enum):
    """What an expression is. The last three are INT64 in the record and are compared by name."""

    BOOL = "BOOL"
    INT = "INT64"
    DOUBLE = "DOUBLE"
    STRING = "STRING"
    NULL = "NULL"
    ARTIFACT_STATE = "artifact state"
    EXECUTION_STATE = "execution state"
    EVENT_TYPE = "event type"


NAMES_OF: Final[dict[Type, type[IntEnum]]] = {
    Type.ARTIFACT_STATE: ArtifactState,
    Type.EXECUTION_STATE: ExecutionState,
    Type.EVENT_TYPE: EventType,
}
ACCESSORS: Final = {
    "int_value": Type.INT, "double_value": Type.DOUBLE, "string_value": Type.STRING, "bool_value": Type.BOOL,
}  # fmt: skip
TYPE_NAME: Final = "type"
"""The one field that is no column: the name of the node's type."""

Columns = dict[str, tuple[str, Type]]

_NODE: Columns = {
    "id": ("id", Type.INT),
    "type_id": ("type_id", Type.INT),
    "type": (TYPE_NAME, Type.STRING),
    "name": ("name", Type.STRING),
    "external_id": ("external_id", Type.STRING),
    "create_time_since_epoch": ("created_ms", Type.INT),
    "last_update_time_since_epoch": ("updated_ms", Type.INT),
    "namespace": ("namespace", Type.STRING),
    "created_ms": ("created_ms", Type.INT),
    "updated_ms": ("updated_ms", Type.INT),
    "created_seq": ("created_seq", Type.INT),
    "updated_seq": ("updated_seq", Type.INT),
}
NODE_FIELDS: Final[dict[Kind, Columns]] = {
    Kind.ARTIFACT: _NODE
    | {
        "uri": ("uri", Type.STRING),
        "state": ("state", Type.ARTIFACT_STATE),
        "location": ("location", Type.STRING),
        "digest": ("digest", Type.STRING),
        "size_bytes": ("size_bytes", Type.INT),
    },
    Kind.EXECUTION: _NODE
    | {
        "last_known_state": ("state", Type.EXECUTION_STATE),
        "state": ("state", Type.EXECUTION_STATE),
        "fingerprint": ("fingerprint", Type.STRING),
        "start_time_since_epoch": ("started_ms", Type.INT),
        "end_time_since_epoch": ("ended_ms", Type.INT),
        "started_ms": ("started_ms", Type.INT),
        "ended_ms": ("ended_ms", Type.INT),
    },
    Kind.CONTEXT: _NODE,
}
EVENT_FIELDS: Final[Columns] = {
    "type": ("type", Type.EVENT_TYPE),
    "milliseconds_since_epoch": ("time_ms", Type.INT),
    "execution_id": ("execution_id", Type.INT),
    "artifact_id": ("artifact_id", Type.INT),
    "time_ms": ("time_ms", Type.INT),
    "created_seq": ("created_seq", Type.INT),
}


@dataclass(frozen=True, slots=True)
class Link:
    """How an alias is joined: an edge table, its column that names us, and the one that names the neighbour."""

    table: Literal["event", "attribution", "association", "parent_context"]
    near: str
    far: str = ""
    kind: Kind | None = None
    """Of the neighbour; None for an event, which is itself what the alias means."""


LINKS: Final[dict[Kind, dict[str, Link]]] = {
    Kind.ARTIFACT: {
        "contexts_": Link("attribution", "artifact_id", "context_id", Kind.CONTEXT),
        "events_": Link("event", "artifact_id"),
    },
    Kind.EXECUTION: {
        "contexts_": Link("association", "execution_id", "context_id", Kind.CONTEXT),
        "events_": Link("event", "execution_id"),
    },
    Kind.CONTEXT: {
        "artifacts_": Link("attribution", "context_id", "artifact_id", Kind.ARTIFACT),
        "executions_": Link("association", "context_id", "execution_id", Kind.EXECUTION),
        "parent_contexts_": Link("parent_context", "context_id", "parent_id", Kind.CONTEXT),
        "child_contexts_": Link("parent_context", "parent_id", "context_id", Kind.CONTEXT),
    },
}
