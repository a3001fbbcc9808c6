"""Search and the server's own facts, through GraphQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clew.api.service import Services
from clew.api.settings import Limits

SEARCH = """query($text: String!, $kinds: [NodeKind!], $first: Int! = 20) {
  search(text: $text, kinds: $kinds, first: $first) {
    hits { node { id kind name ... on Artifact { uri producer { id } } } matched exact }
    partial tookMs } }"""


def test_search_finds_nodes_whole_with_their_neighbours(asker: Any, step: Callable[..., Any]) -> None:
    step("sought", [], 2)
    answer = asker.ask(SEARCH, text="sought")["search"]
    names = [(hit["node"]["kind"], hit["node"]["name"], hit["exact"]) for hit in answer["hits"]]
    assert names == [("EXECUTION", "sought", True), ("ARTIFACT", "sought.1", False), ("ARTIFACT", "sought.0", False)]
    run = answer["hits"][0]["node"]["id"]
    assert [hit["node"]["producer"]["id"] for hit in answer["hits"][1:]] == [run, run]
    assert (answer["partial"], answer["tookMs"] > 0) == (False, True)
    assert len(asker.ask(SEARCH, text="sought", kinds=["ARTIFACT"], first=1)["search"]["hits"]) == 1


def test_search_keeps_to_the_limits_of_every_listing(asker: Any) -> None:
    assert asker.refused(SEARCH, text="x", first=1001)["code"] == "LIMIT_EXCEEDED"
    assert asker.refused(SEARCH, text="x\0")["code"] == "INVALID"
    assert asker.ask(SEARCH, text="x", first=0)["search"]["hits"] == []


def test_the_server_tells_what_it_is_and_how_far_its_record_reaches(
    asker_with: Any, services: Services, step: Callable[..., Any]
) -> None:
    seq = step("told", []).seq
    asker = asker_with(replace(services, home="churn/.clew"), limits=Limits(page=77))
    server = asker.ask(
        """{ server { version startedMs home store engine seq firstChangeMs lastChangeMs namespaces
             limits { page depth cost timeS bodyBytes } } changes(first: 1) { nodes { timeMs } } }"""
    )
    told = server["server"]
    assert (told["version"], told["home"], told["store"], told["seq"]) == ("1.2.3", "churn/.clew", "sqlite", seq)
    assert told["engine"] == services.engine.name
    assert told["namespaces"] == ["default"]
    assert told["firstChangeMs"] == server["changes"]["nodes"][0]["timeMs"] <= told["lastChangeMs"]
    assert told["startedMs"] == services.started_ms
    assert told["limits"] == {"page": 77, "depth": 20, "cost": 1_000_000, "timeS": 20.0, "bodyBytes": 16 << 20}
