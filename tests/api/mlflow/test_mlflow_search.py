"""Searches in MLflow's filter and ordering, and histories thinned out."""

from __future__ import annotations

from typing import Any

import pytest

from clew.api.mlflow.grammar import parse_filter
from clew.api.mlflow.history import bucket_starts
from tests.api.mlflow.conftest import Tracker


def names(tracker: Tracker, **asked: Any) -> list[str]:
    found = tracker.post("runs/search", experiment_ids=["0"], **asked)
    return [run["info"]["run_name"] for run in found.get("runs", [])]


@pytest.fixture
def three(tracker: Tracker) -> Tracker:
    """Runs a (loss 1, tree), b (loss 2, tree), c (loss NaN, net), d (nothing)."""
    for start, (name, loss, model) in enumerate((("a", 1.0, "tree"), ("b", 2.0, "tree"), ("c", "NaN", "net"))):
        run = tracker.post("runs/create", experiment_id="0", start_time=start, run_name=name)["run"]["info"]["run_id"]
        metrics = [{"key": "val loss", "value": loss, "timestamp": 1, "step": 0}]
        tags = [{"key": "team", "value": f"Team {name}"}]
        tracker.post(
            "runs/log-batch", run_id=run, metrics=metrics, params=[{"key": "model", "value": model}], tags=tags
        )
    tracker.post("runs/create", experiment_id="0", start_time=9, run_name="d")
    return tracker


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "dcba"),
        ("metrics.`val loss` > 1", "b"),
        ("metrics.`val loss` >= 1 and params.model = 'tree'", "ba"),
        ("metrics.`val loss` != 1", "cb"),
        ('metric."val loss" < 2', "a"),
        ("params.model LIKE 'T%'", ""),
        ("params.model ILIKE 'T%'", "ba"),
        ("tags.team IS NULL", "d"),
        ("tag.team IS NOT NULL AND parameter.model != 'tree'", "c"),
        ("tags.team = \"Team a\"", "a"),
        ("attributes.run_name = 'b'", "b"),
        ("`attributes`.start_time > 1", "dc"),
        ("created <= 1", "ba"),
        ("status = 'RUNNING' AND run_name LIKE '_'", "dcba"),
        ("attributes.run_id IN ('none', \"nobody\")", ""),
        ("attributes.run_id NOT IN ('none')", "dcba"),
        ("dataset.name = 'x'", ""),
    ],
)  # fmt: skip
def test_filters_select_as_mlflow_does(three: Tracker, text: str, expected: str) -> None:
    assert "".join(names(three, filter=text)) == expected


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (["metrics.`val loss` DESC"], "bacd"),
        (["metrics.`val loss`"], "abcd"),
        (["params.model", "start_time ASC"], "cabd"),
        (["attributes.start_time ASC"], "abcd"),
        (["tags.team DESC"], "cbad"),
    ],
)
def test_what_is_not_there_comes_last_and_nan_before_it(three: Tracker, order: list[str], expected: str) -> None:
    assert "".join(names(three, order_by=order)) == expected


def test_pages_hold_every_run_once(three: Tracker) -> None:
    for order in ([], ["metrics.`val loss` DESC"]):
        seen, token = [], ""
        while True:
            page = three.post("runs/search", experiment_ids=["0"], max_results=1, page_token=token, order_by=order)
            seen += [run["info"]["run_name"] for run in page.get("runs", [])]
            token = page.get("next_page_token", "")
            if not token:
                break
        assert sorted(seen) == list("abcd")


def test_deleted_runs_are_found_where_they_are_asked_for(three: Tracker) -> None:
    (run,) = three.post("runs/search", experiment_ids=["0"], filter="run_name = 'a'")["runs"]
    three.post("runs/delete", run_id=run["info"]["run_id"])
    assert "".join(names(three)) == "dcb"
    assert "".join(names(three, run_view_type="DELETED_ONLY")) == "a"
    assert "".join(names(three, run_view_type=3)) == "dcba"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("metrics.m = 'x'", "Expected numeric value type for metric. Found 'x'"),
        ("params.p = 1", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value 1"),
        ("foo = 1", "Invalid attribute key 'foo' specified. Valid keys are"),
        ("params.p ~ '1'", "Invalid comparator '~' not one of"),
        ("status = 'RUNNING' OR 1=1", "Invalid clause(s) in filter string: 'OR'"),
        ("metrics.m IS NULL", "IS NULL / IS NOT NULL is only supported for tags and params, not for 'metric' 'm'"),
        ("params.p IN ('1')", "Expected a quoted string value for parameter (e.g. 'my-value'). Got value ('1')"),
        ("status IN ('A')", "Only ['run_id'] attributes support comparison with a list of quoted string values."),
        ("start_time > 'x'", "Expected numeric value type for numeric attribute: start_time. Found 'x'"),
        ("spans.x = 'y'", "Invalid entity type 'spans'. Valid values are"),
        ("params.p = 'a'; DROP TABLE ml_run", "Search filter contained multiple expression"),
        ("params.p = x", "Parameter value is either not quoted or unidentified quote types used for string value x."),
    ],
)
def test_a_bad_filter_is_told_in_mlflows_words(tracker: Tracker, text: str, message: str) -> None:
    status, code, told = tracker.refused("POST", "runs/search", experiment_ids=["0"], filter=text)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert told.startswith(message)


@pytest.mark.parametrize("text", ["(" * 5000, "'" * 4999, "`" * 4999, "a." * 3000, "x = " * 2000])
def test_no_filter_takes_long_to_refuse(tracker: Tracker, text: str) -> None:
    assert tracker.refused("POST", "runs/search", experiment_ids=["0"], filter=text)[0] == 400


def test_quotes_in_values_are_values(tracker: Tracker) -> None:
    (clause,) = parse_filter("tags.`a.b c` = 'x\"y'")
    assert (clause.key, clause.value) == ("a.b c", 'x"y')


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"max_results": 0}, "Invalid value 0 for parameter 'max_results' supplied. It must be a positive integer"),
        ({"max_results": 50_001}, "Invalid value 50001 for parameter 'max_results' supplied:"),
        ({"page_token": "junk"}, "Invalid page token, decoded value="),
        ({"order_by": ["start_time sideways"]}, "Invalid ordering key in order_by clause 'start_time sideways'."),
        ({"order_by": ["foo"]}, "Invalid attribute key 'foo' specified."),
        ({"experiment_ids": ["x"]}, "Invalid experiment ID 'x'. Experiment ID must be a valid integer."),
    ],
)
def test_a_bad_search_is_told_in_mlflows_words(tracker: Tracker, asked: dict[str, Any], message: str) -> None:
    body = {"experiment_ids": ["0"]} | asked
    assert tracker.refused("POST", "runs/search", **body)[2].startswith(message)


def test_experiments_are_searched_by_name_tag_and_state(tracker: Tracker) -> None:
    for name in ("one", "two"):
        tracker.post("experiments/create", name=name, tags=[{"key": "k", "value": name}])

    def found(**asked: Any) -> list[str]:
        answer = tracker.post("experiments/search", max_results=10, **asked)
        return [one["name"] for one in answer.get("experiments", [])]

    assert set(found()) == {"Default", "one", "two"}
    assert found(filter="name LIKE 'o%'") == ["one"]
    assert found(filter="tags.k = 'two'") == ["two"]
    assert found(filter="tags.k IS NULL") == ["Default"]
    assert found(order_by=["name DESC"]) == ["two", "one", "Default"]
    assert found(view_type="DELETED_ONLY") == []
    assert tracker.refused("POST", "experiments/search")[2].startswith("Invalid value 0 for parameter 'max_results'")


@pytest.mark.parametrize("gap", [1, 7])
def test_a_long_history_is_thinned_out_evenly_with_both_ends(tracker: Tracker, gap: int) -> None:
    run = tracker.run()
    for first in range(0, 3000, 1000):
        points = [{"key": "m", "value": n, "timestamp": n, "step": n * gap} for n in range(first, first + 1000)]
        tracker.post("runs/log-batch", run_id=run, metrics=points)
    told = tracker.get("metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", max_results=7)["metrics"]
    assert [one["step"] // gap for one in told] == [0, 429, 858, 1287, 1716, 2144, 2999]
    some = tracker.get(
        "metrics/get-history-bulk-interval",
        run_ids=[run],
        metric_key="m",
        start_step=10 * gap,
        end_step=12 * gap,
        max_results=2,
    )
    assert [one["step"] // gap for one in some["metrics"]] == [10, 12]


@pytest.mark.parametrize("a_step", [1, 3, 1500])
def test_points_of_one_step_are_thinned_out_as_others(tracker: Tracker, a_step: int) -> None:
    run = tracker.run()
    for first in range(0, 3000, 1000):
        points = [{"key": "m", "value": n, "timestamp": n, "step": n // a_step} for n in range(first, first + 1000)]
        tracker.post("runs/log-batch", run_id=run, metrics=points)
    told = tracker.get("metrics/get-history-bulk-interval", run_ids=[run], metric_key="m", max_results=7)["metrics"]
    assert [one["value"] for one in told] == [0, 429, 858, 1287, 1716, 2144, 2999]


def test_buckets_begin_where_ntile_begins_them() -> None:
    assert bucket_starts(10, 3) == [0, 4, 9]
    assert bucket_starts(5, 5) == [0, 1, 2, 3, 4]


def test_a_history_comes_by_pages(tracker: Tracker) -> None:
    run = tracker.run()
    tracker.post(
        "runs/log-batch", run_id=run, metrics=[{"key": "m", "value": n, "timestamp": n, "step": 0} for n in range(5)]
    )
    first = tracker.get("metrics/get-history", run_id=run, metric_key="m", max_results=3)
    rest = tracker.get(
        "metrics/get-history", run_id=run, metric_key="m", max_results=3, page_token=first["next_page_token"]
    )
    assert [one["value"] for one in first["metrics"] + rest["metrics"]] == [0, 1, 2, 3, 4]
    assert "next_page_token" not in rest
    bulk = tracker.get("metrics/get-history-bulk", run_id=[run], metric_key="m")["metrics"]
    assert len(bulk) == 5
