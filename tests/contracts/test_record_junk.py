"""Junk in every field of every put: a typed error or a sound record, never a traceback, never a damaged log."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import itertools
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from clew.metadata.change import Change, EventPut, LinkPut, NodePut, Receipt, TypePut
from clew.metadata.errors import ClewError
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.states import ArtifactState, EventType, PropertyType
from clew.metadata.value import Proto


class OddText(str):
    pass


class OddInt(int):
    pass


TYPES = {Kind.ARTIFACT: "A", Kind.EXECUTION: "E", Kind.CONTEXT: "C"}
JUNK: list[Any] = [
    None, True, False, 0, -1, 1, 7, 2**63 - 1, 2**63, -(2**63) - 1, 2**80, 0.5, -0.0, math.inf, math.nan,
    "", "A", "x" * 9000, "\0", "\ud800", "a\ud800", "'; DROP TABLE artifact; --", "%s ? :x {0} $1", b"", b"\xff",
    [], [1], (), ("A",), ("A", ""), ("A", "", ""), ("A", 1), ({}, []), set(), object(), lambda: 1,
    {}, {"a": 1}, {1: 2}, {"p": [1]}, {"p": OddText("w")}, {"p": OddInt(3)}, {OddText("k"): 1}, {"p": {"q": object()}},
    {"p": {"q": {3: 1}}}, {"n": math.nan}, {"s": "\ud800"},
    Kind.ARTIFACT, Kind.CONTEXT, ArtifactState.LIVE, EventType.INPUT, Proto("a", b"b"), Proto(1, b""),  # type: ignore[arg-type]
    datetime.datetime(2026, 1, 1), decimal.Decimal(1), OddText("A"), OddInt(1),
    NodeType(Kind.ARTIFACT, "Z"), TypePut(NodeType(Kind.ARTIFACT, "Z")), NodePut(Kind.ARTIFACT, "A"),
]  # fmt: skip
_count = itertools.count()


def test_junk_is_refused_or_recorded_soundly(sqlite_record: Record) -> None:
    _stock(sqlite_record)
    answers = [_attempt(sqlite_record, make) for make in _makers()]
    wrong = [a for a in answers if not isinstance(a, Receipt | ClewError)]
    assert wrong == []
    assert sum(isinstance(a, Receipt) for a in answers) > 300
    assert sum(isinstance(a, ClewError) for a in answers) > 1000
    with sqlite_record.read() as reader:
        assert differences(reader) == []
        assert reader.seq == len(reader.changes(limit=100_000))


def _stock(record: Record) -> None:
    change = Change()
    for kind, name in TYPES.items():
        change.type(NodeType(kind, name, properties={"p": PropertyType.INT}))
        for n in range(3):
            change.node(NodePut(kind, name, name=f"{name}{n}"))
    record.commit(change)


def _attempt(record: Record, make: Callable[[], Change]) -> object:
    """Commit it alone, in a batch, or under a key, in turn."""
    change, turn = make(), next(_count)
    if turn % 3 == 0 and change.key is None:
        change.key = f"key {turn}"
    try:
        return record.commit_many([change])[0] if turn % 2 else record.commit(change)
    except ClewError as error:
        return error
    except Exception as error:
        return f"{type(error).__name__}: {error} of {change!r:.500}"


def _makers() -> list[Callable[[], Change]]:
    makers: list[Callable[[], Change]] = []
    for junk in JUNK:
        for f in dataclasses.fields(NodePut):
            makers += [partial(_node, kind, new, f.name, junk) for kind in Kind for new in (True, False)]
        for f in dataclasses.fields(EventPut):
            makers += [partial(_event, new, f.name, junk) for new in (True, False)]
        for f in dataclasses.fields(LinkPut):
            makers += [partial(_link, links, f.name, junk) for links in ("attributions", "associations", "parents")]
        for f in dataclasses.fields(NodeType):
            makers += [partial(_type, name, f.name, junk) for name in ("A", "New")]
        makers += [partial(_type, "New", "properties", {"x": junk}), partial(_base_type, junk)]
        makers += [partial(_change, name, junk) for name in ("actor", "namespace", "key")]
    return makers


def _new(kind: Kind) -> NodePut:
    return NodePut(kind, TYPES[kind], name=f"new {next(_count)}")


def _node(kind: Kind, new: bool, field: str, junk: object) -> Change:
    put = _new(kind) if new else NodePut(kind, None, 1)
    setattr(put, field, junk)
    return Change(nodes=[put])


def _event(new: bool, field: str, junk: object) -> Change:
    run = _new(Kind.EXECUTION)
    put = EventPut(1, run if new else 1, EventType.INPUT)
    setattr(put, field, junk)
    return Change(nodes=[run] if new else [], events=[put])


def _link(links: str, field: str, junk: object) -> Change:
    put, change = LinkPut(2, 1), Change()
    setattr(put, field, junk)
    getattr(change, links).append(put)
    return change


def _type(name: str, field: str, junk: object) -> Change:
    name = f"{name}{next(_count)}" if name == "New" else name
    return Change(types=[TypePut(dataclasses.replace(NodeType(Kind.ARTIFACT, name), **{field: junk}))])  # type: ignore[arg-type]


def _base_type(junk: Any) -> Change:
    return Change(types=[TypePut(NodeType(Kind.ARTIFACT, f"Based{next(_count)}"), junk)])


def _change(field: str, junk: object) -> Change:
    change = Change(nodes=[_new(Kind.ARTIFACT)])
    setattr(change, field, junk)
    return change
