"""A test-suite we did not write: the one that ships in the ml-metadata wheel, with the original client."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.api.mlmd.server import GrpcServer
from clew.metadata.record import Record

SUITE = Path(__file__).with_name("upstream_suite.py")


@pytest.mark.e2e
def test_the_original_clients_own_tests_pass(
    record_url: str, serve: Callable[[Record], GrpcServer], client_python: Path
) -> None:
    with Record.open(record_url) as record:
        port = serve(record).port
        done = subprocess.run([client_python, SUITE, "127.0.0.1", str(port)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads(done.stdout) == {"passed": 108, "failed": {}, "skipped": 2}
