"""The operations of a change as they stand in the log: JSON, positional, the effect of each and not its request.

    ["a" | "e" | "c" | "t", ...]                the row after: the columns of its table in order, without updated_seq
    ["v", execution, type, artifact, time_ms, path?, source?, confidence?, location?, said?]              an event
    ["w", execution, type, artifact]                                                            an event taken back
    ["at", context, artifact]  ["as", context, execution]  ["pc", context, parent]                          the links

``updated_seq`` is the ``seq`` of the change itself, and so is an edge's ``created_seq``; an event's ``place`` is its
position among the events of its change. A location that equals the uri is ``true``. A column added to a table later
goes to the end of its list here, so that older operations stay readable. The first logs spelled every name out, as
:func:`operations` still does for who reads the log: positions take about half the space.
"""

from __future__ import annotations

from typing import Any, Final

import orjson

from clew.metadata.ids import Kind

Op = list[Any]
Row = tuple[Any, ...]
# Enum members are looked up by descriptor before Python 3.12: names are cheaper on the hot path.
_ARTIFACT, _EXECUTION = Kind.ARTIFACT, Kind.EXECUTION
_NODE: Final = ("id", "type_id", "namespace", "name", "external_id")
_TIMES: Final = ("created_ms", "updated_ms", "created_seq")
_PROPERTIES: Final = ("properties", "custom_properties")
FIELDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "a": ("artifact", (*_NODE, "uri", "location", "state", "digest", "size_bytes", *_PROPERTIES, *_TIMES)),
    "e": ("execution", (*_NODE, "state", "fingerprint", "started_ms", "ended_ms", *_PROPERTIES, *_TIMES)),
    "c": ("context", (*_NODE, *_PROPERTIES, *_TIMES)),
    "t": (
        "type",
        ("id", "kind", "name", "version", "description", "external_id", "base_type_id", "properties", "input_type",
         "output_type", *_TIMES),
    ),
}  # fmt: skip
"""What the positions of a row mean: the tables' columns without updated_seq, as a test holds. Only ever added to."""
_LINKS: Final = {
    "at": ("attribution", "context", "artifact"),
    "as": ("association", "context", "execution"),
    "pc": ("parent_context", "context", "parent"),
}
_EVENT_MORE: Final = ("path", "source", "confidence", "location", "said")
_LINK_TAGS: Final = {table: tag for tag, (table, _, _) in _LINKS.items()}


def node_op(kind: Kind, row: Row) -> Op:
    """The operation that says ``row`` is now the state of a node."""
    if kind is _ARTIFACT:
        location = True if row[6] is not None and row[6] == row[5] else row[6]
        return ["a", *row[:6], location, row[7], row[8], row[9], _json(row[10]), _json(row[11]), *row[12:15]]
    if kind is _EXECUTION:
        return ["e", *row[:9], _json(row[9]), _json(row[10]), *row[11:14]]
    return ["c", *row[:5], _json(row[5]), _json(row[6]), *row[7:10]]


def type_op(row: Row) -> Op:
    """The operation that says ``row`` is now the state of a type."""
    return ["t", *row[:7], _json(row[7]), _json(row[8]), _json(row[9]), *row[10:13]]


def event_op(row: Row) -> Op:
    """The operation that adds an event."""
    if row[9] is not None:
        return ["v", row[0], row[1], row[2], row[4], _json(row[3]), *row[7:10], _json(row[10])]
    if row[7] is not None or row[8] is not None:
        return ["v", row[0], row[1], row[2], row[4], _json(row[3]), row[7], row[8]]
    if row[3] is None:
        return ["v", row[0], row[1], row[2], row[4]]
    return ["v", row[0], row[1], row[2], row[4], orjson.Fragment(row[3])]


def withdrawal_op(key: tuple[int, int, int]) -> Op:
    """The operation that takes the event (execution, type, artifact) back."""
    return ["w", *key]


def link_op(table: str, row: Row) -> Op:
    """The operation that adds an attribution, association or parent context."""
    return [_LINK_TAGS[table], row[0], row[1]]


def operations(log: bytes) -> list[tuple[str, dict[str, Any]]]:
    """The operations of a change by name, without NULLs: ``("artifact", {"id": 1, ...})``."""
    told = []
    place = 0
    for op in orjson.loads(log):
        tag = op[0]
        if type(op[1]) is dict:  # names spelled out
            after = op[1]
        elif tag == "v":
            after = {"execution": op[1], "type": op[2], "artifact": op[3], "time_ms": op[4]}
            after |= {name: value for name, value in zip(_EVENT_MORE, op[5:], strict=False) if value is not None}
            tag = "event"
        elif tag == "w":
            after = {"execution": op[1], "type": op[2], "artifact": op[3]}
            tag = "withdrawal"
        elif tag in FIELDS:
            tag, fields = FIELDS[tag]
            after = {field: value for field, value in zip(fields, op[1:], strict=False) if value is not None}
            if after.get("location") is True:
                after["location"] = after["uri"]
        else:
            tag, first, second = _LINKS[tag]
            after = {first: op[1], second: op[2]}
        if tag == "event":
            after["place"] = place
            place += 1
        told.append((tag, after))
    return told


def _json(text: str | None) -> orjson.Fragment | None:
    return None if text is None else orjson.Fragment(text)
