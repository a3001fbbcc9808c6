"""Counts of what was created when, on both databases."""

from __future__ import annotations

import pytest

from clew.metadata.activity import Created, created_in_spans
from clew.metadata.change import Change, NodePut
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState


@pytest.fixture
def filled(record: Record) -> Record:
    """Artifacts at 0, 10 .. 990 ms, every third LIVE, every tenth in a namespace of its own; a context at 500."""
    for namespace, own in (("default", False), ("own", True)):
        change = Change(namespace=namespace)
        data = change.type(NodeType(Kind.ARTIFACT, "Data"))
        for i in range(100):
            if (i % 10 == 0) == own:
                state = ArtifactState.LIVE if i % 3 == 0 else None
                change.node(NodePut(Kind.ARTIFACT, data, state=state, created_ms=10 * i))
        if own:
            group = change.type(NodeType(Kind.CONTEXT, "Group"))
            change.node(NodePut(Kind.CONTEXT, group, name="g", created_ms=500))
        record.commit(change)
    return record


def told(record: Record, *asked: object) -> list[Created]:
    with record.read() as reader:
        return sorted(created_in_spans(reader, *asked), key=repr)  # type: ignore[arg-type]


def test_every_node_is_counted_in_its_span_once(filled: Record) -> None:
    for step in (1, 7, 10, 333, 1000, 5000):
        found = told(filled, Kind.ARTIFACT, 0, 1000, step)
        assert sum(row.many for row in found) == 100
        assert {row.span for row in found} == {10 * i // step for i in range(100)}


def test_the_end_is_exclusive_and_the_last_span_may_be_short(filled: Record) -> None:
    assert sum(row.many for row in told(filled, Kind.ARTIFACT, 100, 250, 100)) == 15
    assert [(row.span, row.many) for row in told(filled, Kind.ARTIFACT, 985, 1000, 4)] == [(1, 1)]
    assert told(filled, Kind.ARTIFACT, 2000, 3000, 100) == []


def test_states_and_namespaces_are_told_apart(filled: Record) -> None:
    found = told(filled, Kind.ARTIFACT, 0, 1000, 1000)
    assert {row.state: row.many for row in found} == {ArtifactState.LIVE: 34, None: 66}
    assert sum(row.many for row in told(filled, Kind.ARTIFACT, 0, 1000, 100, "own")) == 10
    (context,) = told(filled, Kind.CONTEXT, 0, 1000, 100)
    assert (context.span, context.state, context.many) == (5, None, 1)


def test_an_earlier_moment_counts_what_was_there_then(filled: Record) -> None:
    with filled.read(as_of=1) as reader:
        assert sum(row.many for row in created_in_spans(reader, Kind.ARTIFACT, 0, 1000, 100)) == 90
