"""Pages of the log: both ways, narrowed by every means, the same as looking at each change, on both databases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clew.metadata.change import Change
from clew.metadata.changes import Wanted, count_changes, page_of_changes
from clew.metadata.errors import ArtifactNotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Committed, NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType

START_MS = 1_700_000_000_000


@pytest.fixture
def filled(record: Record, clock: Any) -> Record:
    """Ten changes, a second apart, by two actors in two namespaces."""
    change = Change(actor="ann")
    change.type(NodeType(Kind.ARTIFACT, "Data"))
    change.type(NodeType(Kind.EXECUTION, "Work"))
    change.type(NodeType(Kind.CONTEXT, "Group"))
    record.commit(change)  # 1
    for number in range(3):  # 2, 3, 4
        clock.advance(1000)
        change = Change(actor="bob" if number % 2 else "ann", namespace="team" if number == 2 else "default")
        change.artifact("Data", name=f"d{number}", custom_properties={"x": {"y": ["e", ["c", 1]]}})
        record.commit(change)
    steps: list[Callable[[Change], object]] = [
        lambda c: c.execution("Work"),  # 5
        lambda c: c.event(1, 1, EventType.INPUT),  # 6
        lambda c: c.context("Group", name="g"),  # 7
        lambda c: c.attribute(1, 1),  # 8
        lambda c: c.artifact(id=1, state=ArtifactState.DELETED),  # 9
        lambda c: c.associate(1, 1),  # 10
    ]
    for commit in steps:
        clock.advance(1000)
        change = Change(actor="ann")
        commit(change)
        record.commit(change)
    return record


CASES: list[tuple[Wanted, list[int]]] = [
    (Wanted(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
    (Wanted(namespace="team"), [4]),
    (Wanted(actor="bob"), [3]),
    (Wanted(actor="ann", namespace="default"), [1, 2, 5, 6, 7, 8, 9, 10]),
    (Wanted(actor="nobody"), []),
    (Wanted(touching=NodeRef(Kind.ARTIFACT, 1)), [2, 6, 8, 9]),
    (Wanted(touching=NodeRef(Kind.EXECUTION, 1)), [5, 6, 10]),
    (Wanted(touching=NodeRef(Kind.CONTEXT, 1)), [7, 8, 10]),
    (Wanted(kinds=frozenset({Kind.ARTIFACT})), [2, 3, 4, 9]),
    (Wanted(kinds=frozenset({Kind.EXECUTION})), [5]),
    (Wanted(kinds=frozenset({Kind.CONTEXT, Kind.EXECUTION})), [5, 7]),
    (Wanted(kinds=frozenset()), []),
    (Wanted(kinds=frozenset({Kind.ARTIFACT}), touching=NodeRef(Kind.ARTIFACT, 1), actor="ann"), [2, 9]),
    (Wanted(since_ms=START_MS + 2000), [3, 4, 5, 6, 7, 8, 9, 10]),
    (Wanted(until_ms=START_MS + 2000), [1, 2]),
    (Wanted(since_ms=START_MS + 1001, until_ms=START_MS + 4001, actor="ann"), [4, 5]),
    (Wanted(since_ms=START_MS + 9000, until_ms=START_MS), []),
    (Wanted(since_ms=-(2**63), until_ms=2**63 - 1), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
]


def walked(record: Record, wanted: Wanted, *, descending: bool, limit: int, budget_s: float = 1) -> list[int]:
    """Every page of a listing, one after the other."""
    found: list[Committed] = []
    after = None
    while True:
        with record.read() as reader:
            page = page_of_changes(reader, wanted, after=after, descending=descending, limit=limit, budget_s=budget_s)
        assert len(page.rows) <= limit
        found += page.rows
        if not page.has_next:
            return [int(row.seq) for row in found]
        after = page.end if page.end is not None else int(page.rows[-1].seq)


def test_pages_hold_what_is_wanted_both_ways_and_the_count_agrees(filled: Record) -> None:
    for wanted, expected in CASES:
        for limit in (1, 3, 100):
            assert walked(filled, wanted, descending=False, limit=limit) == expected, wanted
            assert walked(filled, wanted, descending=True, limit=limit) == expected[::-1], wanted
        with filled.read() as reader:
            assert count_changes(reader, wanted) == len(expected), wanted


def test_where_time_runs_out_the_page_ends_early_and_goes_on_from_there(
    filled: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clew.metadata.changes._FIRST_STRETCH", 2)
    monkeypatch.setattr("clew.metadata.changes._LAST_STRETCH", 2)
    for wanted, expected in CASES:
        for descending in (False, True):
            order = expected[::-1] if descending else expected
            assert walked(filled, wanted, descending=descending, limit=3, budget_s=-1) == order, wanted


def test_no_page_but_whether_there_would_be_one(filled: Record) -> None:
    with filled.read() as reader:
        assert page_of_changes(reader, Wanted(), limit=0).has_next
        assert not page_of_changes(reader, Wanted(actor="nobody"), limit=0).has_next
        assert not page_of_changes(reader, Wanted(), after=10).has_next


def test_a_node_that_is_not_there_was_touched_by_nothing(filled: Record) -> None:
    with filled.read() as reader, pytest.raises(ArtifactNotFound):
        page_of_changes(reader, Wanted(touching=NodeRef(Kind.ARTIFACT, 99)))


def test_counting_can_be_stopped(filled: Record) -> None:
    def stop() -> None:
        raise TimeoutError

    check: Callable[[], None] = stop
    with filled.read() as reader, pytest.raises(TimeoutError):
        count_changes(reader, Wanted(kinds=frozenset(Kind)), check)
