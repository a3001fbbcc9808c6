"""The same calls to a real ``mlflow server`` and to Clew are answered alike.

``CLEW_MLFLOW_SEEDS`` says how many sequences of 250 calls are made (2 unless told).
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from clew.api.app import create_app
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record
from tests.api.mlflow.calls import Server, differences
from tests.conftest import _client

SEEDS = int(os.environ.get("CLEW_MLFLOW_SEEDS", "2"))
CALLS = 250


@pytest.fixture(scope="session")
def mlflow_python() -> Path:
    """A Python with the real MLflow in it."""
    return _client("mlflow-3.17", "mlflow==3.17.2", "import mlflow, fastapi")


@pytest.fixture(scope="module")
def real(mlflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real server over SQLite."""
    folder = tmp_path_factory.mktemp("mlflow")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        str(mlflow_python),
        "-m",
        "mlflow",
        "server",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--workers",
        "1",
    ]
    command += ["--backend-store-uri", f"sqlite:///{folder}/real.db", "--artifacts-destination", str(folder / "files")]
    quiet = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=quiet, cwd=folder)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            if server.poll() is not None:
                pytest.fail(f"mlflow server ended: {(folder / 'log').read_text()[-2000:]}")
            try:
                if httpx.get(address + "/health").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.25)
        yield address
    finally:
        server.terminate()
        server.wait(20)


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_real_server_answers_alike(real: str, tmp_path: Path, server: Callable[[FastAPI], str], seed: int) -> None:
    with Record.open(tmp_path / "home") as record:
        ours = server(create_app(Services(record, SqlEngine(record))))
        with httpx.Client(base_url=real, timeout=60) as one, httpx.Client(base_url=ours, timeout=60) as other:
            assert differences(Server(one), Server(other), seed, CALLS) == []
