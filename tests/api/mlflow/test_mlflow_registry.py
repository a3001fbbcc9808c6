"""Registered models, versions, aliases and stages, and what becomes of them in the record."""

from __future__ import annotations

import pytest

from clew.metadata.ids import Kind
from clew.metadata.label import label
from clew.metadata.node import Artifact
from clew.metadata.states import ArtifactState, EventType
from tests.api.mlflow.conftest import Tracker


def logged(tracker: Tracker, run: str, name: str = "m") -> str:
    made = tracker.post("logged-models", experiment_id="0", name=name, source_run_id=run)
    model_id = str(made["model"]["info"]["model_id"])
    tracker.post("runs/outputs", run_id=run, models=[{"model_id": model_id, "step": 0}])
    tracker.call("PATCH", f"logged-models/{model_id}", model_id=model_id, status="LOGGED_MODEL_READY")
    return model_id


def version(tracker: Tracker, name: str = "churn") -> tuple[str, str]:
    """A version of a LoggedModel: its number and the model's id."""
    if not tracker.get("registered-models/search", filter=f"name = '{name}'"):
        tracker.post("registered-models/create", name=name)
    run = tracker.run()
    model_id = logged(tracker, run)
    made = tracker.post("model-versions/create", name=name, source=f"models:/{model_id}", model_id=model_id)
    return str(made["model_version"]["version"]), model_id


def artifact(tracker: Tracker, place: str) -> Artifact:
    with tracker.record.read() as reader:
        (found,) = reader.artifacts_at(place)
    return found


def test_a_registered_version_is_made_from_the_model_that_the_run_wrote(tracker: Tracker) -> None:
    number, model_id = version(tracker)
    made, model = artifact(tracker, f"models:/churn/{number}"), artifact(tracker, f"models:/{model_id}")
    with tracker.record.read() as reader:
        (wrote,) = reader.events_of_artifacts([made.id])
        (read,) = [e for e in reader.events_of_executions([wrote.execution_id]) if e.type is EventType.INPUT]
        (by_run,) = [e for e in reader.events_of_artifacts([model.id]) if e.type is EventType.OUTPUT]
        assert reader.execution(wrote.execution_id).type == "mlflow.Registration"
        assert reader.execution(by_run.execution_id).type == "mlflow.Run"
    assert (made.type, model.type, read.artifact_id) == ("mlflow.ModelVersion", "mlflow.LoggedModel", model.id)
    assert {wrote.source, read.source, by_run.source} == {"mlflow"}


def test_what_is_of_a_part_is_of_the_whole(tracker: Tracker) -> None:
    outer = tracker.outer()
    run = tracker.run(tags=[{"key": "clew.execution", "value": f"execution:{outer}"}])
    model = artifact(tracker, f"models:/{logged(tracker, run)}")
    with tracker.record.read() as reader:
        writers = {e.execution_id for e in reader.events_of_artifacts([model.id])}
    assert outer in writers
    assert len(writers) == 2


def test_a_version_is_called_by_its_name_number_and_aliases(tracker: Tracker) -> None:
    number, _ = version(tracker)
    tracker.post("registered-models/alias", name="churn", alias="champion", version=number)
    assert label(artifact(tracker, "models:/churn/1")) == "churn v1 @champion"
    tracker.call("DELETE", "registered-models/alias", name="churn", alias="champion")
    assert label(artifact(tracker, "models:/churn/1")) == "churn v1"
    tracker.post("model-versions/transition-stage", name="churn", version=number, stage="production")
    assert label(artifact(tracker, "models:/churn/1")) == "churn v1 Production"


def test_an_alias_moves_from_version_to_version(tracker: Tracker) -> None:
    version(tracker)
    version(tracker)
    for number in ("1", "2"):
        tracker.post("registered-models/alias", name="churn", alias="champion", version=number)
    found = tracker.get("registered-models/alias", name="churn", alias="champion")["model_version"]
    assert (found["version"], found["aliases"]) == ("2", ["champion"])
    assert label(artifact(tracker, "models:/churn/1")) == "churn v1"


@pytest.mark.parametrize(
    "uri", ["models:/churn@champion", "models:/churn/2", "models:/churn/latest", "models:/churn/Production"]
)
def test_a_model_uri_names_a_version(tracker: Tracker, uri: str) -> None:
    version(tracker)
    version(tracker)
    tracker.post("registered-models/alias", name="churn", alias="champion", version="2")
    tracker.post("model-versions/transition-stage", name="churn", version="2", stage="Production")
    copied = tracker.post("model-versions/create", name="churn", source=uri)["model_version"]
    assert copied["source"] == "models:/churn/2"


def test_one_stage_holds_one_version_when_the_others_are_archived(tracker: Tracker) -> None:
    version(tracker)
    version(tracker)
    for number in ("1", "2"):
        tracker.post(
            "model-versions/transition-stage",
            name="churn",
            version=number,
            stage="Production",
            archive_existing_versions=True,
        )
    told = tracker.post("registered-models/get-latest-versions", name="churn")["model_versions"]
    assert sorted((one["version"], one["current_stage"]) for one in told) == [("1", "Archived"), ("2", "Production")]


def test_the_number_of_a_deleted_version_is_not_given_again(tracker: Tracker) -> None:
    version(tracker)
    version(tracker)
    tracker.call("DELETE", "model-versions/delete", name="churn", version="2")
    assert tracker.refused("GET", "model-versions/get", name="churn", version="2")[0] == 404
    assert artifact(tracker, "models:/churn/2").state is ArtifactState.DELETED
    assert version(tracker)[0] == "3"


def test_a_model_that_is_made_again_under_its_name_is_another(tracker: Tracker) -> None:
    version(tracker)
    tracker.call("DELETE", "registered-models/delete", name="churn")
    tracker.post("registered-models/create", name="churn")
    version(tracker)
    with tracker.record.read() as reader:
        found = reader.artifacts_at("models:/churn/1")
    assert [one.state for one in found] == [None, ArtifactState.DELETED] or len(found) == 2


def test_a_renamed_model_keeps_its_versions(tracker: Tracker) -> None:
    version(tracker)
    tracker.post("registered-models/rename", name="churn", new_name="leave")
    assert tracker.get("model-versions/get", name="leave", version="1")["model_version"]["name"] == "leave"
    assert label(artifact(tracker, "models:/churn/1")) == "leave v1"
    assert tracker.refused("GET", "registered-models/get", name="churn")[0] == 404


def test_models_and_versions_are_searched_filtered_and_ordered(tracker: Tracker) -> None:
    for name, team in (("b", "x"), ("a", "x"), ("c", "y")):
        tracker.post("registered-models/create", name=name, tags=[{"key": "team", "value": team}])
    found = tracker.get("registered-models/search", filter="tags.team = 'x' AND name ILIKE '%'", order_by="name DESC")
    assert [one["name"] for one in found["registered_models"]] == ["b", "a"]
    page = tracker.get("registered-models/search", max_results=2)
    rest = tracker.get("registered-models/search", max_results=2, page_token=page["next_page_token"])
    assert [one["name"] for told in (page, rest) for one in told["registered_models"]] == ["a", "b", "c"]
    version(tracker, "a")
    version(tracker, "a")
    found = tracker.get("model-versions/search", filter="name = 'a' and version_number > 1")
    assert [one["version"] for one in found["model_versions"]] == ["2"]


@pytest.mark.parametrize(
    ("filter", "told"),
    [
        ("foo = 'x'", "Invalid attribute key 'foo'"),
        ("name = 1", "Expected a quoted string value"),
        ("name > 'x'", "Invalid comparator for attribute: >"),
        ("name =", "Invalid clause(s) in filter string: name, ="),
        ("name = 'x' OR name = 'y'", "Invalid clause(s) in filter string: OR"),
        ("name = 'x'; DROP TABLE ml_run", "Invalid clause(s) in filter string"),
        ("params.x = 'x'", "Invalid entity type 'params'"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_what_is_wrong(tracker: Tracker, filter: str, told: str) -> None:
    status, code, message = tracker.refused("GET", "registered-models/search", filter=filter)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")
    assert told in message


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd", "file:///etc/passwd", "file:/etc/passwd", "C:\\secret", "s3://b/../k", "s3://b/..%2fk",
        "s3://b/%252e%252e/k", "http://localhost:5000/api/2.0/mlflow-artifacts/artifacts/../../x",
        "mlflow-artifacts:/0/other/artifacts/m", "mlflow-artifacts://host/..%2f..%2f", "s3://b/k%00", "s3://b/a\\..\\k",
        "runs:/another/m", "models:/m-0", "models:/", "models://host/churn/1",
    ],
)  # fmt: skip
def test_a_version_is_never_of_a_place_out_of_its_reach(tracker: Tracker, source: str) -> None:
    tracker.post("registered-models/create", name="churn")
    run = tracker.run()
    status, code, _ = tracker.refused("POST", "model-versions/create", name="churn", source=source, run_id=run)
    assert (status, code) in ((400, "INVALID_PARAMETER_VALUE"), (404, "RESOURCE_DOES_NOT_EXIST"))
    assert tracker.get("model-versions/search") == {}
    with tracker.record.read() as reader:
        assert "mlflow.ModelVersion" not in {t.name for t in reader.types(Kind.ARTIFACT)}


@pytest.mark.parametrize(
    "location", ["file:///etc#x", "s3://b/k?x=1", "s3://b/k%3fx", "s3://b/../k", "s3://b/%252e%252e/k"]
)
def test_an_experiment_never_lies_where_a_url_is_cut_off_or_leads_out(tracker: Tracker, location: str) -> None:
    status, code, _ = tracker.refused("POST", "experiments/create", name="x", artifact_location=location)
    assert (status, code) == (400, "INVALID_PARAMETER_VALUE")


def test_a_logged_model_is_found_by_what_it_is_and_by_its_metrics(tracker: Tracker) -> None:
    run = tracker.run()
    first, second = logged(tracker, run, "one"), logged(tracker, run, "two")
    for model_id, value in ((first, 0.7), (second, 0.9)):
        tracker.post("runs/log-metric", run_id=run, key="acc", value=value, timestamp=1, step=0, model_id=model_id)
    found = tracker.post("logged-models/search", experiment_ids=["0"], filter="metrics.acc > 0.8")["models"]
    assert [one["info"]["model_id"] for one in found] == [second]
    found = tracker.post("logged-models/search", experiment_ids=["0"], order_by=[{"field_name": "metrics.acc"}])[
        "models"
    ]
    assert {one["info"]["model_id"] for one in found} == {first, second}
    assert found[0]["data"]["metrics"][0]["run_id"] == run


def test_a_logged_model_keeps_tags_and_parameters_until_it_is_deleted(tracker: Tracker) -> None:
    model_id = logged(tracker, tracker.run())
    tracker.call("PATCH", f"logged-models/{model_id}/tags", tags=[{"key": "a", "value": "1"}])
    tracker.post(f"logged-models/{model_id}/params", model_id=model_id, params=[{"key": "p", "value": "2"}])
    told = tracker.get(f"logged-models/{model_id}")["model"]
    assert told["info"]["tags"] == [{"key": "a", "value": "1"}]
    assert told["data"]["params"] == [{"key": "p", "value": "2"}]
    tracker.call("DELETE", f"logged-models/{model_id}/tags/a")
    assert tracker.refused("DELETE", f"logged-models/{model_id}/tags/a")[0] == 404
    tracker.call("DELETE", f"logged-models/{model_id}")
    assert tracker.refused("GET", f"logged-models/{model_id}")[1] == "RESOURCE_DOES_NOT_EXIST"


def test_what_a_crash_kept_from_the_record_is_told_at_the_next_start(
    tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clew.api.mlflow import model_lineage

    model_id = logged(tracker, tracker.run())
    tracker.post("registered-models/create", name="churn")
    with monkeypatch.context() as crash:
        crash.setattr(model_lineage, "registered", lambda *_: None)
        tracker.post("model-versions/create", name="churn", source=f"models:/{model_id}", model_id=model_id)
    tracker.restart()
    assert artifact(tracker, "models:/churn/1").type == "mlflow.ModelVersion"
