"""The SQL engine's look-ups use an index, also after ANALYZE has told SQLite how the data lie."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.graph.rows import _EVENTS, _INPUT, _NODES, _OUTPUT
from clew.metadata.record import Record
from clew.metadata.store.sqlite import connect

EVENTS = 20_000


@pytest.fixture(params=["as it is", "analyzed"])
def explain(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[object]:
    Record.open(tmp_path).close()
    connection = connect(tmp_path / "record.db")
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT INTO event(execution_id, type, artifact_id, time_ms, created_seq) VALUES(?, ?, ?, 0, 1)",
        ((i // 5, 3 + i % 2, i % 997) for i in range(EVENTS)),
    )
    connection.executemany(
        "INSERT INTO artifact(id, type_id, namespace, created_ms, updated_ms, created_seq, updated_seq)"
        " VALUES(?, 1, 'default', 0, 0, 1, 1)",
        ((i,) for i in range(997)),
    )
    connection.execute("COMMIT")
    if request.param == "analyzed":
        connection.execute("ANALYZE")

    def plan(sql: str) -> list[str]:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("[1,2,3]",))]

    yield plan
    connection.close()


@pytest.mark.parametrize("types", [_INPUT, _OUTPUT])
@pytest.mark.parametrize("column", ["artifact_id", "execution_id"])
def test_events_are_looked_up_by_a_covering_index(explain: object, column: str, types: str) -> None:
    assert callable(explain)
    plan = explain(_EVENTS["sqlite"].format(table="event", column=column, types=types))
    assert plan[0].startswith("SCAN wanted")
    assert plan[1].startswith("SEARCH e USING")
    assert f"({column}=? AND type=?)" in plan[1]
    assert len(plan) == 2


def test_nodes_are_looked_up_by_id(explain: object) -> None:
    assert callable(explain)
    plan = explain(_NODES["sqlite"].format(table="artifact"))
    assert plan[0].startswith("SCAN wanted")
    assert "INTEGER PRIMARY KEY (rowid=?)" in plan[1]
