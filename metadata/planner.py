"""From changes to rows: plan one transaction.

A *plain* change (only new nodes, edges with a new end) is planned from the head alone, without a read; where an import
left gaps among the ids, with one look for a transaction which of those it names exist. Any other is applied statement
by statement under a savepoint. Both leave their effects in the same rows and the same operations.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import orjson

from clew.metadata.change import Change, EventPut, LinkPut, NodeArg, NodePut, Receipt
from clew.metadata.encode import EncodedChange, EncodedNode, digest_of_change
from clew.metadata.errors import (
    AlreadyRecorded,
    ArtifactNotFound,
    ContextNotFound,
    ExecutionNotFound,
    Invalid,
    NotFound,
    UnknownProperty,
    UnmatchedPropertyType,
)
from clew.metadata.ids import INT64_MAX, INT64_MIN, Kind, Seq
from clew.metadata.log import Op, event_op, link_op, node_op
from clew.metadata.node import NodeType
from clew.metadata.states import EventType, PropertyType
from clew.metadata.store.columns import TABLES
from clew.metadata.store.protocol import Head, Row, Rows
from clew.metadata.text import check_text
from clew.metadata.types import TypeTable
from clew.metadata.value import property_type, type_of_class

# Enum members are looked up by descriptor before Python 3.12: names are cheaper on the hot path.
_ARTIFACT, _EXECUTION, _CONTEXT = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT
_PLAIN_TABLES = ("artifact", "execution", "context", "event", "attribution", "association")
NOT_FOUND: dict[Kind, type[NotFound]] = {
    Kind.ARTIFACT: ArtifactNotFound,
    Kind.EXECUTION: ExecutionNotFound,
    Kind.CONTEXT: ContextNotFound,
}
SOURCE_MAX_BYTES = 64
LOCATION_MAX_BYTES = 32768
_EVENT_TYPES = frozenset(int(t) for t in EventType if t is not EventType.UNKNOWN)


def empty_rows() -> Rows:
    """No rows yet, of any table, in the order they are written."""
    return {table: [] for table in TABLES}


def check_properties(node_type: NodeType, values: Any) -> None:
    """Refuse properties the type does not declare so. Errors: UnknownProperty, UnmatchedPropertyType."""
    declared = node_type.properties
    for name, value in values.items():
        wanted = declared.get(name)
        kind = type_of_class.get(type(value)) or property_type(name, value)
        if kind is wanted:
            continue
        if wanted is None:
            raise UnknownProperty(
                f"Found unknown property: {name}",
                field=f"properties.{name}",
                value=value,
                remedy=f"Declare it on type {node_type.name!r}, or use custom_properties",
            )
        raise UnmatchedPropertyType(
            f"Found unmatched property type: {name}",
            field=f"properties.{name}",
            value=value,
            remedy=f"Type {node_type.name!r} declares {PropertyType(wanted).name}",
        )


class NotPlain(Exception):
    """A change that looked plain must be applied after all."""


class PlainPlan:
    """Rows of plain changes, planned one after another on one head; a change that fails leaves no trace."""

    existing: dict[Kind, set[int]] | None = None
    """Where ids have gaps: which of those that the changes name exist."""

    def __init__(self, head: Head, types: TypeTable, now_ms: int) -> None:
        self.head = head
        self.types = types
        self.now_ms = now_ms
        self.rows = empty_rows()
        self.dirty = False

    @property
    def can_add(self) -> bool:
        """Whether it is known which ids exist."""
        return bool(self.head.dense) or self.existing is not None

    def add(self, encoded: EncodedChange) -> Receipt:
        """Plan one change. Errors: those of its own; NotPlain."""
        change, head = encoded.change, self.head
        forget(change)
        time_ms = max(head.time_ms, self.now_ms)
        seq = head.seq + 1
        ops: list[Op] = []
        new: Rows = {table: [] for table in _PLAIN_TABLES}
        ids: dict[Kind, dict[int, int]] = {_ARTIFACT: {}, _EXECUTION: {}, _CONTEXT: {}}
        limits = {_ARTIFACT: head.next_artifact, _EXECUTION: head.next_execution, _CONTEXT: head.next_context}
        next_id = limits.copy()
        dense = head.dense
        node_ids = []
        for put, known in zip(change.nodes, encoded.nodes, strict=True):
            kind = put.kind
            node_type = self.types.resolve(kind, put.type)  # type: ignore[arg-type]
            if put.properties:
                check_properties(node_type, put.properties)
            node_id = next_id[kind]
            if put.insert_id is not None and put.insert_id != node_id:
                if put.insert_id < node_id:  # one of the gaps, or taken
                    raise NotPlain
                node_id, dense = put.insert_id, 0
            row = insert_row(put, known, node_type, node_id, change.namespace, time_ms, seq)
            ids[kind][id(put)] = node_id
            next_id[kind] = node_id + 1
            node_ids.append(node_id)
            new[kind].append(row)
            ops.append(node_op(kind, row))
        if self.existing is not None or dense != head.dense:
            self._require_existing(change, limits)
        new["event"] = _events(change.events, ids, limits, time_ms, seq, ops)
        new["attribution"] = _links("attribution", change.attributions, _ARTIFACT, ids, limits, seq, ops)
        new["association"] = _links("association", change.associations, _EXECUTION, ids, limits, seq, ops)
        if not ops:
            return make_receipt(change, head.seq, time_ms, (), (), changed=False)
        log = orjson.dumps(ops)
        for table, rows in new.items():
            self.rows[table] += rows
        self.rows["change"].append(change_row(seq, time_ms, change, log))
        self.dirty = True
        self.learn(change, node_ids)
        give(change, node_ids)
        head.seq, head.time_ms, head.dense = seq, time_ms, dense
        head.next_artifact, head.next_execution, head.next_context = (
            next_id[_ARTIFACT],
            next_id[_EXECUTION],
            next_id[_CONTEXT],
        )
        return Receipt(Seq(seq), time_ms, (), tuple(node_ids), True, False, change)

    def learn(self, change: Change, node_ids: Sequence[int]) -> None:
        """Take note of the nodes a change has made."""
        if self.existing is not None:
            for put, node_id in zip(change.nodes, node_ids, strict=True):
                self.existing[put.kind].add(node_id)

    def _require_existing(self, change: Change, limits: dict[Kind, int]) -> None:
        for kind, id, field in named_ids(change):
            if id >= limits[kind]:  # perhaps a number this change itself chooses
                raise NotPlain
            if self.existing is not None and id not in self.existing[kind]:
                raise missing(kind, id, field)


def forget(change: Change) -> None:
    """No put of ``change`` has an id: it is planned anew."""
    for put in change.nodes:
        put.given = None


def give(change: Change, node_ids: Iterable[int]) -> None:
    """Let later changes name the puts of ``change``."""
    for put, node_id in zip(change.nodes, node_ids, strict=True):
        put.given = node_id


def named_ids(change: Change) -> Iterator[tuple[Kind, int, str]]:
    """The nodes that the edges of a change name by id, and in which field."""
    for put in change.events:
        for kind, arg in ((_ARTIFACT, put.artifact), (_EXECUTION, put.execution)):
            if type(arg) is int:
                yield kind, arg, f"event.{kind.value}"
    for kind, links in (
        (_ARTIFACT, change.attributions),
        (_EXECUTION, change.associations),
        (_CONTEXT, change.parents),
    ):
        for link in links:
            for of, arg in ((_CONTEXT, link.context), (kind, link.member)):
                if type(arg) is int:
                    yield of, arg, of.value


def insert_row(
    put: NodePut, known: EncodedNode, node_type: NodeType, id: int, namespace: str, time_ms: int, seq: int
) -> Row:
    """The row of a new node."""
    created_ms = time_ms if put.created_ms is None else put.created_ms
    updated_ms = created_ms if put.updated_ms is None else put.updated_ms
    first = (id, node_type.id, put.namespace or namespace, put.name, put.external_id)
    last = (known.properties, known.custom_properties, created_ms, updated_ms, seq, seq)
    if put.kind is _ARTIFACT:
        return (*first, put.uri, known.location, known.state, put.digest, put.size_bytes, *last)
    if put.kind is _EXECUTION:
        return (*first, known.state, put.fingerprint, put.started_ms, put.ended_ms, *last)
    if not put.name:
        raise Invalid("a context needs a name", field="name", value=put.name, remedy="Give a non-empty name")
    return (*first, *last)


def resolve_put(arg: object, kind: Kind, field: str, ids: dict[int, int]) -> int:
    """The id given to a put of this change. Errors: Invalid."""
    if isinstance(arg, NodePut):
        if arg.kind is not kind:
            raise Invalid(
                f"{field} is an {arg.kind.value}", field=field, value=arg.kind.value, remedy=f"Give an {kind.value}"
            )
        found = ids.get(id(arg))
        if found is not None:
            return found
        raise Invalid(f"{field} is not part of this change", field=field, remedy="Add the node to the same change")
    if isinstance(arg, int) and not isinstance(arg, bool):
        raise missing(kind, arg, field)
    raise Invalid(f"{field} is not a node", field=field, value=arg, remedy="Give an id or a put of this change")


def missing(kind: Kind, id: int, field: str) -> NotFound:
    """The error for a node that does not exist."""
    return NOT_FOUND[kind](f"no {kind.value} {id}", field=field, value=str(id), remedy="Check the id with `clew ls`")


def event_type(said: object) -> int:
    """The number of an event type. Errors: Invalid for what is none."""
    if isinstance(said, int) and not isinstance(said, bool) and said in _EVENT_TYPES:
        return int(said)
    raise Invalid(
        f"{said!r} is no event type",
        field="event.type",
        value=said,
        remedy="Use one of " + ", ".join(t.name for t in EventType if t),
    )


def event_row(put: EventPut, execution: int, artifact: int, time_ms: int, seq: int, place: int) -> Row:
    """The row of an event. Errors: Invalid for a wrong type, path, time, source or confidence."""
    number = event_type(put.type)
    path = None
    if put.path != ():
        if not isinstance(put.path, tuple) or not all(
            type(step) is str or (type(step) is int and INT64_MIN <= step <= INT64_MAX) for step in put.path
        ):
            raise Invalid(
                "an event path holds keys and positions only, positions of 64 bits at most",
                field="event.path",
                value=put.path,
                remedy="Use a tuple of str and int",
            )
        try:
            path = orjson.dumps(put.path).decode()
        except TypeError as error:
            raise Invalid(
                f"event path: {error}", field="event.path", value=ascii(put.path), remedy="Give valid Unicode"
            ) from error
    when = time_ms if put.time_ms is None else put.time_ms
    if not isinstance(when, int) or isinstance(when, bool) or not 0 <= when <= INT64_MAX:
        raise Invalid("event time is no epoch time", field="event.time_ms", value=when, remedy="Give UTC milliseconds")
    if put.source is not None:
        check_text(put.source, "event.source", SOURCE_MAX_BYTES)
    sure: object = put.confidence
    if sure is not None and (not isinstance(sure, int) or isinstance(sure, bool) or not 0 <= sure <= 100):
        raise Invalid("confidence is no percentage", field="event.confidence", value=sure, remedy="Give 0 to 100")
    if put.location is not None or put.said is not None:
        _check_said(put)
    return (execution, number, artifact, path, when, seq, place, put.source, put.confidence, put.location, put.said)


def _check_said(put: EventPut) -> None:
    said: object = put.said
    check_text(put.location, "event.location", LOCATION_MAX_BYTES)
    if said is None and put.location:
        return
    try:
        if put.location and isinstance(said, str) and isinstance(orjson.loads(said), list):
            return
    except ValueError:
        pass
    raise Invalid("what was said is a list, of a location", field="event.said", value=said, remedy="Leave it out")


def change_row(seq: int, time_ms: int, change: Change, log: bytes) -> Row:
    """The row of the change log."""
    digest = digest_of_change(seq, time_ms, change.actor, change.namespace, log)
    return (seq, time_ms, change.actor, change.namespace, log, digest)


def already(what: str, field: str, value: object) -> AlreadyRecorded:
    """The error for a second unique name, external id or edge."""
    return AlreadyRecorded(
        f"{what} is recorded already", field=field, value=value, remedy="Read the one that exists, or reuse it"
    )


def _resolve(arg: NodeArg, kind: Kind, field: str, ids: dict[Kind, dict[int, int]], limits: dict[Kind, int]) -> int:
    """The id of a node of this change, or of one that exists: every id below the limit does."""
    found = ids[kind].get(id(arg))
    if found is not None:
        return found
    number = arg.given if isinstance(arg, NodePut) and arg.kind is kind else arg
    if type(number) is int and 0 < number < limits[kind]:
        return number
    return resolve_put(arg, kind, field, ids[kind])


def _events(
    puts: list[EventPut],
    ids: dict[Kind, dict[int, int]],
    limits: dict[Kind, int],
    time_ms: int,
    seq: int,
    ops: list[Op],
) -> list[Row]:
    rows: dict[Row, Row] = {}
    executions, artifacts = ids[_EXECUTION], ids[_ARTIFACT]
    for put in puts:
        execution = executions.get(id(put.execution)) or _resolve(
            put.execution, _EXECUTION, "event.execution", ids, limits
        )
        artifact = artifacts.get(id(put.artifact)) or _resolve(put.artifact, _ARTIFACT, "event.artifact", ids, limits)
        row = event_row(put, execution, artifact, time_ms, seq, len(rows))
        key = row[:3]
        if key not in rows:
            rows[key] = row
            ops.append(event_op(row))
        elif not put.exist_ok:
            raise already(f"event {EventType(key[1]).name} of artifact {artifact}", "event", key)
    return list(rows.values())


def _links(
    table: str,
    puts: list[LinkPut],
    member: Kind,
    ids: dict[Kind, dict[int, int]],
    limits: dict[Kind, int],
    seq: int,
    ops: list[Op],
) -> list[Row]:
    rows: dict[Row, Row] = {}
    for put in puts:
        context = _resolve(put.context, _CONTEXT, "context", ids, limits)
        key = (context, _resolve(put.member, member, member.value, ids, limits))
        if key not in rows:
            row = rows[key] = (*key, seq)
            ops.append(link_op(table, row))
        elif not put.exist_ok:
            raise already(f"{table} {key}", table, key)
    return list(rows.values())


def make_receipt(
    change: Change,
    seq: int,
    time_ms: int,
    type_ids: tuple[int, ...],
    node_ids: tuple[int, ...],
    *,
    changed: bool = True,
    replayed: bool = False,
) -> Receipt:
    """The receipt of ``change``."""
    return Receipt(Seq(seq), time_ms, type_ids, node_ids, changed, replayed, change)


def receipt_text(receipt: Receipt) -> str:
    """The receipt as it is kept under an idempotency key."""
    return json.dumps([receipt.seq, receipt.time_ms, receipt.type_ids, receipt.node_ids, receipt.changed])


def receipt_of_text(text: str, change: Change) -> Receipt:
    """The inverse of :func:`receipt_text`, marked as replayed."""
    seq, time_ms, type_ids, node_ids, changed = json.loads(text)
    return make_receipt(change, seq, time_ms, tuple(type_ids), tuple(node_ids), changed=changed, replayed=True)
