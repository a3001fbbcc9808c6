"""A small home with a trained model in it, and ways to run `clew` on it: in this process, and as people do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from clew.cli.entry import run
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState

CLEW = Path(sys.executable).with_name("clew")


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


def record_training(home: Path) -> None:
    """raw -> clean -> (train, test); train -> three models -> best -> report; and the best one marked deleted later."""
    with Record.open(home) as record:
        change = Change(actor="ann")
        types = {
            name: change.type(NodeType(kind, name))
            for kind, name in [
                (Kind.ARTIFACT, "Dataset"),
                (Kind.ARTIFACT, "Model"),
                (Kind.ARTIFACT, "Report"),
                (Kind.EXECUTION, "Step"),
                (Kind.CONTEXT, "Project"),
                (Kind.CONTEXT, "Run"),
            ]
        }
        project = change.context(types["Project"], name="churn")
        run_context = change.context(types["Run"], name="first")
        change.parent(run_context, project)

        def artifact(type: str, name: str, **properties: Any) -> Any:
            put = change.artifact(
                types[type], name=name, uri=f"s3://lake/{name}", state=ArtifactState.LIVE, custom_properties=properties
            )
            change.attribute(run_context, put)
            return put

        def step(name: str, inputs: list[Any], outputs: list[Any], state: ExecutionState) -> None:
            put = change.execution(
                types["Step"], name=name, state=state, started_ms=1_000, ended_ms=4_100, custom_properties={"seed": 7}
            )
            change.associate(run_context, put)
            for used in inputs:
                change.event(used, put, EventType.INPUT, path=("data",))
            for made in outputs:
                change.event(made, put, EventType.OUTPUT, path=("out",))

        raw, clean = artifact("Dataset", "raw"), artifact("Dataset", "clean")
        train, test = artifact("Dataset", "train"), artifact("Dataset", "test")
        models = [artifact("Model", f"model-{i}", accuracy=0.9 + i / 100) for i in range(3)]
        best, report = artifact("Model", "best", odd=float("inf")), artifact("Report", "report")
        step("clean", [raw], [clean], ExecutionState.CACHED)
        step("split", [clean], [train, test], ExecutionState.COMPLETE)
        for i, model in enumerate(models):
            step(f"train-{i}", [train], [model], ExecutionState.COMPLETE)
        step("pick", models, [best], ExecutionState.COMPLETE)
        step("evaluate", [best, test], [report], ExecutionState.COMPLETE)
        step("deploy", [best], [], ExecutionState.FAILED)
        record.commit(change)
        later = Change(actor="bob")
        later.artifact(id=8, state=ArtifactState.DELETED, custom_properties={"odd": 1.5})
        record.commit(later)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that no test changes."""
    home = tmp_path_factory.mktemp("trained") / "home"
    record_training(home)
    return home


@pytest.fixture(scope="session")
def sums(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiled = tmp_path_factory.mktemp("compiled") / "sums.yaml"
    source = Path(__file__).with_name("sums_pipeline.py")
    subprocess.run([sys.executable, "-W", "ignore", str(source), str(compiled)], check=True, timeout=120)
    return compiled


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CLEW_") and not name.startswith("CLEW_TEST_")]:
        monkeypatch.delenv(name)


Clew = Callable[..., Outcome]


@pytest.fixture
def clew(trained: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Clew:
    """Runs a command in this process, on the trained home unless told otherwise."""
    monkeypatch.setenv("CLEW_HOME", str(trained))

    def call(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Outcome(code, said.out, said.err)

    return call


@pytest.fixture
def shell() -> Clew:
    """Runs the `clew` executable, as a shell does."""

    def call(*arguments: object, timeout: float = 60, **environ: str) -> Outcome:
        done = subprocess.run(
            [CLEW, *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, **environ},
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call
