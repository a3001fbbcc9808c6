"""Test-suites we did not write: those that ship in the ml-metadata wheels, with the original clients."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.api.mlmd.server import GrpcServer
from clew.metadata.record import Record

pytestmark = pytest.mark.e2e
Serve = Callable[[Record], GrpcServer]


def told(python: Path, script: str, port: int) -> dict[str, Any]:
    """The JSON that a script of this folder prints, run by the Python of a client."""
    command: list[str | Path] = [python, Path(__file__).with_name(script), "127.0.0.1", str(port)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_original_clients_own_tests_pass(record_url: str, serve: Serve, client_python: Path) -> None:
    with Record.open(record_url) as record:
        found = told(client_python, "upstream_suite.py", serve(record).port)
    assert found == {"passed": 108, "failed": {}, "skipped": 2, "library": True}


def test_the_newest_clients_own_tests_pass(record_url: str, serve: Serve, newest_python: Path) -> None:
    with Record.open(record_url) as record:
        found = told(newest_python, "upstream_suite.py", serve(record).port)
    assert (found["failed"], found["skipped"]) == ({}, 2)
    assert found["passed"] == (101 if found["library"] else 97)


def test_what_the_newest_server_dropped_its_client_gets_from_clew(
    sqlite_record: Record, serve: Serve, newest_python: Path
) -> None:
    found = told(newest_python, "dropped_calls.py", serve(sqlite_record).port)
    assert found["found"] == ["a1", "a2"]
    assert (found["artifacts"], found["contexts"]) == (["a0", "a1"], ["r"])
