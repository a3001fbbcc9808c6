"""Curves through GraphQL, as the SDK records them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import clew
from clew.api.service import Services

SERIES = """query($of: [ID!]!, $m: [String!], $max: Int! = 1000, $at: AsOf) {
  series(of: $of, metrics: $m, maxPoints: $max, asOf: $at) {
    series { node metric axis x y total } partial seq tookMs } }"""


@pytest.fixture(scope="module")
def logged(services: Services, home: Path) -> str:
    """An execution that logged a list, and a number."""
    with clew.connect(home) as connection, connection.execution("Fit", run="fit") as e:
        e.log_metric("loss", [0.9, 0.5, 0.25])
        e.log_metric("accuracy", 0.75)
    return str(e.ref)


def test_a_list_that_the_sdk_logged_is_a_curve(asker: Any, logged: str) -> None:
    found = asker.ask(SERIES, of=[logged, logged])["series"]
    assert found["series"] == [
        {"node": logged, "metric": "loss", "axis": "STEP", "x": [0, 1, 2], "y": [0.9, 0.5, 0.25], "total": 3}
    ]
    assert asker.ask(SERIES, of=[logged], max=2)["series"]["series"][0]["y"] == [0.9, 0.25]
    assert asker.ask(SERIES, of=[logged], m=["accuracy"])["series"]["series"] == []
    assert asker.ask(SERIES, of=[logged], at={"seq": 0})["series"]["series"] == []


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"of": ["nonsense"]}, "INVALID"),
        ({"of": [f"context:{i}" for i in range(1, 502)]}, "LIMIT_EXCEEDED"),
        ({"of": ["artifact:1"], "max": 1}, "LIMIT_EXCEEDED"),
        ({"of": ["artifact:1"], "max": 10_001}, "LIMIT_EXCEEDED"),
    ],
)
def test_bad_questions_are_typed_errors(asker: Any, variables: dict[str, Any], code: str) -> None:
    assert asker.refused(SERIES, **variables)["code"] == code
