"""`import clew` must not pay for servers, databases and engines it may never use."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = {
    "alembic", "fastapi", "httpx", "lark", "numba", "numpy", "prometheus_client", "pydantic", "rich", "sqlalchemy",
    "starlette", "strawberry", "typer", "uvicorn", "yaml", "asyncio",
}  # fmt: skip


def modules_after(statement: str) -> set[str]:
    code = f"import sys, json; {statement}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(json.loads(done.stdout))


def test_importing_clew_loads_nothing_heavy() -> None:
    assert modules_after("import clew") & HEAVY == set()


def test_importing_clew_loads_few_modules() -> None:
    assert len(modules_after("import clew") - modules_after("pass")) <= 25


@pytest.mark.parametrize("package", ["clew.metadata", "clew.graph", "clew.executors", "clew.collectors"])
def test_importing_a_layer_loads_no_face(package: str) -> None:
    loaded = modules_after(f"import {package}")
    assert loaded & {"fastapi", "strawberry", "uvicorn", "typer"} == set()
    assert not any(name.startswith(("clew.api", "clew.cli", "clew.wiring")) for name in loaded)
