"""The contract of GraphEngine over both engines, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clew.graph.contract import GraphEngineContract
from clew.graph.embedded import EmbeddedEngine
from clew.graph.loom import BOTH, DOWN, Loom
from clew.graph.protocol import GraphEngine, NodeFilter
from clew.graph.sql import SqlEngine
from clew.metadata.errors import ArtifactNotFound, ChangeNotFound
from clew.metadata.ids import Kind
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState


@pytest.fixture
def record(record_url: str) -> Iterator[Record]:
    record = Record.open(record_url)
    yield record
    record.close()


class TestEmbeddedEngine(GraphEngineContract):
    @pytest.fixture
    def make_engine(self, tmp_path: Path) -> Iterator[Callable[[Record], GraphEngine]]:
        made: list[EmbeddedEngine] = []

        def make(record: Record) -> GraphEngine:
            made.append(EmbeddedEngine(record, tmp_path / "graph"))
            return made[-1]

        yield make
        for engine in made:
            engine.close()


class TestSqlEngine(GraphEngineContract):
    @pytest.fixture
    def make_engine(self) -> Callable[[Record], GraphEngine]:
        return SqlEngine

    def test_an_earlier_moment_is_as_it_was(self, loom: Loom, record: Record) -> None:
        early = loom.weave("raw > train > model")
        loom.state("train", ExecutionState.RUNNING)
        middle = loom.state("train", ExecutionState.FAILED)
        loom.weave("model > serve > endpoint", "extra > train > ")
        before = SqlEngine(record, as_of=early)
        assert before.trace([loom["raw"]], DOWN).total_nodes == 3
        assert before.trace([loom["train"]], BOTH).total_edges == 2
        assert before.counts([loom["model"]]).seq == early
        failed = NodeFilter(kinds=(Kind.EXECUTION,), execution_states=(ExecutionState.FAILED,))
        assert before.trace([loom["model"]], where=failed).total_nodes == 0
        assert SqlEngine(record, as_of=middle).trace([loom["model"]], where=failed).refs() == [loom["train"]]
        with pytest.raises(ArtifactNotFound):
            before.trace([loom["endpoint"]])

    def test_what_was_withdrawn_since_is_still_in_an_earlier_moment(self, loom: Loom, record: Record) -> None:
        early = loom.weave("raw, odd > train > model")
        loom.withdraw(("train", EventType.INPUT, "odd"))
        before = SqlEngine(record, as_of=early)
        assert before.trace([loom["model"]]).total_nodes == 4
        assert before.among([loom["train"], loom["odd"]], edges=True).edges == [
            (loom["train"].id, int(EventType.INPUT), loom["odd"].id)
        ]
        assert before.among([loom["train"]]).parents == [2]
        assert SqlEngine(record).among([loom["train"]]).parents == [1]
        assert before.paths(loom["raw"], loom["model"]).length == 2
        with pytest.raises(ChangeNotFound):
            SqlEngine(record, as_of=99).trace([loom["raw"]])
