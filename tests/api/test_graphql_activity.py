"""Activity through GraphQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from clew.metadata.change import Receipt
from clew.metadata.states import ExecutionState

ACTIVITY = """query($s: Int64!, $u: Int64, $n: Int! = 48, $ns: String, $k: [NodeKind!]) {
  activity(sinceMs: $s, untilMs: $u, buckets: $n, namespace: $ns, kinds: $k) {
    sinceMs untilMs stepMs seq tookMs buckets { fromMs kind type state count } } }"""


def test_what_is_recorded_now_stands_in_the_last_bucket(asker: Any, step: Callable[..., Receipt]) -> None:
    since = int(time.time() * 1000) - 3_600_000
    step("now", [], 2, context="now", state=ExecutionState.FAILED)
    found = asker.ask(ACTIVITY, s=since, n=2)["activity"]
    last = [row for row in found["buckets"] if row["fromMs"] == since + found["stepMs"]]
    told = {(row["kind"], row["type"], row["state"]): row["count"] for row in last}
    assert told == {("ARTIFACT", "Data", "LIVE"): 2, ("EXECUTION", "Work", "FAILED"): 1, ("CONTEXT", "Group", None): 1}
    assert found["untilMs"] - since > 3_600_000 - 1
    only = asker.ask(ACTIVITY, s=since, k=["EXECUTION"])["activity"]["buckets"]
    assert {row["kind"] for row in only} == {"EXECUTION"}
    assert asker.ask(ACTIVITY, s=since, ns="elsewhere")["activity"]["buckets"] == []


def test_buckets_cover_the_time_without_gap(asker: Any) -> None:
    found = asker.ask(ACTIVITY, s=0, u=100, n=7)["activity"]
    assert (found["sinceMs"], found["untilMs"], found["stepMs"], found["buckets"]) == (0, 100, 15, [])


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"s": 5, "u": 5}, "INVALID"),
        ({"s": 0, "u": 5, "n": 0}, "LIMIT_EXCEEDED"),
        ({"s": 0, "u": 5, "n": 1001}, "LIMIT_EXCEEDED"),
        ({"s": -(2**63), "u": 2**63 - 1, "n": 10}, ""),
    ],
)
def test_bad_times_and_too_many_buckets_are_refused(asker: Any, variables: dict[str, Any], code: str) -> None:
    variables = {name: str(value) if abs(value) > 2**53 else value for name, value in variables.items()}
    if code:
        assert asker.refused(ACTIVITY, **variables)["code"] == code
    else:
        assert "errors" not in asker.answer(ACTIVITY, **variables)
