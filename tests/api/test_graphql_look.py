"""Search, help with filters, and the server's own facts, through GraphQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from clew.api.service import Services
from clew.api.settings import Limits
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType

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


HELP = """query($text: String!, $kind: NodeKind! = ARTIFACT, $cursor: Int) {
  filterHelp(text: $text, kind: $kind, cursor: $cursor) {
    ok error { message position line column remedy } suggestions { text label detail kind from to } } }"""


def test_a_wrong_filter_is_told_where_and_what_instead(asker: Any) -> None:
    answer = asker.ask(HELP, text="type = 'Model'\n  AND stat = LIVE")["filterHelp"]
    assert (answer["ok"], answer["suggestions"]) == (False, [])
    error = answer["error"]
    assert (error["position"], error["line"], error["column"]) == (21, 2, 7)
    assert "'stat'" in error["message"]
    assert "state" in error["remedy"]


def test_a_good_filter_is_ok_and_every_mistake_of_a_listing_is_one_of_the_help(asker: Any) -> None:
    for text in (
        "",
        "type = 'Data'",
        "properties.rows.int_value > 3",
        "state = LIVER",
        "a b",
        "name = 1",
        "'",
        "𝔘 = 1 ;",
    ):
        told = asker.answer("query($w: String!) { artifacts(where: $w, first: 1) { nodes { id } } }", w=text)
        answer = asker.ask(HELP, text=text)["filterHelp"]
        assert answer["ok"] is ("errors" not in told), text
        if not answer["ok"]:
            assert answer["error"]["message"] == told["errors"][0]["message"]
            assert answer["error"]["position"] == told["errors"][0]["extensions"]["position"]


def test_completion_knows_the_types_properties_and_namespaces_of_the_record(
    asker: Any, services: Services, step: Callable[..., Any]
) -> None:
    step("complete", [], context="complete")
    change = Change(namespace="team-x")
    change.artifact("Data", custom_properties={"learning rate": 0.1})
    services.record.commit(change)

    def offered(text: str, kind: str = "ARTIFACT") -> list[str]:
        answer = asker.ask(HELP, text=text, kind=kind, cursor=len(text))["filterHelp"]
        return [text[: one["from"]] + one["text"] + text[one["to"] :] for one in answer["suggestions"]]

    assert "type = 'Data'" in offered("type = '")
    assert "namespace = 'team-x'" in offered("namespace = '")
    assert offered("learn") == ["custom_properties.`learning rate`.double_value"]
    assert offered("rows") == ["properties.rows.int_value"]
    assert offered("properties.ra", "EXECUTION") == ["properties.rate.double_value"]
    assert "contexts_a.type = 'Group'" in offered("contexts_a.type = ", "EXECUTION")


def test_a_type_tells_the_properties_its_nodes_bear_of_their_own_the_newest_first(
    asker: Any, services: Services
) -> None:
    change = Change()
    kind = change.type(NodeType(Kind.ARTIFACT, "Bearing"))
    change.artifact(kind, custom_properties={"old": 1, "both": "text"})
    change.artifact(kind, custom_properties={"both": 1.5, "new": {"a": 1}})
    seq = services.record.commit(change).seq
    later = Change()
    later.artifact("Bearing", custom_properties={"newest": True})
    services.record.commit(later)
    query = """query($seq: Int64!, $first: Int! = 100) { now: type(kind: ARTIFACT, name: "Bearing") {
      customProperties(first: $first) { name kind } }
      then: type(kind: ARTIFACT, name: "Bearing", asOf: {seq: $seq}) { customProperties { name } } }"""
    told = asker.ask(query, seq=seq)
    pairs = [(one["name"], one["kind"]) for one in told["now"]["customProperties"]]
    assert pairs[0] == ("newest", "BOOLEAN")
    assert set(pairs[1:]) == {("both", "DOUBLE"), ("new", "STRUCT"), ("old", "INT")}
    assert len(told["then"]["customProperties"]) == 3
    assert len(asker.ask(query, seq=seq, first=2)["now"]["customProperties"]) == 2
