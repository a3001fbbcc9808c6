"""What differs, and why something was reused, through GraphQL."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from clew.api.service import Services
from clew.executors.cache import DECISION, PARTS
from clew.metadata.change import Change, Receipt
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.states import ExecutionState
from clew.metadata.value import Value

Step = Callable[..., Receipt]
COMPARE = """query($a: ID!, $b: ID!, $all: Boolean) { compare(a: $a, b: $b, all: $all) { a b kind same partial
  entries { section name a b same } producers { task a b same entries { section name } }
  tasks { task a b same entries { section name a b } } } }"""


@pytest.fixture
def train(services: Services) -> Callable[..., str]:
    """Records a training execution; gives its id."""

    def record(**properties: Value) -> str:
        change = Change()
        work = change.type(NodeType(Kind.EXECUTION, "Train"))
        put = change.execution(
            work, state=ExecutionState.COMPLETE, custom_properties=properties, started_ms=1000, ended_ms=2500
        )
        return f"execution:{services.record.commit(change).id(put)}"

    return record


def test_only_differences_are_shown_unless_all_is_asked(asker: Any, train: Callable[..., str]) -> None:
    one = train(depth=3, loss=math.inf, big=2**60, same="x")
    two = train(depth=4, loss=math.nan, big=2**60 + 1, same="x")
    found = asker.ask(COMPARE, a=one, b=two)["compare"]
    assert (found["a"], found["b"], found["kind"], found["same"]) == (one, two, "EXECUTION", False)
    entries = {
        entry["name"]: (entry["a"], entry["b"]) for entry in found["entries"] if entry["section"] == "properties"
    }
    assert entries == {"depth": (3, 4), "loss": ("Infinity", "NaN"), "big": (str(2**60), str(2**60 + 1))}
    everything = asker.ask(COMPARE, a=one, b=two, all=True)["compare"]["entries"]
    assert {"name": "same", "section": "properties", "a": "x", "b": "x", "same": True} in everything


def test_two_artifacts_are_compared_with_what_made_them(asker: Any, chain: list[int]) -> None:
    found = asker.ask(COMPARE, a=f"artifact:{chain[1]}", b=f"artifact:{chain[2]}")["compare"]
    assert found["kind"] == "ARTIFACT"
    assert {entry["name"] for entry in found["entries"]} >= {"location", "name"}
    assert found["producers"]["a"].startswith("execution:")


def test_two_runs_are_compared_task_by_task(asker: Any, step: Step) -> None:
    one = step("run-a", [], 1, context="run a")
    two = step("run-b", [], 2, context="run b")
    contexts = [f"context:{receipt.node_ids[1]}" for receipt in (one, two)]
    found = asker.ask(COMPARE, a=contexts[0], b=contexts[1])["compare"]
    assert found["kind"] == "CONTEXT"
    assert len(found["tasks"]) >= 1


def test_a_node_equals_itself(asker: Any, chain: list[int]) -> None:
    found = asker.ask(COMPARE, a=f"artifact:{chain[0]}", b=f"artifact:{chain[0]}")["compare"]
    assert (found["same"], found["entries"]) == (True, [])


@pytest.mark.parametrize(
    ("a", "b", "code"),
    [
        ("artifact:999999", "artifact:1", "ARTIFACT_NOT_FOUND"),
        ("artifact:1", "execution:1", "INVALID"),
        ("x", "artifact:1", "INVALID"),
    ],
)
def test_what_cannot_be_compared_is_a_typed_error(asker: Any, chain: list[int], a: str, b: str, code: str) -> None:
    assert asker.refused(COMPARE, a=a, b=b)["code"] == code


def test_a_cache_decision_is_explained(asker: Any, train: Callable[..., str]) -> None:
    first = train(**{PARTS: {"code": "a"}, DECISION: {"outcome": "miss", "reason": "first of its kind"}})
    origin = int(first.partition(":")[2])
    hit = train(**{PARTS: {"code": "a"}, DECISION: {"outcome": "hit", "reason": "same fingerprint", "origin": origin}})
    changed = [{"part": "parameters.depth", "before": 3, "after": 4}]
    miss = train(
        **{DECISION: {"outcome": "miss", "reason": "depth changed", "compared_with": origin, "changed": changed}}
    )
    query = """query($id: ID!) { cache { explain(execution: $id) { outcome reason savedMs parts execution { id }
        origin { id } comparedWith { id } changed { part before after } } } }"""
    found = asker.ask(query, id=hit)["cache"]["explain"]
    assert (found["outcome"], found["origin"], found["savedMs"]) == ("hit", {"id": first}, 1500)
    assert found["parts"] == {"code": "a"}
    found = asker.ask(query, id=miss)["cache"]["explain"]
    assert (found["comparedWith"], found["changed"], found["origin"]) == ({"id": first}, changed, None)
    plain = train(other=1)
    assert asker.refused(query, id=plain)["code"] == "NOT_FOUND"
    assert asker.refused(query, id="artifact:1")["code"] == "INVALID"
    assert asker.refused(query, id="execution:999999")["code"] == "EXECUTION_NOT_FOUND"
