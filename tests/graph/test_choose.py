"""Which engine answers, and when."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from clew.graph.choose import WarmingEngine, choose
from clew.graph.impact import impact
from clew.graph.loom import Loom
from clew.graph.protocol import GraphEngine
from clew.graph.sql import SqlEngine
from clew.metadata.errors import Invalid
from clew.metadata.record import Record


def test_sql_answers_until_the_embedded_engine_is_ready(sqlite_record: Record, tmp_path: Path) -> None:
    loom = Loom(sqlite_record)
    loom.weave("raw > train > model")
    may_finish = threading.Event()

    def slow() -> GraphEngine:
        may_finish.wait(30)
        return choose(sqlite_record, tmp_path / "graph", "embedded")

    engine = WarmingEngine(SqlEngine(sqlite_record), slow)
    assert engine.name == "sql"
    before = engine.trace([loom["model"]])
    may_finish.set()
    assert engine.wait(60)
    after = engine.trace([loom["model"]])
    assert engine.name == "embedded"
    assert set(before.refs()) == set(after.refs())
    engine.close()


def test_sql_goes_on_answering_where_numba_is_missing(sqlite_record: Record, caplog: pytest.LogCaptureFixture) -> None:
    def missing() -> GraphEngine:
        raise ImportError("No module named 'numba'")

    engine = WarmingEngine(SqlEngine(sqlite_record), missing)
    assert engine.wait(10)
    assert engine.name == "sql"
    assert "not available" in caplog.text
    engine.close()


def test_an_unknown_engine_is_invalid(sqlite_record: Record) -> None:
    with pytest.raises(Invalid):
        choose(sqlite_record, None, "neo")  # type: ignore[arg-type]


def test_the_sql_engine_loads_neither_numpy_nor_numba_nor_sqlalchemy() -> None:
    code = (
        "import sys, clew.graph.sql, clew.graph.choose, clew.graph.impact, clew.graph.compare\n"
        "print([name for name in ('numpy', 'numba', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


def test_impact_counts_lists_the_nearest_and_names_the_final_products(sqlite_record: Record) -> None:
    loom = Loom(sqlite_record)
    loom.weave("raw > split > a, b", "a > train > model", "model > serve > endpoint", "b > check > report")
    found = impact(SqlEngine(sqlite_record), [loom["raw"]], max_nodes=3)
    assert (found.counts.artifacts, found.counts.executions) == (6, 4)
    assert len(found.trace.ids) == 3
    assert found.trace.total_nodes == 10
    assert set(found.leaves) == {loom["endpoint"], loom["report"]}
    assert impact(SqlEngine(sqlite_record), [loom["report"]]).leaves == [loom["report"]]
    assert impact(SqlEngine(sqlite_record), [loom["raw"]], depth=2).counts.partial
