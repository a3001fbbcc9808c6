"""No level of a query costs a statement a node; the selection decides what is fetched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from clew.api.service import Services
from clew.metadata.change import Receipt
from clew.metadata.store.sqlite import SqliteSession

Step = Callable[..., Receipt]
LINEAGE = "query($of: [ID!]!) { lineage(of: $of) { nodes { node { name } } } }"
DEEP = """query($n: Int!) { artifacts(where: "name LIKE 'wide%'", first: $n) { nodes {
  name contexts { name parents { id } } nodeType { name }
  producer { name contexts { id } inputs { artifact { name producer { id } } }
  outputs { artifact { consumers { name } } } } } } }"""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that readers run, from the moment it is cleared."""
    ran: list[str] = []
    fetch = SqliteSession.fetch

    def counted(self: SqliteSession, sql: str, parameters: Sequence[Any] = ()) -> Any:
        ran.append(sql)
        return fetch(self, sql, parameters)

    monkeypatch.setattr(SqliteSession, "fetch", counted)
    return ran


def test_statements_do_not_grow_with_the_nodes(
    asker: Any, services: Services, step: Step, statements: list[str]
) -> None:
    source = step("wide-source", [], 1).node_ids[-1]
    for number in range(40):
        step(f"wide-{number}", [source], 2, context=f"group {number % 7}")
    counts = []
    for first in (2, 80):
        statements.clear()
        nodes = asker.ask(DEEP, n=first)["artifacts"]["nodes"]
        assert len(nodes) == first
        counts.append(len(statements))
    assert counts[1] == counts[0]
    assert counts[0] <= 16


def test_lineage_loads_its_nodes_in_one_statement_a_kind(asker: Any, step: Step, statements: list[str]) -> None:
    made = step("fan", [], 50)
    asker.ask(LINEAGE, of=f"artifact:{made.node_ids[-1]}")  # the engine has caught up
    statements.clear()
    asker.ask(LINEAGE, of=f"artifact:{made.node_ids[-1]}")
    few = len(statements)
    statements.clear()
    of = [f"artifact:{id}" for id in made.node_ids[-50:]]
    found = asker.ask(LINEAGE, of=of)
    assert len(found["lineage"]["nodes"]) == 51
    assert len(statements) == few


def test_what_is_not_selected_is_not_fetched(asker: Any, step: Step, statements: list[str]) -> None:
    step("lean", [], 1)
    query = "{ artifacts(where: \"name = 'lean.0'\") { nodes { name } %s } }"
    asker.ask(query % "")
    statements.clear()
    asker.ask(query % "")
    plain = len(statements)
    statements.clear()
    asker.ask(query % "totalCount")
    assert len(statements) == plain + 1
    assert not any("event" in sql for sql in statements)


def test_ids_of_lineage_are_told_without_reading_a_node(asker: Any, step: Step, statements: list[str]) -> None:
    made = step("ids-only", [], 3)
    statements.clear()
    asker.ask("query($of: [ID!]!) { lineage(of: $of) { nodes { id depth } } }", of=f"artifact:{made.node_ids[-1]}")
    assert not any("FROM artifact" in sql or "FROM execution" in sql for sql in statements)
