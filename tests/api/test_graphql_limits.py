"""What a document may ask for, and that every limit names itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_introspection_query

from clew.api.settings import Limits
from clew.metadata.change import Receipt

Step = Callable[..., Receipt]


def _limit(answer: dict[str, Any], name: str) -> dict[str, Any]:
    error: dict[str, Any] = answer["errors"][0]
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED", error
    assert error["extensions"]["field"] == name, error
    assert "data" not in answer or answer["data"] is None
    return error


def test_depth_is_limited_also_through_fragments(asker_with: Any) -> None:
    asker = asker_with(limits=Limits(depth=4))
    shallow = "{ artifacts { nodes { producer { id } } } }"
    assert "errors" not in asker.answer(shallow)
    deep = "{ artifacts { nodes { ...P } } } fragment P on Artifact { producer { outputs { type } } }"
    assert "is 5, the limit is 4" in _limit(asker.answer(deep), "depth")["message"]


def test_aliases_are_limited(asker_with: Any) -> None:
    asker = asker_with(limits=Limits(aliases=3))
    assert "errors" not in asker.answer("{ a: seq b: seq c: seq }")
    assert "is 4, the limit is 3" in _limit(asker.answer("{ a: seq b: seq c: seq d: seq }"), "aliases")["message"]


def test_tokens_are_limited_before_parsing(asker_with: Any) -> None:
    _limit(asker_with(limits=Limits(tokens=10)).answer("{ " + "seq " * 9 + "}"), "tokens")


@pytest.mark.parametrize("text", ["{a" * 1000, "{ seq(x: " + "[" * 1000, "query(" * 1000, "{a(x:{b:" * 500])
def test_nesting_is_limited_before_parsing(asker: Any, text: str) -> None:
    _limit(asker.answer(text), "nesting")


def test_cost_multiplies_nested_pages_and_reads_variables(asker_with: Any) -> None:
    asker = asker_with(limits=Limits(cost=1000))
    query = """query($n: Int!) { artifacts(first: 10) { nodes { events(first: $n) { type } } } }"""
    assert "errors" not in asker.answer(query, n=5)
    error = _limit(asker.answer(query, n=500), "cost")
    assert "the limit is 1000" in error["message"]
    assert error["extensions"]["remedy"]


def test_cost_of_a_fragment_bomb_is_measured_not_expanded(asker: Any) -> None:
    bomb = "{ artifacts { nodes { ...F0 } } } " + " ".join(
        f"fragment F{n} on Artifact {{ producer {{ outputs {{ artifact {{ ...F{n + 1} ...F{n + 1} }} }} }} }}"
        for n in range(40)
    )
    bomb += " fragment F40 on Artifact { id }"
    began = time.perf_counter()
    assert asker.refused(bomb)["code"] == "LIMIT_EXCEEDED"
    assert time.perf_counter() - began < 5


def test_what_an_answer_really_holds_is_limited(asker_with: Any, step: Step) -> None:
    step("many", [], 30)
    asker = asker_with(limits=Limits(cost=40))
    query = (
        '{ find(kind: ARTIFACT, type: "Data", name: "many.0") { ... on Artifact { producer { events { type } } } } }'
    )
    assert asker.refused(query)["code"] == "LIMIT_EXCEEDED"


def test_time_is_limited_inside_an_operation(asker_with: Any, step: Step) -> None:
    step("slow", [], 1)
    error = asker_with(limits=Limits(time_s=0.0)).refused("{ artifacts { nodes { id } } }")
    assert (error["code"], error["field"]) == ("TIMED_OUT", "time")


def test_pages_and_lineage_are_bounded(asker_with: Any) -> None:
    asker = asker_with(limits=Limits(page=10, nodes=20))
    assert asker.refused("{ artifacts(first: 11) { totalCount } }")["field"] == "first"
    assert asker.refused('{ lineage(of: "artifact:1", maxNodes: 21) { seq } }')["field"] == "maxNodes"


def test_the_body_is_limited_whether_its_length_is_told_or_not(asker_with: Any) -> None:
    asker = asker_with(limits=Limits(body_bytes=100))
    assert _limit(asker.answer("{ seq " + " " * 200 + "}"), "body")

    async def chunks() -> Any:
        for _ in range(20):
            yield b'{"query": "{ seq }"' + b" " * 20

    response = asker.request("POST", "/graphql", content=chunks(), headers={"content-type": "application/json"})
    assert response.json()["errors"][0]["extensions"]["field"] == "body"


def test_the_schema_may_be_introspected_within_the_limits(asker: Any) -> None:
    data = asker.ask(get_introspection_query(descriptions=True, input_value_deprecation=True))
    assert {type["name"] for type in data["__schema"]["types"]} >= {"Artifact", "Lineage", "ChangeInput"}
    deep = "name"
    for _ in range(5):
        deep = f"fields {{ type {{ {deep} }} }}"
    refused = asker.refused(f"{{ __schema {{ types {{ {deep} }} }} }}")
    assert refused["code"] in ("LIMIT_EXCEEDED", "GRAPHQL_VALIDATION_FAILED")  # graphql-core has a limit of its own
