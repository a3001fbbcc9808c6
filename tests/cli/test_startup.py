"""What a one-shot command loads: it must not pay for servers, engines and libraries it does not use.

Times are measured by benchmarks/cli.py; what is loaded decides them, and does not vary with the machine's load.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
NEVER = {
    "alembic", "asyncio", "fastapi", "httpx", "kfp", "lark", "llvmlite", "numba", "numpy", "pandas",
    "prometheus_client", "psycopg", "pydantic", "sqlalchemy", "starlette", "strawberry", "uvicorn", "websockets",
    "yaml",
}  # fmt: skip


def loaded(*arguments: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", "-m", "clew", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        "--help", "version", "ls artifacts", "ls executions --json --where id>2", "ls types", "ls runs",
        "show artifact:8 --history", "trace artifact:9", "trace artifact:9 --json", "trace artifact:9 --as-of 1",
        "impact artifact:1", "paths artifact:1 artifact:9", "diff artifact:5 artifact:6", "log --limit 5",
    ],
)  # fmt: skip
def test_a_one_shot_loads_nothing_heavy(trained: Path, arguments: str) -> None:
    home = [] if arguments in ("--help", "version") else ["--home", str(trained)]
    found = loaded(*arguments.split(), *home)
    assert found & NEVER == set()
    assert "rich" not in found, "piped output needs no Rich"
    assert "clew" in found
