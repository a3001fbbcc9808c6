"""Nodes, listings and neighbours through GraphQL, over a real record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clew.api.service import Services
from clew.metadata.change import Change, Receipt
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType

Step = Callable[..., Receipt]


def test_a_node_is_read_by_its_id(asker: Any, chain: list[int]) -> None:
    node = asker.ask(
        "query($id: ID!) { node(id: $id) { id kind type name state namespace } }", id=f"artifact:{chain[1]}"
    )
    name = "test_a_node_is_read_by_its_id-1.0"
    assert node["node"] == {
        "id": f"artifact:{chain[1]}",
        "kind": "ARTIFACT",
        "type": "Data",
        "name": name,
        "state": "LIVE",
        "namespace": "default",
    }


@pytest.mark.parametrize(
    ("id", "code"),
    [
        ("artifact:999999", "ARTIFACT_NOT_FOUND"),
        ("execution:999999", "EXECUTION_NOT_FOUND"),
        ("context:999999", "CONTEXT_NOT_FOUND"),
        ("artifact:0", "INVALID"),
        ("artifact:-1", "INVALID"),
        ("artifact:99999999999999999999", "INVALID"),
        ("model:1", "INVALID"),
        ("", "INVALID"),
    ],
)
def test_a_wrong_id_is_one_typed_error(asker: Any, id: str, code: str) -> None:
    error = asker.refused("query($id: ID!) { node(id: $id) { id } }", id=id)
    assert error["code"] == code
    assert error["field"] == "id"
    assert error["remedy"]


def test_several_nodes_come_in_the_order_asked_with_null_for_none(asker: Any, chain: list[int]) -> None:
    ids = [f"artifact:{chain[2]}", "artifact:999999", f"artifact:{chain[0]}"]
    nodes = asker.ask("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)["nodes"]
    assert nodes == [{"id": ids[0]}, None, {"id": ids[2]}]


def test_neighbours_of_an_artifact(asker: Any, chain: list[int]) -> None:
    query = """query($id: ID!) { node(id: $id) { ... on Artifact {
        producer { name inputs { name artifact { id } } outputs { path type artifact { id } } contexts { name } }
        consumers { name } contexts { name } events { type name timeMs execution { type } } nodeType { name } } } }"""
    node = asker.ask(query, id=f"artifact:{chain[1]}")["node"]
    prefix = "test_neighbours_of_an_artifact"
    assert node["producer"]["name"] == f"{prefix}-1"
    assert node["producer"]["inputs"] == [{"name": f"in[{chain[0]}]", "artifact": {"id": f"artifact:{chain[0]}"}}]
    assert node["producer"]["outputs"][0]["path"] == ["out", 0]
    assert node["producer"]["contexts"] == node["contexts"] == [{"name": prefix}]
    assert node["consumers"] == [{"name": f"{prefix}-2"}]
    assert [event["type"] for event in node["events"]] == ["OUTPUT", "INPUT"]
    assert node["nodeType"] == {"name": "Data"}


def test_pages_follow_each_other_without_gaps_or_repeats(asker: Any, step: Step) -> None:
    step("paged", [], 7)
    query = """query($after: String) { artifacts(where: "name LIKE 'paged.%'", first: 3, after: $after,
        orderBy: {field: NAME, direction: DESC}) {
        nodes { name } edges { cursor node { name } } totalCount
        pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
    names, after, pages = [], None, 0
    while True:
        page = asker.ask(query, after=after)["artifacts"]
        assert page["totalCount"] == 7
        assert [edge["node"] for edge in page["edges"]] == page["nodes"]
        assert page["pageInfo"]["hasPreviousPage"] == (after is not None)
        names += [node["name"] for node in page["nodes"]]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert (names, pages) == ([f"paged.{n}" for n in reversed(range(7))], 3)


def test_a_typed_filter_and_a_text_filter_must_both_hold(asker: Any, step: Step) -> None:
    step("both", [], 3)
    query = """query($f: ArtifactFilter, $w: String) { artifacts(filter: $f, where: $w) { nodes { name } } }"""
    chosen = {"type": "Data", "state": ["LIVE"], "location": "s3n://lake/both/1/"}
    found = asker.ask(query, f=chosen, w="properties.rows.int_value > 0 -- only the later ones")
    assert found["artifacts"]["nodes"] == [{"name": "both.1"}]
    assert asker.ask(query, f=chosen, w="properties.rows.int_value > 1")["artifacts"]["nodes"] == []


@pytest.mark.parametrize(
    "name", ["it's", 'a"b', "back\\slash", "line\nbreak", "%_", "日本😀", "-- no comment", "`b`; --"]
)
def test_a_typed_filter_takes_any_name_to_the_letter(asker: Any, services: Services, name: str) -> None:
    change = Change()
    change.context(change.type(NodeType(Kind.CONTEXT, "Odd")), name=name)
    services.record.commit(change)
    found = asker.ask('query($n: String) { contexts(filter: {name: $n, type: "Odd"}) { nodes { name } } }', n=name)
    assert found["contexts"]["nodes"] == [{"name": name}]


def test_a_bad_filter_tells_where_it_is_wrong(asker: Any) -> None:
    text = "state = LIVE AND AND"
    plain = asker.refused("query($w: String) { artifacts(where: $w) { nodes { id } } }", w=text)
    assert (plain["code"], plain["field"]) == ("INVALID_FILTER", "where")
    assert plain["position"] == text.rindex("AND")
    query = 'query($w: String) { artifacts(where: $w, filter: {name: "x"}) { nodes { id } } }'
    assert asker.refused(query, w=text)["position"] == plain["position"]
    unknown = asker.refused(query, w="state = LIVE AND nonesuch = 1")
    assert unknown["position"] == 17
    assert "(at character 17)" in unknown["message"]


def test_a_text_beside_a_typed_filter_is_read_by_itself(asker: Any) -> None:
    query = 'query($w: String) { artifacts(where: $w, filter: {name: "x"}) { nodes { id } } }'
    assert asker.refused(query, w="state = LIVE) OR (state = LIVE")["position"] == 12
    assert asker.ask(query, w="-- nothing but a comment")["artifacts"]["nodes"] == []


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ('artifacts(after: "rubbish")', "INVALID_CURSOR"),
        ('types(after: "rubbish")', "INVALID_CURSOR"),
        ('changes(after: "-1")', "INVALID_CURSOR"),
        ("artifacts(first: 1001)", "LIMIT_EXCEEDED"),
        ("artifacts(first: -1)", "LIMIT_EXCEEDED"),
        ('artifacts(filter: {context: "artifact:1"})', "INVALID"),
        ('artifacts(filter: {context: "x"})', "INVALID"),
        ('artifacts(asOf: {time: "yesterday"})', "INVALID"),
        ("artifacts(asOf: {seq: 999999999})", "CHANGE_NOT_FOUND"),
    ],
)
def test_bad_arguments_of_listings_are_typed_errors(asker: Any, field: str, code: str) -> None:
    error = asker.refused(f"{{ {field} {{ nodes {{ __typename }} }} }}")
    assert error["code"] == code
    assert error["field"]


def test_members_of_a_context_are_listed_and_counted(asker: Any, chain: list[int]) -> None:
    prefix = "test_members_of_a_context_are_listed_and_counted"
    query = """query($n: String!) { find(kind: CONTEXT, type: "Group", name: $n) { id ... on Context {
        artifacts(first: 2) { totalCount nodes { id } } executions(where: "state = COMPLETE") { totalCount } } } }"""
    found = asker.ask(query, n=prefix)["find"]
    assert found["artifacts"] == {"totalCount": 3, "nodes": [{"id": f"artifact:{id}"} for id in chain[1:3]]}
    assert found["executions"] == {"totalCount": 3}
    by_filter = "query($c: ID) { artifacts(filter: {context: $c}) { totalCount } }"
    assert asker.ask(by_filter, c=found["id"])["artifacts"] == {"totalCount": 3}


def test_what_is_not_there_is_found_as_null(asker: Any) -> None:
    assert asker.ask('{ find(kind: CONTEXT, type: "Group", name: "none such") { id } }') == {"find": None}


def test_artifacts_are_found_by_any_spelling_of_their_address(asker: Any, step: Step) -> None:
    step("addressed", [], 1)
    found = asker.ask('{ artifactsAt(uri: "s3://lake/addressed/0/") { uri location } }')["artifactsAt"]
    assert found == [{"uri": "s3a://lake/addressed/0", "location": "s3://lake/addressed/0"}]


def test_types_are_listed_with_their_declarations_and_counts(asker: Any, step: Step) -> None:
    step("typed", [], 2)
    query = '{ types(kind: ARTIFACT, name: "Data") { totalCount nodes { id name properties { name kind } count } } }'
    types = asker.ask(query)["types"]
    assert types["totalCount"] == 1
    assert types["nodes"][0]["properties"] == [{"name": "rows", "kind": "INT"}]
    total = asker.ask('{ artifacts(filter: {type: "Data"}) { totalCount } }')["artifacts"]["totalCount"]
    assert types["nodes"][0]["count"] == total
    id = types["nodes"][0]["id"]
    assert asker.ask("query($id: ID) { type(id: $id) { name } }", id=id) == {"type": {"name": "Data"}}
    assert asker.refused('{ type(kind: ARTIFACT, name: "None") { id } }')["code"] == "TYPE_NOT_FOUND"
    assert asker.refused('{ type(id: "type:99999") { id } }')["code"] == "TYPE_NOT_FOUND"


def test_the_past_is_read_as_it_was(asker: Any, services: Services, step: Step) -> None:
    made = step("aging", [], 1)
    id = made.node_ids[-1]
    change = Change()
    change.artifact(id=id, name="renamed")
    services.record.commit(change)
    query = """query($id: ID!, $seq: Int64) { now: node(id: $id) { name history { name } }
        then: node(id: $id, asOf: {seq: $seq}) { name } }"""
    answer = asker.ask(query, id=f"artifact:{id}", seq=made.seq)
    assert (answer["now"]["name"], answer["then"]["name"]) == ("renamed", "aging.0")
    assert answer["now"]["history"] == [{"name": "aging.0"}, {"name": "renamed"}]
    gone = asker.refused(
        "query($id: ID!, $s: Int64) { node(id: $id, asOf: {seq: $s}) { id } }", id=f"artifact:{id}", s=made.seq - 1
    )
    assert gone["code"] == "ARTIFACT_NOT_FOUND"


def test_the_log_is_read_in_order_from_any_position(asker: Any, step: Step) -> None:
    first = step("logged", [], 1)
    second = step("logged too", [], 1)
    query = "query($a: String) { changes(after: $a) { nodes { seq actor touched effects { kind body } } totalCount } }"
    page = asker.ask(query, a=str(first.seq - 1))["changes"]
    assert [change["seq"] for change in page["nodes"]][:2] == [first.seq, second.seq]
    assert page["nodes"][0]["actor"] == "ann"
    assert f"artifact:{first.node_ids[-1]}" in page["nodes"][0]["touched"]
    assert {"artifact", "execution", "event"} <= {effect["kind"] for effect in page["nodes"][0]["effects"]}
    assert page["totalCount"] >= second.seq


def test_one_operation_sees_one_moment(asker: Any, step: Step) -> None:
    step("moment", [], 1)
    answer = asker.ask("{ seq a: artifacts(first: 1) { totalCount } b: artifacts(first: 1) { totalCount } }")
    assert answer["a"] == answer["b"]


def test_a_node_is_called_what_a_person_would_call_it(asker: Any, services: Services) -> None:
    change = Change(actor="ann")
    kind = change.type(NodeType(Kind.ARTIFACT, "Called"))
    named = change.artifact(kind, name="plain", custom_properties={"display_name": "shown"})
    shown = change.artifact(kind, uri="s3://lake/x", custom_properties={"display_name": "shown"})
    placed = change.artifact(kind, uri="s3://lake/x")
    bare = change.artifact(kind)
    del named, shown, placed, bare
    ids = [f"artifact:{id}" for id in services.record.commit(change).node_ids]
    told = asker.ask("query($ids: [ID!]!) { nodes(ids: $ids) { label } }", ids=ids)["nodes"]
    assert [one["label"] for one in told] == ["plain", "shown", "s3://lake/x", ids[3]]
