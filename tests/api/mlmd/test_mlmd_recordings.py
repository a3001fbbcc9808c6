"""What Kubeflow Pipelines and TFX ask, replayed through the original client: Clew answers as the C++ library does."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from clew.api.mlmd.server import GrpcServer
from clew.metadata.record import Record

FOLDER = Path(__file__).with_name("recordings")
EVERYTHING: list[dict[str, Any]] = [{"call": f"Get{kind}s"} for kind in ("Artifact", "Execution", "Context")]
EVERYTHING += [{"call": f"Get{kind}Types"} for kind in ("Artifact", "Execution", "Context")]
EVERYTHING += [{"call": "GetEventsByExecutionIDs", "request": {"executionIds": [id]}} for id in range(1, 15)]


def recorded(name: str) -> list[dict[str, Any]]:
    """The calls of a recording, and then all there is to read."""
    calls: list[dict[str, Any]] = yaml.safe_load((FOLDER / f"{name}.yaml").read_text())
    return [*calls, *EVERYTHING]


@pytest.mark.e2e
@pytest.mark.parametrize("name", ["kfp", "tfx"])
def test_a_recording_gets_the_same_answers(
    record_url: str, serve: Callable[[Record], GrpcServer], client_python: Path, name: str
) -> None:
    calls = recorded(name)
    with Record.open(record_url) as record:
        command = [str(client_python), str(Path(__file__).with_name("replay_recording.py")), "127.0.0.1"]
        command.append(str(serve(record).port))
        done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["differences"] == []
    assert sum(told["outcomes"].values()) == len(calls)
