"""`clew notebook run`: parameters, what is recorded, when a run is reused, how it fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Told = Callable[..., dict[str, Any]]
Run = Callable[..., dict[str, Any]]
CODE = "import pandas as pd\npd.read_csv('raw.csv').to_parquet(f'out{depth}.parquet')"


def write(path: Path, *cells: str) -> None:
    said: list[dict[str, Any]] = [
        {"cell_type": "code", "id": f"c{n}", "metadata": {"tags": ["parameters"]} if n == 0 else {}, "source": cell}
        | {"outputs": [], "execution_count": None}
        for n, cell in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": said}))


@pytest.fixture
def command(watched_python: Path, work: Path) -> list[str]:
    write(work / "nb.ipynb", "depth = 1", CODE)
    named = ["--python", str(watched_python), "-o", "done.ipynb", "--json"]
    return [sys.executable, "-m", "clew", "notebook", "run", "nb.ipynb", *named]


@pytest.fixture
def run(command: list[str], beside_clew: dict[str, str], work: Path) -> Run:
    """Runs the notebook of the folder: what was told, with the exit code."""
    environ = {name: value for name, value in beside_clew.items() if name != "PYTHONPATH"}

    def run(*arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [*command, *arguments], cwd=work, env=environ, capture_output=True, text=True, timeout=120
        )
        assert done.stdout, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found | {"code": done.returncode, "stderr": done.stderr}

    return run


def test_a_notebook_is_run_recorded_and_reused_until_something_changes(run: Run, told: Told, work: Path) -> None:
    first = run("-p", "depth=4")
    assert (first["state"], first["code"], "cell 1 of 3" in first["stderr"]) == ("COMPLETE", 0, True)
    found = told(1)
    assert (set(found["read"]), found["properties"]["inputs"]) == ({"code", "raw.csv"}, {"depth": 4})
    assert "out4.parquet" in found["written"]
    executed = (work / "done.ipynb").read_bytes()
    (work / "done.ipynb").unlink()

    again = run("-p", "depth=4")
    assert (again["state"], again["reason"]) == ("CACHED", "the same as execution:1")
    assert (work / "done.ipynb").read_bytes() == executed

    write(work / "nb.ipynb", "depth = 1", "# a comment\n" + CODE)
    assert run("-p", "depth=4")["state"] == "CACHED"

    (work / "raw.csv").write_text("a,b\n9,9\n")
    changed = run("-p", "depth=4")
    assert (changed["state"], "raw.csv has changed" in changed["reason"]) == ("COMPLETE", True)

    (work / "out4.parquet").unlink()
    assert run("-p", "depth=4")["state"] == "COMPLETE"
    assert "parameters.depth" in run("-p", "depth=5")["reason"]


def test_a_cell_that_fails_is_named_and_the_notebook_kept(run: Run, told: Told, work: Path) -> None:
    write(work / "nb.ipynb", "depth = 1", "open('raw.csv').read()", "1 / 0")
    failed = run()
    assert (failed["state"], failed["code"], failed["failed_cell"]) == ("FAILED", 1, 3)
    assert failed["error"] == "cell 3: ZeroDivisionError: division by zero"
    assert "ZeroDivisionError" in (work / "done.ipynb").read_text()
    found = told(1)
    assert (found["state"], found["properties"]["failed_cell"]) == ("FAILED", 3)
    assert "raw.csv" in found["read"]
    assert run()["state"] == "FAILED"  # and is not reused


@pytest.mark.parametrize("text", ["", "{}", '{"nbformat": 3, "worksheets": []}', '{"nbformat": 4, "cells": [1]}'])
def test_what_is_no_notebook_is_refused(run: Run, work: Path, text: str) -> None:
    (work / "nb.ipynb").write_text(text)
    refused = run()
    assert (refused["code"], refused["error"]["code"]) == (2, "INVALID")


def test_a_python_without_papermill_is_told_what_to_install(run: Run) -> None:
    refused = run("--python", sys.executable)
    assert (refused["code"], refused["error"]["code"]) == (1, "UNSUPPORTED")
    assert "pip install papermill ipykernel" in refused["error"]["remedy"]


def test_an_interrupted_run_is_canceled(
    command: list[str], beside_clew: dict[str, str], work: Path, told: Told
) -> None:
    write(work / "nb.ipynb", "depth = 1", "open('up', 'w').close()\nimport time\ntime.sleep(60)")
    environ = {name: value for name, value in beside_clew.items() if name != "PYTHONPATH"}
    process = subprocess.Popen(
        command, cwd=work, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (work / "up").exists():
        assert process.poll() is None
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert (process.returncode, json.loads(out)["state"]) == (130, "CANCELED"), error
    assert told(1)["state"] == "CANCELED"
