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


def test_members_of_many_contexts_load_together(asker: Any, step: Step, statements: list[str]) -> None:
    for number in range(12):
        step(f"member-{number}", [], 3, context=f"crowd {number}")
        step(f"member-{number}b", [], 1, context=f"crowd {number}")
    query = """query($n: Int!) { contexts(where: "name LIKE 'crowd%'", first: $n) { nodes { name
      artifacts(first: 2) { totalCount pageInfo { hasNextPage endCursor } nodes { name } }
      executions { totalCount nodes { name outputs { name } } } } } }"""
    counts = []
    for first in (1, 12):
        statements.clear()
        found = asker.ask(query, n=first)["contexts"]["nodes"]
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert [len(node["artifacts"]["nodes"]) for node in found] == [2] * 12
    assert {(node["artifacts"]["totalCount"], node["executions"]["totalCount"]) for node in found} == {(4, 2)}
    page = found[3]["artifacts"]
    assert page["pageInfo"]["hasNextPage"]
    rest = """query($a: String) { contexts(filter: {name: "crowd 3"}) { nodes {
      artifacts(after: $a) { nodes { name } } } } }"""
    after = asker.ask(rest, a=page["pageInfo"]["endCursor"])["contexts"]["nodes"][0]["artifacts"]["nodes"]
    assert [node["name"] for node in (*page["nodes"], *after)] == [f"member-3.{n}" for n in range(3)] + ["member-3b.0"]


def test_a_page_of_none_tells_whether_there_are_any(asker: Any, step: Step) -> None:
    step("some", [], 1)
    found = asker.ask("{ artifacts(first: 0) { nodes { id } pageInfo { hasNextPage } totalCount } }")["artifacts"]
    assert (found["nodes"], found["pageInfo"]["hasNextPage"], found["totalCount"] > 0) == ([], True, True)
