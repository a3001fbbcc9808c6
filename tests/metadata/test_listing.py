"""Pages in every order, narrowed or not, are slices of the one sorted list, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clew.metadata.change import Change
from clew.metadata.errors import Invalid, InvalidCursor
from clew.metadata.ids import Kind
from clew.metadata.listing import ORDERS, Order
from clew.metadata.node import NodeType, Page
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, ExecutionState

COUNT = 24
ARTIFACT_ORDERS: tuple[Order, ...] = ("id", "created", "updated", "name", "type", "state", "size")
EXECUTION_ORDERS: tuple[Order, ...] = ("id", "created", "updated", "name", "type", "state", "started", "ended")


@pytest.fixture
def filled(record: Record, clock: Any) -> Record:
    """Nodes whose every sort key has doubles and gaps, in no order."""
    for begin in range(0, COUNT, 4):
        clock.advance(1000)
        change = Change()
        artifact_types = [change.type(NodeType(Kind.ARTIFACT, name)) for name in ("b", "a", "c")]
        execution_types = [change.type(NodeType(Kind.EXECUTION, name)) for name in ("z", "y")]
        for number in range(begin, begin + 4):
            odd = (number * 7) % 5
            change.artifact(
                artifact_types[number % 3],
                name=f"n{(number * 11) % 23:02}" if odd else None,
                state=list(ArtifactState)[number % 7] if odd != 1 else None,
                size_bytes=number * 13 % 6 if odd != 2 else None,
            )
            change.execution(
                execution_types[number % 2],
                state=list(ExecutionState)[number % 7] if odd else None,
                started_ms=odd if odd != 3 else None,
                ended_ms=9 - odd if odd != 4 else None,
            )
        record.commit(change)
    for ids in ((17, 3), (8, 21, 1)):
        clock.advance(1000)
        change = Change()
        for id in ids:
            change.artifact(id=id, custom_properties={"seen": True})
            change.execution(id=id, custom_properties={"seen": True})
        record.commit(change)
    return record


KEYS: dict[str, Callable[[Any], Any]] = {
    "id": lambda node: 0,
    "created": lambda node: node.created_ms,
    "updated": lambda node: node.updated_ms,
    "name": lambda node: node.name or "",
    "type": lambda node: node.type,
    "state": lambda node: -1 if node.state is None else int(node.state),
    "size": lambda node: -1 if node.size_bytes is None else node.size_bytes,
    "started": lambda node: -1 if node.started_ms is None else node.started_ms,
    "ended": lambda node: -1 if node.ended_ms is None else node.ended_ms,
}


def walked(listing: Callable[..., Page[Any]], **asked: Any) -> list[Any]:
    found: list[Any] = []
    after = None
    while True:
        page = listing(after=after, limit=5, **asked)
        found += page.items
        if not page.has_next:
            return found
        after = page.next_cursor


@pytest.mark.parametrize("peeked", [3, 7, 1000])
def test_every_order_is_the_sorted_list_whole_and_narrowed(
    filled: Record, peeked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clew.metadata.listing.PEEKED", peeked)
    with filled.read() as reader:
        cases: list[tuple[Any, tuple[Order, ...], tuple[str | None, ...]]] = [
            (reader.artifacts, ARTIFACT_ORDERS, (None, "type = 'a'", "state = LIVE", "size_bytes > 2", "id < 0")),
            (reader.executions, EXECUTION_ORDERS, (None, "state = FAILED", "started_ms >= 2")),
        ]
        for listing, orders, wheres in cases:
            for where in wheres:
                every = walked(listing, where=where)
                for order in orders:
                    for descending in (False, True):
                        expected = sorted(every, key=lambda n: (KEYS[order](n), n.id), reverse=descending)
                        found = walked(listing, where=where, order=order, descending=descending)
                        assert [node.id for node in found] == [node.id for node in expected], (where, order, descending)


def test_the_past_has_the_same_orders(filled: Record) -> None:
    before = filled.seq()
    change = Change()
    for id in range(1, COUNT + 1):
        change.artifact(id=id, state=ArtifactState.DELETED, size_bytes=1)
    filled.commit(change)
    with filled.read(as_of=int(before)) as reader:
        for order in ARTIFACT_ORDERS:
            found = walked(reader.artifacts, where="id > 3", order=order)
            assert [node.id for node in found] == [
                node.id for node in sorted(found, key=lambda n: (KEYS[order](n), n.id))
            ]
            assert len(found) == COUNT - 3


def test_an_order_that_the_kind_does_not_have_is_refused(filled: Record) -> None:
    with filled.read() as reader:
        cases: list[tuple[Any, set[Any]]] = [
            (reader.artifacts, set(ORDERS) - set(ARTIFACT_ORDERS)),
            (reader.executions, set(ORDERS) - set(EXECUTION_ORDERS)),
            (reader.contexts, {"state", "size", "started", "ended"}),
        ]
        for listing, orders in cases:
            for order in orders:
                with pytest.raises(Invalid, match="order"):
                    listing(order=order)
        assert reader.contexts(order="type").items == []


def test_a_cursor_belongs_to_its_order(filled: Record) -> None:
    with filled.read() as reader:
        cursor = reader.artifacts(order="type", limit=1).next_cursor
        others: tuple[Order, ...] = ("size", "name", "id")
        for order in others:
            with pytest.raises(InvalidCursor):
                reader.artifacts(order=order, after=cursor)
