"""The change log through GraphQL: newest first, narrowed, a few effects of many."""

from __future__ import annotations

from typing import Any

import pytest

from clew.api.service import Services
from clew.api.settings import Limits
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType

LOG = """query($after: String, $first: Int! = 2, $dir: OrderDirection! = DESC, $actor: String, $touching: ID,
              $kinds: [NodeKind!], $since: Int64, $until: Int64) {
  changes(after: $after, first: $first, direction: $dir, actor: $actor, touching: $touching, kinds: $kinds,
          sinceMs: $since, untilMs: $until) {
    nodes { seq timeMs actor effectCount touched(first: 2) effects(first: 1) { kind } }
    totalCount pageInfo { hasNextPage endCursor } } }"""


@pytest.fixture(scope="module")
def seqs(services: Services) -> list[int]:
    """Changes of ann and of bob in turn, one artifact each."""
    done = []
    for number in range(6):
        change = Change(actor=f"{'ann' if number % 2 else 'bob'}-of-the-log")
        data = change.type(NodeType(Kind.ARTIFACT, "Logged"))
        for _ in range(1 if number else 5):
            change.artifact(data)
        done.append(int(services.record.commit(change).seq))
    return done


def test_the_newest_come_first_page_after_page(asker: Any, seqs: list[int]) -> None:
    first = asker.ask(LOG)["changes"]
    assert [node["seq"] for node in first["nodes"]] == seqs[:-3:-1]
    second = asker.ask(LOG, after=first["pageInfo"]["endCursor"])["changes"]
    assert [node["seq"] for node in second["nodes"]] == seqs[-3:-5:-1]
    assert first["totalCount"] == second["totalCount"] == seqs[-1]
    assert first["pageInfo"]["hasNextPage"]


def test_the_log_narrows_to_an_actor_a_node_a_kind_and_a_time(asker: Any, seqs: list[int]) -> None:
    def found(**variables: Any) -> tuple[list[int], int]:
        page = asker.ask(LOG, first=50, **variables)["changes"]
        return [node["seq"] for node in page["nodes"]], page["totalCount"]

    assert found(actor="ann-of-the-log") == (seqs[1::2][::-1], 3)
    node = asker.ask("{ artifacts(where: \"type = 'Logged'\", first: 1) { nodes { id } } }")["artifacts"]["nodes"][0]
    assert found(touching=node["id"]) == ([seqs[0]], 1)
    assert found(kinds=["EXECUTION"], actor="ann-of-the-log") == ([], 0)
    assert found(kinds=["ARTIFACT"], actor="bob-of-the-log", dir="ASC")[0] == seqs[::2]
    assert found(until=1) == ([], 0)
    assert found(since=1)[1] == seqs[-1]


def test_of_many_effects_some_are_shown_and_all_are_counted(asker: Any, seqs: list[int]) -> None:
    node = asker.ask(LOG, dir="ASC", actor="bob-of-the-log", first=1)["changes"]["nodes"][0]
    assert (node["effectCount"], len(node["touched"]), len(node["effects"])) == (6, 2, 1)


def test_effects_count_against_the_answer_only_where_they_are_asked_for(
    asker_with: Any, services: Services, seqs: list[int]
) -> None:
    asker = asker_with(services, limits=Limits(cost=70))
    assert asker.ask("{ changes(direction: DESC, first: 6) { nodes { seq } } }")
    whole = "{ changes(direction: DESC, first: 6) { nodes { touched } } }"
    assert asker.answer(whole)["data"]
    tight = asker_with(services, limits=Limits(cost=14))
    assert tight.refused(whole)["code"] == "LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ('touching: "nothing"', "INVALID"),
        ('touching: "artifact:999999"', "ARTIFACT_NOT_FOUND"),
        ('after: "x", direction: DESC', "INVALID_CURSOR"),
        ("first: 1001", "LIMIT_EXCEEDED"),
    ],
)
def test_what_cannot_be_asked_is_told(asker: Any, arguments: str, code: str) -> None:
    assert asker.refused(f"{{ changes({arguments}) {{ nodes {{ seq }} }} }}")["code"] == code
