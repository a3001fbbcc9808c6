"""Experiments, runs, metrics, tags and data sets through MLflow's face, and what the record says of them."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from clew.api.app import create_app
from clew.api.mlflow.project import catch_up, run_key
from clew.api.mlflow.store.database import TrackingStore
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.graph.sql import SqlEngine
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import Execution, NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState
from clew.settings import Settings
from clew.upkeep.backup import back_up, restore
from clew.wiring import Home
from tests.api.conftest import Asker
from tests.api.mlflow.conftest import API, Tracker


def execution(tracker: Tracker, run_id: str, namespace: str = "default") -> Execution:
    with tracker.record.read() as reader:
        (found,) = reader.find_external(Kind.EXECUTION, [run_key(run_id)], namespace)
    assert isinstance(found, Execution)
    return found


def test_the_default_experiment_is_there_before_any_is_made(tracker: Tracker) -> None:
    found = tracker.get("experiments/get", experiment_id="0")["experiment"]
    assert (found["name"], found["artifact_location"]) == ("Default", "mlflow-artifacts:/0")


def test_an_experiment_is_made_once_by_name_and_is_a_context(tracker: Tracker) -> None:
    number = tracker.post("experiments/create", name="churn", tags=[{"key": "team", "value": "a"}])["experiment_id"]
    assert tracker.refused("POST", "experiments/create", name="churn")[:2] == (400, "RESOURCE_ALREADY_EXISTS")
    told = tracker.get("experiments/get-by-name", experiment_name="churn")["experiment"]
    assert (told["experiment_id"], told["tags"]) == (number, [{"key": "team", "value": "a"}])
    with tracker.record.read() as reader:
        assert reader.find(Kind.CONTEXT, "mlflow.Experiment", "churn") is not None


def test_a_deleted_experiment_takes_its_runs_along_and_brings_them_back(tracker: Tracker) -> None:
    number = tracker.post("experiments/create", name="gone")["experiment_id"]
    run = tracker.run(number)
    tracker.post("experiments/delete", experiment_id=number)
    assert tracker.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "deleted"
    assert tracker.refused("POST", "runs/create", experiment_id=number)[2].endswith("Current state is deleted.")
    assert tracker.refused("POST", "experiments/update", experiment_id=number, new_name="x")[:2] == (
        500,
        "INVALID_STATE",
    )
    tracker.post("experiments/restore", experiment_id=number)
    assert tracker.get("runs/get", run_id=run)["run"]["info"]["lifecycle_stage"] == "active"


def test_a_run_is_an_execution_that_ends_with_its_parameters_and_metrics(tracker: Tracker) -> None:
    run = tracker.run(run_name="first", user_id="ann")
    assert execution(tracker, run).state is ExecutionState.RUNNING
    tracker.post("runs/log-parameter", run_id=run, key="depth", value="3")
    tracker.post("runs/log-metric", run_id=run, key="loss", value=0.5, timestamp=1, step=1)
    tracker.post("runs/log-metric", run_id=run, key="loss", value=0.25, timestamp=2, step=2)
    tracker.post("runs/update", run_id=run, status="FINISHED", end_time=2000)
    found = execution(tracker, run)
    assert (found.state, found.started_ms, found.ended_ms) == (ExecutionState.COMPLETE, 1000, 2000)
    told = found.custom_properties
    assert (told["display_name"], told["depth"], told["loss"]) == ("first", "3", 0.25)


@pytest.mark.parametrize(
    ("status", "state"),
    [("FAILED", ExecutionState.FAILED), ("KILLED", ExecutionState.CANCELED), (2, ExecutionState.NEW)],
)
def test_states_of_runs_are_states_of_executions(tracker: Tracker, status: Any, state: ExecutionState) -> None:
    run = tracker.run()
    tracker.post("runs/update", run_id=run, status=status)
    assert execution(tracker, run).state is state


def test_the_latest_metric_has_the_greatest_step_whatever_came_last(tracker: Tracker) -> None:
    run = tracker.run()
    for value, step in ((1.0, 5), (2.0, 3)):
        tracker.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=1, step=step)
    (metric,) = tracker.get("runs/get", run_id=run)["run"]["data"]["metrics"]
    assert metric == {"key": "m", "value": 1.0, "timestamp": 1, "step": 5}


def test_nan_and_infinity_are_kept_as_mlflow_keeps_them(tracker: Tracker) -> None:
    run = tracker.run()
    for step, value in enumerate(("NaN", "Infinity", "-Infinity")):
        tracker.post("runs/log-metric", run_id=run, key="m", value=value, timestamp=1, step=step)
    told = tracker.get("metrics/get-history", run_id=run, metric_key="m")["metrics"]
    assert [one["value"] for one in told] == ["NaN", 1.7976931348623157e308, -1.7976931348623157e308]


def test_a_parameter_never_changes(tracker: Tracker) -> None:
    run = tracker.run()
    tracker.post("runs/log-parameter", run_id=run, key="p", value="1")
    tracker.post("runs/log-parameter", run_id=run, key="p", value="1")
    assert tracker.refused("POST", "runs/log-parameter", run_id=run, key="p", value="2")[2] == (
        "Changing param values is not allowed. Param with key='p' was already logged with value='1' "
        f"for run ID='{run}'. Attempted logging new value '2'."
    )


def test_a_refused_batch_leaves_nothing_behind(tracker: Tracker) -> None:
    run = tracker.run()
    tracker.post("runs/log-batch", run_id=run, params=[{"key": "p", "value": "1"}])
    metrics = [{"key": "m", "value": 1, "timestamp": 1}]
    refused = tracker.refused(
        "POST",
        "runs/log-batch",
        run_id=run,
        metrics=metrics,
        params=[{"key": "q", "value": "1"}, {"key": "p", "value": "2"}],
    )
    assert refused[:2] == (400, "INVALID_PARAMETER_VALUE")
    data = tracker.get("runs/get", run_id=run)["run"]["data"]
    assert "metrics" not in data
    assert data["params"] == [{"key": "p", "value": "1"}]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"key": "m", "value": "abc", "timestamp": 1}, "Invalid value \"abc\" for parameter 'value' supplied:"),
        ({"key": "m", "timestamp": 1}, "Missing value for required parameter 'value'."),
        ({"key": "m", "value": 1}, "Missing value for required parameter 'timestamp'."),
        ({"key": "m", "value": 1, "timestamp": -1}, "Invalid value -1 for parameter 'timestamp' supplied: metric 'm'"),
        ({"key": "b$d", "value": 1, "timestamp": 1}, "Invalid value \"b$d\" for parameter 'name' supplied: Names may"),
        (
            {"key": "../k", "value": 1, "timestamp": 1},
            "Invalid value \"../k\" for parameter 'name' supplied: Names may",
        ),
        ({"key": "k" * 251, "value": 1, "timestamp": 1}, "'Metric name' exceeds the maximum length of 250 characters"),
    ],
)
def test_a_wrong_metric_is_told_in_mlflows_words(tracker: Tracker, body: dict[str, Any], message: str) -> None:
    status, code, told = tracker.refused("POST", "runs/log-metric", run_id=tracker.run(), **body)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert told.startswith(message)


def test_an_unknown_run_is_told_as_such(tracker: Tracker) -> None:
    expected = (404, "RESOURCE_DOES_NOT_EXIST", "Run with id=zzz not found")
    assert tracker.refused("GET", "runs/get", run_id="zzz") == expected
    assert tracker.refused("POST", "runs/log-metric", run_id="zzz", key="m", value=1, timestamp=1) == expected


def test_a_million_tags_are_refused_and_nothing_is_written(tracker: Tracker) -> None:
    tags = [{"key": f"t{n}", "value": ""} for n in range(1_000_000)]
    assert tracker.refused("POST", "runs/create", experiment_id="0", tags=tags)[:2] == (400, "INVALID_PARAMETER_VALUE")
    with tracker.record.read() as reader:
        assert reader.count(Kind.EXECUTION) == 0


@pytest.mark.parametrize("body", [b"{not json", b"", b"null", b'"{}"'])
def test_a_body_that_is_no_json_counts_as_an_empty_one(tracker: Tracker, body: bytes) -> None:
    answer = tracker.asker.request("POST", API + "runs/log-metric", content=body)
    assert answer.json()["message"].startswith("Missing value for required parameter 'run_id'.")


def test_what_is_no_endpoint_is_told_in_mlflows_form(tracker: Tracker) -> None:
    for path in ("/api/2.0/mlflow/gateway/x", "/ajax-api/3.0/mlflow/nothing", "/api/2.0/mlflow/runs/get/more"):
        answer = tracker.asker.request("GET", path)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_a_workspace_is_a_namespace(tracker: Tracker) -> None:
    header = {"X-MLflow-Workspace": "team"}
    made = tracker.asker.request("POST", API + "experiments/create", json={"name": "a"}, headers=header).json()
    body = {"experiment_id": made["experiment_id"]}
    run = tracker.asker.request("POST", API + "runs/create", json=body, headers=header).json()["run"]["info"]["run_id"]
    assert execution(tracker, run, "team").namespace == "team"
    assert tracker.refused("GET", "runs/get", run_id=run)[0] == 404


def test_a_data_set_that_a_run_reads_is_its_input(tracker: Tracker) -> None:
    run = tracker.run()
    dataset = {"name": "d", "digest": "abc", "source_type": "s3", "source": json.dumps({"uri": "s3a://lake/raw.csv"})}
    given = {"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": dataset}
    tracker.post("runs/log-inputs", run_id=run, datasets=[given, given])
    with tracker.record.read() as reader:
        (event,) = reader.events_of_executions([execution(tracker, run).id])
        artifact = reader.artifact(event.artifact_id)
    assert (event.type, event.source) == (EventType.INPUT, "mlflow")
    assert artifact.location == "s3://lake/raw.csv"
    assert tracker.post("experiments/search-datasets", experiment_ids=["0"])["dataset_summaries"] == [
        {"experiment_id": "0", "name": "d", "digest": "abc", "context": "training"}
    ]


def test_what_a_crash_kept_from_the_record_is_told_at_the_next_start(tracker: Tracker) -> None:
    services, store = Services(tracker.record, SqlEngine(tracker.record)), TrackingStore(tracker.record)
    run = tracker.run()
    with store.write() as session:
        session.execute("UPDATE ml_run SET status = 'FAILED', dirty = 1 WHERE id = ?", (run,))
    assert catch_up(services, store) >= 1
    assert execution(tracker, run).state is ExecutionState.FAILED
    store.close()


@pytest.mark.parametrize("given", ["Bearer secret", "Basic " + base64.b64encode(b"ann:secret").decode()])
def test_the_token_is_taken_as_mlflows_client_sends_it(tmp_path: Path, given: str) -> None:
    with Record.open(tmp_path / "home") as record:
        asker = Asker(create_app(Services(record, SqlEngine(record)), ApiSettings(token="secret")))
        query = {"experiment_id": "0"}
        refused = asker.request("GET", API + "experiments/get", params=query)
        assert (refused.status_code, refused.json()["error_code"]) == (401, "UNAUTHENTICATED")
        answer = asker.request("GET", API + "experiments/get", params=query, headers={"Authorization": given})
        assert answer.status_code == 200
        asker.close()


def test_what_a_run_reads_the_execution_it_is_part_of_reads_too(tracker: Tracker) -> None:
    change = Change()
    step = change.execution(change.type(NodeType(Kind.EXECUTION, "Step")), name="train")
    outer = tracker.record.commit(change).id(step)
    run = tracker.run(tags=[{"key": "clew.execution", "value": f"execution:{outer}"}])
    dataset = {"name": "d", "digest": "1", "source_type": "local", "source": json.dumps({"uri": "/data/x.csv"})}
    tracker.post("runs/log-inputs", run_id=run, datasets=[{"dataset": dataset}])
    with tracker.record.read() as reader:
        events = reader.events_of_executions([outer, execution(tracker, run).id])
    assert [(event.type, event.source) for event in events] == [(EventType.INPUT, "mlflow")] * 2
    assert len({event.artifact_id for event in events}) == 1


def test_a_tag_that_names_no_execution_is_only_a_tag(tracker: Tracker) -> None:
    for value in ("execution:999", "nonsense", ""):
        run = tracker.run(tags=[{"key": "clew.execution", "value": value}])
        assert execution(tracker, run).state is ExecutionState.RUNNING


def test_the_metrics_of_a_run_are_its_curves(tracker: Tracker) -> None:
    run = tracker.run()
    points = [{"key": "loss", "value": 1 / n, "timestamp": n, "step": n} for n in range(1, 101)]
    tracker.post("runs/log-batch", run_id=run, metrics=[*points, {"key": "once", "value": 1, "timestamp": 1}])
    query = "query($of: [ID!]!) { series(of: $of, maxPoints: 4) { series { metric axis x y total } } }"
    (curve,) = tracker.asker.ask(query, of=[str(execution(tracker, run).ref)])["series"]["series"]
    assert (curve["metric"], curve["axis"], curve["total"]) == ("loss", "STEP", 100)
    assert (curve["x"], curve["y"][-1]) == ([1, 26, 51, 100], 0.01)


def test_a_backup_holds_what_was_tracked(tracker: Tracker, tmp_path: Path) -> None:
    run = tracker.run()
    tracker.post("runs/log-metric", run_id=run, key="m", value=1, timestamp=1)
    back_up(Home(Settings(home=tmp_path / "home")), tmp_path / "copy", tell=lambda *_: None)
    restore(tmp_path / "copy", tmp_path / "again", force=False, tell=lambda *_: None)
    with Record.open(tmp_path / "again") as record:
        again = Tracker(record)
        (metric,) = again.get("runs/get", run_id=run)["run"]["data"]["metrics"]
        again.asker.close()
    assert metric["value"] == 1
