"""Lineage, impact and paths through GraphQL, over a real engine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clew.metadata.change import Receipt

Step = Callable[..., Receipt]
LINEAGE = """query($of: [ID!]!, $d: Direction, $depth: Int, $max: Int, $w: String, $f: LineageFilter, $at: AsOf) {
  lineage(of: $of, direction: $d, depth: $depth, maxNodes: $max, where: $w, filter: $f, asOf: $at) {
    nodes { depth id kind node { name } } edges { execution artifact type } depth totalNodes totalEdges partial seq
    tookMs } }"""


def _names(lineage: dict[str, Any]) -> list[tuple[int, str]]:
    return [(node["depth"], node["node"]["name"]) for node in lineage["nodes"]]


def test_lineage_walks_up_to_what_a_node_was_made_from(asker: Any, chain: list[int]) -> None:
    p = "test_lineage_walks_up_to_what_a_node_was_made_from"
    found = asker.ask(LINEAGE, of=f"artifact:{chain[1]}")["lineage"]
    assert _names(found) == [(0, f"{p}-1.0"), (1, f"{p}-1"), (2, f"{p}-0.0"), (3, f"{p}-0")]
    assert (found["totalNodes"], found["totalEdges"], found["depth"], found["partial"]) == (4, 3, 3, False)
    assert sorted(edge["type"] for edge in found["edges"]) == ["INPUT", "OUTPUT", "OUTPUT"]


def test_lineage_walks_down_and_both_ways(asker: Any, chain: list[int]) -> None:
    down = asker.ask(LINEAGE, of=f"artifact:{chain[2]}", d="DOWN")["lineage"]
    assert [node["id"] for node in down["nodes"] if node["kind"] == "ARTIFACT"] == [f"artifact:{n}" for n in chain[2:]]
    both = asker.ask(LINEAGE, of=[f"artifact:{chain[2]}"], d="BOTH")["lineage"]
    assert {f"artifact:{n}" for n in chain} <= {node["id"] for node in both["nodes"]}


def test_a_cut_answer_says_so_and_keeps_true_totals(asker: Any, chain: list[int]) -> None:
    cut = asker.ask(LINEAGE, of=f"artifact:{chain[3]}", max=2)["lineage"]
    assert (len(cut["nodes"]), cut["totalNodes"], cut["partial"]) == (2, 8, True)
    shallow = asker.ask(LINEAGE, of=f"artifact:{chain[3]}", depth=2)["lineage"]
    assert (shallow["totalNodes"], shallow["depth"], shallow["partial"]) == (3, 2, True)


def test_a_typed_filter_shows_some_and_walks_through_the_rest(asker: Any, chain: list[int]) -> None:
    found = asker.ask(LINEAGE, of=f"artifact:{chain[3]}", f={"kinds": ["ARTIFACT"], "types": ["Data"]})["lineage"]
    assert [node["id"] for node in found["nodes"]] == [f"artifact:{n}" for n in reversed(chain)]


def test_a_text_filter_shows_some_of_the_kinds_it_fits(asker: Any, chain: list[int]) -> None:
    of = f"artifact:{chain[3]}"
    prefix = "test_a_text_filter_shows_some_of_the_kinds_it_fits"
    by_uri = asker.ask(LINEAGE, of=of, w=f"uri LIKE 's3a://lake/{prefix}-2%' -- only artifacts have one")["lineage"]
    assert _names(by_uri) == [(2, f"{prefix}-2.0")]
    by_name = asker.ask(LINEAGE, of=of, w=f"name LIKE '{prefix}-1%'", max=1)["lineage"]
    assert (len(by_name["nodes"]), by_name["totalNodes"], by_name["totalEdges"], by_name["partial"]) == (1, 2, 1, True)
    by_state = asker.ask(LINEAGE, of=of, w="last_known_state = COMPLETE")["lineage"]
    assert {node["kind"] for node in by_state["nodes"]} == {"EXECUTION"}


def test_a_text_filter_that_fits_no_kind_is_refused_with_its_position(asker: Any, chain: list[int]) -> None:
    error = asker.refused(LINEAGE, of=f"artifact:{chain[0]}", w="nothing = 1")
    assert (error["code"], error["position"]) == ("INVALID_FILTER", 0)


def test_lineage_of_the_past_lacks_what_came_later(asker: Any, step: Step) -> None:
    raw = step("past-raw", [], 1)
    id = raw.node_ids[-1]
    later = step("past-later", [id], 1)
    now = asker.ask(LINEAGE, of=f"artifact:{id}", d="DOWN")["lineage"]
    then = asker.ask(LINEAGE, of=f"artifact:{id}", d="DOWN", at={"seq": raw.seq})["lineage"]
    assert (now["totalNodes"], then["totalNodes"]) == (3, 1)
    assert (now["seq"] >= later.seq, then["seq"]) == (True, raw.seq)
    missing = asker.refused(LINEAGE, of=f"artifact:{later.node_ids[-1]}", at={"seq": raw.seq})
    assert missing["code"] == "ARTIFACT_NOT_FOUND"


def test_a_write_is_seen_by_the_next_walk(asker: Any, step: Step) -> None:
    id = step("fresh", [], 1).node_ids[-1]
    receipt = step("fresh-too", [id], 1)
    query = "query($of: [ID!]!, $s: Int64!) { lineage(of: $of, direction: DOWN, minSeq: $s) { totalNodes seq } }"
    assert asker.ask(query, of=f"artifact:{id}", s=receipt.seq)["lineage"] == {"totalNodes": 3, "seq": receipt.seq}


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"of": ["artifact:999999"]}, "ARTIFACT_NOT_FOUND"),
        ({"of": ["execution:999999"]}, "EXECUTION_NOT_FOUND"),
        ({"of": ["context:1"]}, "INVALID"),
        ({"of": []}, "INVALID"),
        ({"of": ["artifact:1"], "depth": -1}, "INVALID"),
        ({"of": ["artifact:1"], "max": 0}, "LIMIT_EXCEEDED"),
        ({"of": ["artifact:1"], "max": 20_001}, "LIMIT_EXCEEDED"),
        ({"of": ["artifact:1"], "f": {"types": ["None such"]}}, "TYPE_NOT_FOUND"),
        ({"of": ["artifact:1"], "f": {"kinds": ["CONTEXT"]}}, "INVALID"),
    ],
)
def test_bad_questions_are_typed_errors(asker: Any, chain: list[int], variables: dict[str, Any], code: str) -> None:
    assert asker.refused(LINEAGE, **variables)["code"] == code


def test_impact_counts_what_was_made_by_type_and_depth(asker: Any, chain: list[int]) -> None:
    query = """query($of: [ID!]!) { impact(of: $of) { artifacts executions depth partial
        byType { type { name } count } byDepth { depth count } reached { nodes { id } } leaves { id } } }"""
    found = asker.ask(query, of=f"artifact:{chain[1]}")["impact"]
    assert (found["artifacts"], found["executions"], found["depth"], found["partial"]) == (3, 2, 4, False)
    assert {row["type"]["name"]: row["count"] for row in found["byType"]} == {"Data": 3, "Work": 2}
    assert [row["count"] for row in found["byDepth"]] == [1, 1, 1, 1, 1]
    assert len(found["reached"]["nodes"]) == 5
    assert found["leaves"] == [{"id": f"artifact:{chain[3]}"}]


def test_paths_follow_the_data(asker: Any, chain: list[int]) -> None:
    query = """query($a: ID!, $b: ID!) { paths(source: $a, target: $b) { length partial
        paths { ids nodes { name } } } }"""
    a, b = f"artifact:{chain[1]}", f"artifact:{chain[2]}"
    found = asker.ask(query, a=a, b=b)["paths"]
    assert (found["length"], found["partial"], len(found["paths"])) == (2, False, 1)
    assert (found["paths"][0]["ids"][0], found["paths"][0]["ids"][-1]) == (a, b)
    assert found["paths"][0]["nodes"][1]["name"] == "test_paths_follow_the_data-2"
    assert asker.ask(query, a=b, b=a)["paths"]["length"] == -1
