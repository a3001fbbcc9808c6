"""MLflow's real client, unpatched, against a served home: models, autolog, registry, files; and moving in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.metadata.ids import Kind
from clew.metadata.label import label
from clew.metadata.record import Record
from clew.metadata.states import EventType

CLEW = Path(sys.executable).with_name("clew")
BEGIN = """
import json, os, sys, tempfile, warnings
warnings.filterwarnings("ignore")
import mlflow
from mlflow import MlflowClient
client = MlflowClient()
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True, as_frame=True)
told = {}
PLAIN = dict(pip_requirements=["scikit-learn"])  # else each log_model starts a process that imports the model
"""
END = """
sys.stdout.write("\\nTOLD " + json.dumps(told) + "\\n")
"""


class Lab:
    """A served home, and a Python with mlflow that reports to it."""

    def __init__(self, python: Path, home: Path) -> None:
        self.python, self.home = python, home
        command: list[str | Path] = [CLEW, "up", "--home", home, "--port", "0", "--grpc-port", "0"]
        self._server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._server.stderr is not None
        found = re.search(r" at (http://\S+) ", self._server.stderr.readline())
        assert found is not None
        self.url = found[1]

    def run(self, script: str, uri: str | None = None, **environ: str) -> Any:
        """What the script noted in ``told``."""
        env = {**os.environ, "MLFLOW_TRACKING_URI": uri or self.url, "GIT_PYTHON_REFRESH": "quiet", **environ}
        env |= {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1"}
        done = subprocess.run(
            [self.python, "-c", BEGIN + script + END], env=env, capture_output=True, text=True, timeout=240,
            cwd=self.home.parent,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.rpartition("TOLD ")[2])

    def close(self) -> None:
        self._server.terminate()
        self._server.communicate(timeout=30)


@pytest.fixture(scope="session")
def mlflow_python(client_of: Callable[[str, str, str], Path]) -> Path:
    """A Python 3.11 with MLflow, scikit-learn and XGBoost."""
    return client_of("mlflow", "mlflow==3.17.2 scikit-learn xgboost-cpu", "import mlflow, sklearn, xgboost")


@pytest.fixture(scope="module")
def lab(mlflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(mlflow_python, tmp_path_factory.mktemp("mlflow") / "home")
    yield made
    made.close()


@pytest.fixture(scope="module")
def logged(lab: Lab) -> dict[str, Any]:
    """A run that logged and registered a model."""
    script = """
mlflow.set_experiment("walk")
with mlflow.start_run() as run:
    mlflow.log_param("c", 1)
    mlflow.log_metric("m", 0.5)
    mlflow.log_text("hello", "d/f.txt")
    mlflow.log_dict({"a": 1}, "d.json")
    mlflow.log_table({"q": ["a"], "r": ["b"]}, "table.json")
    fitted = LogisticRegression(max_iter=200).fit(X, y)
    info = mlflow.sklearn.log_model(fitted, name="clf", registered_model_name="iris", **PLAIN)
told |= {"run": run.info.run_id, "model": info.model_id}
"""
    found: dict[str, Any] = lab.run(script)
    return found


def test_a_logged_model_is_loaded_by_every_uri(lab: Lab, logged: dict[str, Any]) -> None:
    script = f"""
client.set_registered_model_alias("iris", "champion", "1")
client.transition_model_version_stage("iris", "1", "Production")
for uri in ("models:/{logged["model"]}", "runs:/{logged["run"]}/clf", "models:/iris/1", "models:/iris@champion",
            "models:/iris/latest", "models:/iris/Production"):
    told[uri] = bool((mlflow.pyfunc.load_model(uri).predict(X.head(3)) == y.head(3)).all())
"""
    assert set(lab.run(script).values()) == {True}


def test_the_registered_version_traces_to_the_run_that_trained_it(lab: Lab, logged: dict[str, Any]) -> None:
    with Record.open(lab.home, create=False) as record, record.read() as reader:
        version, model = (reader.artifacts_at(place)[0] for place in ("models:/iris/1", f"models:/{logged['model']}"))
        (registration,) = [e.execution_id for e in reader.events_of_artifacts([version.id])]
        read = [e.artifact_id for e in reader.events_of_executions([registration]) if e.type is EventType.INPUT]
        (run,) = [e.execution_id for e in reader.events_of_artifacts([model.id]) if e.type is EventType.OUTPUT]
        assert read == [model.id]
        assert reader.execution(run).external_id == f"mlflow:{logged['run']}"
        assert label(version).startswith("iris v1")
        assert (version.digest, version.size_bytes) == (model.digest, model.size_bytes)


def test_files_of_a_run_come_back(lab: Lab, logged: dict[str, Any]) -> None:
    script = f"""
run = "{logged["run"]}"
told["top"] = [one.path for one in client.list_artifacts(run)]
told["inner"] = [one.path for one in client.list_artifacts(run, "d")]
told["text"] = open(client.download_artifacts(run, "d/f.txt")).read()
mlflow.set_experiment("walk")
told["table"] = len(mlflow.load_table("table.json", run_ids=[run]))
told["folder"] = sorted(os.listdir(client.download_artifacts(run, "")))
"""
    told = lab.run(script)
    assert told["top"] == told["folder"] == ["d", "d.json", "table.json"]
    assert (told["inner"], told["text"], told["table"]) == (["d/f.txt"], "hello", 1)


def test_a_large_file_goes_up_and_down_in_parts(lab: Lab) -> None:
    script = """
with mlflow.start_run() as run:
    path = os.path.join(tempfile.mkdtemp(), "big.bin")
    content = os.urandom(1 << 20) * 24
    open(path, "wb").write(content)
    mlflow.log_artifact(path, "large")
told["same"] = open(client.download_artifacts(run.info.run_id, "large/big.bin"), "rb").read() == content
"""
    parts = {
        "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(5 << 20),
        "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 << 20),
        "MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE": str(5 << 20),
        "MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE": str(7 << 20),
    }
    assert lab.run(script, **parts) == {"same": True}
    assert list((lab.home / "uploads").iterdir()) == []


def test_autolog_of_scikit_learn_is_recorded(lab: Lab) -> None:
    script = """
mlflow.set_experiment("autolog")
mlflow.sklearn.autolog()
LogisticRegression(max_iter=200).fit(X, y)
run = mlflow.last_active_run()
told |= {"run": run.info.run_id, "params": len(run.data.params), "metrics": sorted(run.data.metrics)}
told["models"] = [one.model_id for one in run.outputs.model_outputs]
told["datasets"] = len(run.inputs.dataset_inputs)
"""
    told = lab.run(script)
    assert told["params"] > 10
    assert "training_accuracy_score" in told["metrics"]
    assert told["datasets"] == 1
    with Record.open(lab.home, create=False) as record, record.read() as reader:
        (execution,) = reader.find_external(Kind.EXECUTION, [f"mlflow:{told['run']}"])
        events = reader.events_of_executions([execution.id])
        kinds = {(e.type, reader.artifact(e.artifact_id).type) for e in events}
    assert {(EventType.INPUT, "Dataset"), (EventType.OUTPUT, "mlflow.LoggedModel")} <= kinds
    assert execution.custom_properties["training_accuracy_score"] > 0.9  # type: ignore[operator]


def test_autolog_of_xgboost_is_recorded(lab: Lab) -> None:
    script = """
import xgboost
mlflow.set_experiment("autolog")
mlflow.xgboost.autolog()
xgboost.XGBClassifier(n_estimators=3).fit(X, y)
run = mlflow.last_active_run()
told["rounds"] = run.data.params["num_boost_round"]
loaded = mlflow.pyfunc.load_model(f"models:/{run.outputs.model_outputs[0].model_id}")
told["model"] = bool(loaded.predict(X) is not None)
told["files"] = [one.path for one in client.list_artifacts(run.info.run_id)]
"""
    told = lab.run(script)
    assert (told["rounds"], told["model"]) == ("3", True)
    assert "feature_importance_weight.json" in told["files"]


def test_the_registry_is_walked(lab: Lab) -> None:
    script = """
with mlflow.start_run():
    for c in (1, 2):
        fitted = LogisticRegression(C=c, max_iter=200).fit(X, y)
        mlflow.sklearn.log_model(fitted, name="m", registered_model_name="walked", **PLAIN)
client.set_registered_model_alias("walked", "a", "1")
client.set_registered_model_alias("walked", "a", "2")
client.set_model_version_tag("walked", "2", "k", "v")
client.set_registered_model_tag("walked", "team", "x")
client.update_model_version("walked", "2", "better")
client.transition_model_version_stage("walked", "1", "Staging")
told["alias"] = client.get_model_version_by_alias("walked", "a").version
told["latest"] = {one.current_stage: one.version for one in client.get_latest_versions("walked")}
told["found"] = [one.version for one in client.search_model_versions("name='walked' and tags.k = 'v'")]
told["models"] = [one.name for one in client.search_registered_models("tags.team = 'x'")]
copy = client.copy_model_version("models:/walked@a", "copied")
told["copy"] = [copy.name, copy.version]
client.delete_registered_model_alias("walked", "a")
client.delete_model_version("walked", "1")
client.rename_registered_model("walked", "renamed")
told["left"] = [one.version for one in client.search_model_versions("name='renamed'")]
try:
    client.get_registered_model("walked")
except mlflow.MlflowException as error:
    told["error"] = error.error_code
client.delete_registered_model("renamed")
"""
    told = lab.run(script)
    assert told["latest"] == {"None": "2", "Staging": "1"}
    assert told["error"] == "RESOURCE_DOES_NOT_EXIST"
    assert [told[name] for name in ("alias", "found", "models", "left", "copy")] == [
        "2", ["2"], ["walked"], ["2"], ["copied", "1"],
    ]  # fmt: skip


def test_an_evaluation_is_kept_with_the_model_it_read(lab: Lab, logged: dict[str, Any]) -> None:
    script = """
with mlflow.start_run() as run:
    result = mlflow.models.evaluate("models:/iris/1", X.assign(target=y), targets="target", model_type="classifier",
                                    evaluator_config={"log_explainer": False})
told |= {"accuracy": result.metrics["accuracy_score"], "run": run.info.run_id}
"""
    told = lab.run(script)
    assert told["accuracy"] > 0.9


def test_a_trace_that_cannot_be_kept_does_not_stop_the_work(lab: Lab) -> None:
    script = """
@mlflow.trace
def add(a, b):
    return a + b
told["sum"] = add(1, 2)
"""
    assert lab.run(script) == {"sum": 3}


@pytest.fixture(scope="module")
def backend(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Another backend of MLflow, with a bit of everything."""
    folder = tmp_path_factory.mktemp("backend")
    uri = f"sqlite:///{folder}/mlflow.db"
    script = f"""
client.create_experiment("moved", artifact_location="{folder.as_uri()}/files", tags=dict(a="b"))
mlflow.set_experiment("moved")
with mlflow.start_run(run_name="one") as run:
    mlflow.log_params(dict(p=1, q="zwei"))
    for step in range(50):
        mlflow.log_metric("loss", 1 / (step + 1), step=step)
    mlflow.log_metric("odd", float("nan"))
    mlflow.log_metric("big", float("inf"))
    mlflow.log_text("hello", "d/f.txt")
    mlflow.log_input(mlflow.data.from_pandas(X, name="iris"), context="training")
    fitted = LogisticRegression(max_iter=200).fit(X, y)
    mlflow.sklearn.log_model(fitted, name="m", registered_model_name="churn", **PLAIN)
client.set_registered_model_alias("churn", "champion", "1")
with mlflow.start_run(run_name="two") as other:
    pass
client.delete_run(other.info.run_id)
"""
    lab.run(script, uri=uri)
    return uri


def move(lab: Lab, backend: str, home: Path, *more: str) -> dict[str, Any]:
    command: list[str | Path] = [
        CLEW,
        "import",
        "mlflow",
        "--from",
        backend,
        "--python",
        lab.python,
        "--home",
        home,
        "--json",
        *more,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_backend_moves_in_with_proof_of_counts_and_values(lab: Lab, backend: str, tmp_path: Path) -> None:
    told = move(lab, backend, tmp_path / "home")
    compared = {one["what"]: (one["store"], one["equal"]) for one in told["proof"]["compared"]}
    assert told["proof"]["ok"] is True
    assert compared["run"] == (2, 2)
    assert compared["metric point"] == (52, 52)
    assert compared["parameter"] == (2, 2)
    assert compared["model version"] == compared["logged model"] == (1, 1)
    with Record.open(tmp_path / "home", create=False) as record, record.read() as reader:
        (version,) = reader.artifacts_at("models:/churn/1")
        (registration,) = [e.execution_id for e in reader.events_of_artifacts([version.id])]
        (read,) = [e.artifact_id for e in reader.events_of_executions([registration]) if e.type is EventType.INPUT]
        writers = [e for e in reader.events_of_artifacts([read]) if e.type is EventType.OUTPUT]
    assert label(version) == "churn v1 @champion"
    assert len(writers) == 1


def test_a_move_that_is_run_again_moves_nothing_twice(lab: Lab, backend: str, tmp_path: Path) -> None:
    first = move(lab, backend, tmp_path / "home", "--artifacts")
    again = move(lab, backend, tmp_path / "home", "--artifacts")
    assert first["added"]["run"] == 2
    assert first["added"]["file"] > 3
    assert again["added"] == {}
    with Record.open(tmp_path / "home", create=False) as record, record.read() as reader:
        assert reader.count(Kind.ARTIFACT, type="mlflow.ModelVersion") == 1


def test_a_moved_model_is_loaded_from_its_new_home(lab: Lab, backend: str, tmp_path: Path) -> None:
    move(lab, backend, tmp_path / "home", "--artifacts")
    moved = Lab(lab.python, tmp_path / "home")
    try:
        script = """
loaded = mlflow.pyfunc.load_model("models:/churn@champion")
told["same"] = bool((loaded.predict(X.head(3)) == y.head(3)).all())
"""
        assert moved.run(script) == {"same": True}
    finally:
        moved.close()


def test_a_backend_that_cannot_be_read_is_told_in_its_own_words(lab: Lab, tmp_path: Path) -> None:
    command: list[str | Path] = [
        CLEW,
        "import",
        "mlflow",
        "--from",
        "http://127.0.0.1:9",
        "--python",
        lab.python,
        "--home",
        tmp_path / "h",
    ]
    environ = {**os.environ, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environ)
    assert done.returncode == 1
    assert "MLflow's client cannot read http://127.0.0.1:9" in done.stderr


def test_without_mlflow_a_move_says_what_is_missing(tmp_path: Path) -> None:
    command: list[str | Path] = [
        CLEW,
        "import",
        "mlflow",
        "--from",
        "sqlite:///x.db",
        "--python",
        sys.executable,
        "--home",
        tmp_path / "h",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "has no mlflow" in done.stderr
