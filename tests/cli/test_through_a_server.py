"""The commands under "Ask" answer through a server exactly as they do on the home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
CLEW = Path(sys.executable).with_name("clew")
Clew = Callable[..., Any]


@pytest.fixture(scope="module")
def url(trained: Path) -> Iterator[str]:
    server = subprocess.Popen(
        [CLEW, "up", "--home", trained, "--port", "0", "--grpc-port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CLEW_ENGINE": "sql"},
    )
    assert server.stderr is not None
    yield server.stderr.readline().split(" at ")[1].split()[0]
    server.terminate()
    server.communicate(timeout=20)


def without_times(text: str) -> list[Any]:
    def strip(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: strip(item) for key, item in value.items() if key != "took_ms"}
        return [strip(item) for item in value] if isinstance(value, list) else value

    return [strip(json.loads(line)) for line in text.splitlines()]


@pytest.mark.parametrize(
    "question",
    [
        "ls artifacts --limit 3", "ls artifacts --where state=DELETED", "ls executions --all --order name --asc",
        "ls contexts", "ls types", "ls runs", "show artifact:8 --history", "show s3a://lake/raw/", "show context:2",
        "show artifact:8 --as-of 1", "trace artifact:9", "trace artifact:1 --down --to Report --depth 5",
        "trace artifact:3 --both --max-nodes 4", "trace artifact:9 --as-of 1", "impact artifact:1 --depth 3",
        "paths artifact:3 artifact:8", "diff artifact:5 artifact:6 --all", "diff execution:3 execution:4", "log --all",
        "show artifact:99", "ls artifacts --type Nothing", "trace context:1", "paths artifact:9 artifact:1",
        "why execution:1", "ls artifacts --where type==", "show artifact:1 --as-of 99",
    ],
)  # fmt: skip
def test_a_server_and_its_home_answer_alike(clew: Clew, trained: Path, url: str, question: str) -> None:
    here = clew(*question.split(), "--home", trained, "--json")
    there = clew(*question.split(), "--server", url, "--json")
    assert (here.code, without_times(here.out)) == (there.code, without_times(there.out))
    assert here.err == there.err


def test_the_server_of_the_environment_is_asked(clew: Clew, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_HOME", "/nowhere")
    monkeypatch.setenv("CLEW_URL", url)
    assert clew("ls", "artifacts", "--json").json()["total"] == 9
