"""Nodes side by side through GraphQL, as the SDK records them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import clew
from clew.api.service import Services

TABLE = """query($of: [ID!]!, $o: Boolean! = true, $at: AsOf) { table(of: $of, onlyDifferent: $o, asOf: $at) {
  kind rows names columns { section name kind differs min max values } total hidden partial seq tookMs } }"""


@pytest.fixture(scope="module")
def logged(services: Services, home: Path) -> dict[str, list[str]]:
    """Three runs of one execution each, logged with the SDK."""
    ids: dict[str, list[str]] = {"execution": [], "context": [], "artifact": []}
    with clew.connect(home) as connection:
        for number in range(3):
            with connection.execution("Train", run=f"run-{number}", params={"depth": number, "seed": 7}) as e:
                e.log_metrics({"accuracy": 0.5 + number / 10, "loss": float("inf") if number == 1 else 0.25})
                e.log_param("tags", ["a", "b"])
            ids["execution"].append(str(e.ref))
            (run,) = connection.contexts(f"name = 'run-{number}'")
            ids["context"].append(str(run.ref))
    return ids


def columns(found: dict[str, Any]) -> dict[tuple[str, str], Any]:
    return {(column["section"], column["name"]): column for column in found["columns"]}


def test_executions_stand_side_by_side(asker: Any, logged: dict[str, list[str]]) -> None:
    found = asker.ask(TABLE, of=logged["execution"])["table"]
    assert (found["kind"], found["rows"], found["partial"]) == ("EXECUTION", logged["execution"], False)
    told = columns(found)
    assert told["parameters", "depth"]["values"] == [0, 1, 2]
    assert told["metrics", "accuracy"] == {
        "section": "metrics", "name": "accuracy", "kind": "DOUBLE", "differs": True, "min": 0.5, "max": 0.7,
        "values": [0.5, 0.6, 0.7],
    }  # fmt: skip
    assert told["metrics", "loss"]["values"] == [0.25, "Infinity", 0.25]
    assert ("properties", "accuracy") not in told
    assert found["hidden"] == found["total"] - len(found["columns"])


def test_runs_stand_side_by_side(asker: Any, logged: dict[str, list[str]]) -> None:
    found = asker.ask(TABLE, of=logged["context"][::-1], o=False)["table"]
    assert (found["kind"], found["names"]) == ("CONTEXT", ["run-2", "run-1", "run-0"])
    told = columns(found)
    assert told["metrics", "Train.accuracy"]["values"] == [0.7, 0.6, 0.5]
    seed = told["parameters", "Train.seed"]
    assert (seed["values"], seed["differs"]) == ([7, 7, 7], False)
    assert told["states", "Train"]["values"] == ["COMPLETE"] * 3
    assert told["parameters", "Train.tags"]["kind"] == "STRUCT"


@pytest.mark.parametrize(
    ("of", "code"),
    [
        (["artifact:1", "execution:1"], "INVALID"),
        ([f"context:{i}" for i in range(1, 502)], "LIMIT_EXCEEDED"),
        (["nonsense"], "INVALID"),
    ],
)
def test_bad_questions_are_typed_errors(asker: Any, of: list[str], code: str) -> None:
    assert asker.refused(TABLE, of=of)["code"] == code


def test_nothing_side_by_side_is_an_empty_table(asker: Any, logged: dict[str, list[str]]) -> None:
    found = asker.ask(TABLE, of=[])["table"]
    assert (found["kind"], found["rows"], found["columns"], found["partial"]) == (None, [], [], False)
    early = asker.ask(TABLE, of=logged["context"], at={"seq": 0})["table"]
    assert (early["rows"], early["partial"]) == ([], True)
