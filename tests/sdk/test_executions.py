"""`with clew.execution(...)`: what is reported is recorded, also when the work fails."""

from __future__ import annotations

from pathlib import Path

import pytest

import clew
from clew.metadata import digest
from clew.metadata.errors import ArtifactNotFound, Invalid, UsageError
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Artifact, Execution
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.sdk import Connection


def detail(connection: Connection, ref: NodeRef) -> Execution:
    node = connection.client.detail(ref).node
    assert isinstance(node, Execution)
    return node


def test_work_that_ends_well_is_complete_with_all_that_was_logged(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text("a,b\n")
    with connection.execution("Train", inputs={"data": "raw.csv"}, params={"depth": 3}, name="fit") as e:
        assert detail(connection, e.ref).state is ExecutionState.RUNNING
        e.log_param("rate", 0.1)
        e.log_metric("accuracy", 0.5)
        e.log_metrics({"accuracy": 0.94, "loss": 1})
        (tmp_path / "model.bin").write_bytes(b"weights")
        e.output("model.bin", type="Model", flavor="sklearn")
    done = detail(connection, e.ref)
    assert (done.state, done.type, done.name) == (ExecutionState.COMPLETE, "Train", "fit")
    assert done.started_ms is not None
    assert done.ended_ms is not None
    assert done.custom_properties == {
        "depth": 3, "rate": 0.1, "accuracy": 0.94, "loss": 1,
        "inputs": {"depth": 3, "rate": 0.1}, "outputs": {"accuracy": 0.94, "loss": 1},
    }  # fmt: skip
    touches = {(t.event.type, t.event.path, t.node.type) for t in connection.client.detail(e.ref).touches}
    assert touches == {(EventType.INPUT, ("data",), "Dataset"), (EventType.OUTPUT, ("model.bin",), "Model")}
    assert {t.event.source for t in connection.client.detail(e.ref).touches} == {"sdk"}
    (model,) = connection.artifacts("custom_properties.flavor.string_value = 'sklearn'")
    assert (model.state, model.size_bytes) == (ArtifactState.LIVE, 7)
    assert model.uri == (tmp_path / "model.bin").as_uri()
    assert model.digest == digest.of_bytes(b"weights")


def test_files_are_kept_in_the_home(embedded: Connection, tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(b"weights")
    with embedded.execution("Train") as e:
        e.output("model", tmp_path / "model.bin", type="Model")
    (tmp_path / "model.bin").unlink()
    (model,) = embedded.artifacts()
    assert model.digest is not None
    assert embedded.store.path(model.digest).read_bytes() == b"weights"


def test_what_one_execution_made_is_what_the_next_one_reads(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1")
    with connection.execution("Make") as first:
        first.output("data.csv", type="Dataset")
    with connection.execution("Use", inputs={"data": tmp_path / "data.csv"}) as second:
        pass
    assert [node.ref for node in connection.trace(second.ref)] == [second.ref, NodeRef(Kind.ARTIFACT, 1), first.ref]
    assert [node.ref for node in connection.impact("data.csv")] == [NodeRef(Kind.ARTIFACT, 1), second.ref]


def test_a_file_that_changed_is_another_artifact(connection: Connection, tmp_path: Path) -> None:
    for text in ("1", "2", "2"):
        (tmp_path / "data.csv").write_text(text)
        with connection.execution("Use", inputs={"data": "data.csv"}):
            pass
    assert len(connection.artifacts()) == 2


def test_an_address_elsewhere_is_one_artifact_however_it_is_spelled(connection: Connection) -> None:
    for uri in ("s3://lake/raw", "s3a://lake/raw/"):
        with connection.execution("Use", inputs={"data": uri}):
            pass
    (artifact,) = connection.artifacts()
    assert (artifact.uri, artifact.location, artifact.digest) == ("s3://lake/raw", "s3://lake/raw", None)


def test_artifacts_are_taken_by_id_and_as_themselves(connection: Connection) -> None:
    with connection.execution("Make") as e:
        e.output("out", "s3://lake/out")
    (made,) = connection.artifacts()
    with connection.execution("Use", inputs={"a": made, "b": made.ref, "c": "artifact:1"}) as use:
        use.input("late", "s3://lake/other", type="Model")
    paths = {t.event.path: t.node.ref.id for t in connection.client.detail(use.ref).touches}
    assert set(paths.values()) == {1, 2}


def test_a_list_of_inputs_keeps_its_order(connection: Connection) -> None:
    with connection.execution("Use", inputs={"parts": ["s3://lake/0", "s3://lake/1"]}) as e:
        pass
    touches = connection.client.detail(e.ref).touches
    assert {t.event.path: t.node.ref.id for t in touches} == {("parts", 0): 1, ("parts", 1): 2}


def test_owner_project_experiment_and_run_lie_in_each_other(connection: Connection) -> None:
    with connection.execution("Train", owner="ann", project="churn", experiment="trees", run="r1") as e:
        e.output("model", "s3://lake/model", type="Model")
    contexts = {context.type: context for context in connection.client.detail(e.ref).contexts}
    assert {name: context.name for name, context in contexts.items()} == {
        "Owner": "ann", "Project": "churn", "Experiment": "trees", "Run": "r1",
    }  # fmt: skip
    (parent,) = connection.client.detail(contexts["Run"].ref).contexts
    assert parent.name == "trees"
    (model,) = connection.artifacts(f"contexts_0.id = {contexts['Project'].id}")
    assert model.type == "Model"


def test_an_error_is_recorded_and_goes_on(connection: Connection) -> None:
    e = connection.execution("Train", params={"depth": 3})
    e.log_param("epoch", 1)
    with pytest.raises(ZeroDivisionError), e:
        _ = 1 / 0
    failed = detail(connection, e.ref)
    assert failed.state is ExecutionState.FAILED
    assert failed.custom_properties["error"] == "ZeroDivisionError: division by zero"
    assert failed.custom_properties["epoch"] == 1


def test_an_interrupt_is_recorded_as_canceled(connection: Connection) -> None:
    with pytest.raises(KeyboardInterrupt):
        with connection.execution("Train") as e:
            raise KeyboardInterrupt
    assert detail(connection, e.ref).state is ExecutionState.CANCELED


@pytest.mark.parametrize(
    ("name", "value"), [("x", object()), ("x", 2**63), ("x", {1: 2}), ("inputs", 1), ("error", "e"), ("x", "\ud800")]
)
def test_a_parameter_that_cannot_be_kept_is_refused(embedded: Connection, name: str, value: object) -> None:
    with pytest.raises(Invalid):
        with embedded.execution("Train") as e:
            e.log_param(name, value)
    if e._ref is not None:
        assert detail(embedded, e.ref).state is ExecutionState.FAILED


def test_one_name_is_a_parameter_or_a_metric(embedded: Connection) -> None:
    with pytest.raises(Invalid, match="'depth' is taken"):
        with embedded.execution("Train", params={"depth": 3}) as e:
            e.log_metric("depth", 4)


def test_a_missing_file_or_artifact_is_refused_before_anything_is_recorded(embedded: Connection) -> None:
    for given, error in [("nothing.csv", Invalid), ("artifact:9", ArtifactNotFound), (3, Invalid)]:
        with pytest.raises(error):
            with embedded.execution("Train", inputs={"data": given}):
                pytest.fail("it must not begin")
    assert embedded.client.seq() == 0


def test_an_execution_is_used_once_and_only_inside(embedded: Connection) -> None:
    work = embedded.execution("Train")
    with pytest.raises(UsageError):
        _ = work.ref
    with work:
        pass
    with pytest.raises(UsageError):
        work.log_metric("late", 1)
    with pytest.raises(UsageError):
        work.__enter__()


def test_the_facade_uses_the_connection_that_was_made(tmp_path: Path) -> None:
    with clew.connect(tmp_path / "home"):
        with clew.execution("Make") as e:
            e.output("out", "s3://lake/out", type="Model")
        assert [a.type for a in clew.artifacts(type="Model")] == ["Model"]
        assert [x.ref for x in clew.executions()] == [e.ref]
        assert str(clew.trace("s3://lake/out")).splitlines() == [
            "Model  out  artifact:1  s3://lake/out",
            f"└─ Make  execution:1  COMPLETE  {str(clew.trace('s3://lake/out')).split('COMPLETE  ')[1]}",
        ]
        assert len(clew.impact(e.ref)) == 2


def test_without_being_told_the_home_is_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_HOME", str(tmp_path / "elsewhere"))
    monkeypatch.setattr("clew.sdk.connection._default", None)
    with clew.execution("Make"):
        pass
    assert (tmp_path / "elsewhere" / "record.db").exists()
    clew.sdk.connection.default().close()


def test_listings_page_through_everything(embedded: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clew.sdk.connection.PAGE", 2)
    for _ in range(5):
        with embedded.execution("Make"):
            pass
    assert [e.id for e in embedded.executions()] == [5, 4, 3, 2, 1]
    assert [e.id for e in embedded.executions(limit=3)] == [5, 4, 3]


def test_a_trace_can_be_asked_as_of_an_earlier_change(embedded: Connection) -> None:
    with embedded.execution("Make") as e:
        e.output("out", "s3://lake/out")
    assert len(embedded.trace(e.ref, "down", as_of=1)) == 1
    assert [type(node) for node in embedded.trace(e.ref, "down")] == [Execution, Artifact]
    with pytest.raises(UsageError):
        embedded.trace(e.ref, "sideways")
