"""From the tables' rows to nodes and edges."""

from __future__ import annotations

from dataclasses import fields, make_dataclass
from typing import Any

import orjson

from clew.metadata import value
from clew.metadata.digest import Digest
from clew.metadata.encode import digest_text
from clew.metadata.ids import Kind, Seq
from clew.metadata.node import Artifact, Committed, Context, Event, Execution, Node
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.metadata.store.protocol import Row
from clew.metadata.types import TypeTable

_ARTIFACT_STATES = {int(s): s for s in ArtifactState} | {None: None}
_EXECUTION_STATES = {int(s): s for s in ExecutionState} | {None: None}
_EVENT_TYPES = {int(t): t for t in EventType}
_decode = value.decode


def _constructor(frozen: Any) -> Any:
    """A constructor of ``frozen`` at a tenth of the cost.

    A frozen dataclass sets each field through ``object.__setattr__`` (3 to 9 us for a node, the larger part of reading
    one). This fills a plain twin with the same slots, and then makes it what it looks like.
    """
    names = [(f.name, Any) for f in fields(frozen)]
    twin = make_dataclass(f"_{frozen.__name__}", names, slots=True, eq=False, repr=False, match_args=False)

    def construct(*values: Any) -> Any:
        node = twin(*values)
        node.__class__ = frozen
        return node

    return construct


_artifact, _execution, _context, _event = map(_constructor, (Artifact, Execution, Context, Event))


def artifact_of_row(row: Row, types: TypeTable) -> Artifact:
    """A row in the order of ``columns.ARTIFACT``."""
    node: Artifact = _artifact(
        row[0], row[1], types.by_id[row[1]].name, row[2], row[3], row[4], row[5], row[6],
        _ARTIFACT_STATES[row[7]], row[8], row[9], _decode(row[10]), _decode(row[11]),
        row[12], row[13], row[14], row[15],
    )  # fmt: skip
    return node


def execution_of_row(row: Row, types: TypeTable) -> Execution:
    """A row in the order of ``columns.EXECUTION``."""
    node: Execution = _execution(
        row[0], row[1], types.by_id[row[1]].name, row[2], row[3], row[4],
        _EXECUTION_STATES[row[5]], row[6], row[7], row[8], _decode(row[9]), _decode(row[10]),
        row[11], row[12], row[13], row[14],
    )  # fmt: skip
    return node


def context_of_row(row: Row, types: TypeTable) -> Context:
    """A row in the order of ``columns.CONTEXT``."""
    node: Context = _context(
        row[0], row[1], types.by_id[row[1]].name, row[2], row[3], row[4],
        _decode(row[5]), _decode(row[6]), row[7], row[8], row[9], row[10],
    )  # fmt: skip
    return node


OF_ROW: dict[Kind, Any] = {
    Kind.ARTIFACT: artifact_of_row,
    Kind.EXECUTION: execution_of_row,
    Kind.CONTEXT: context_of_row,
}


def node_of_row(kind: Kind, row: Row, types: TypeTable) -> Node:
    """A row of the table of ``kind``."""
    node: Node = OF_ROW[kind](row, types)
    return node


def event_of_row(row: Row) -> Event:
    """A row in the order of ``columns.EVENT``."""
    path = tuple(orjson.loads(row[3])) if row[3] else ()
    event: Event = _event(row[0], row[2], _EVENT_TYPES[row[1]], path, row[4], row[5], *row[7:10])
    return event


def committed_of_row(row: Row) -> Committed:
    """A row in the order of ``columns.CHANGE``."""
    return Committed(Seq(row[0]), row[1], row[2], row[3], bytes(row[4]), Digest(digest_text(row[5])))
