"""An MLflow backend, read by a process of its own: Clew needs no mlflow, only a Python that has it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from clew.metadata.errors import SourceUnreachable, UsageError

READER = Path(__file__).with_name("move_reader.py")


def find_python(given: str | None) -> str:
    """A Python that has mlflow: the given one, else one on PATH. Errors: UsageError where there is none."""
    if given is not None:
        if not _has_mlflow(given):
            raise UsageError(
                f"{given} has no mlflow", field="python", value=given, remedy="Name a Python that can `import mlflow`"
            )
        return given
    script = shutil.which("mlflow")
    beside = str(Path(script).resolve().parent / "python") if script else None
    for python in (beside, shutil.which("python3"), shutil.which("python"), sys.executable):
        if python and _has_mlflow(python):
            return python
    raise UsageError(
        "no Python on PATH has mlflow", field="python", remedy="Name one that can `import mlflow`: --python PATH"
    )


def read(
    python: str, uri: str, registry_uri: str, *, files: bool
) -> Iterator[tuple[dict[str, Any], Callable[[], None]]]:
    """What the backend holds, line by line, each with what to call when it was taken.

    Errors: SourceUnreachable with what MLflow's client said.
    """
    command = [python, "-W", "ignore", str(READER), uri, registry_uri, "files" if files else "none"]
    environ = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet", **os.environ}
    environ.pop("PYTHONPATH", None)
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin = process.stdin

        def go_on() -> None:
            stdin.write(b"\n")
            stdin.flush()

        try:
            for line in process.stdout:
                told = orjson.loads(line)
                if told["kind"] == "failed":
                    raise _unreachable(uri, told["message"])
                if told["kind"] == "end":
                    return
                yield told, go_on if told["kind"] == "files" else _nothing
            raise _unreachable(uri, "the process that read it ended early")
        finally:
            process.kill()


def _nothing() -> None:
    return None


def _has_mlflow(python: str) -> bool:
    probe = "import importlib.util, sys; sys.exit(importlib.util.find_spec('mlflow') is None)"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True, timeout=60).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _unreachable(uri: str, message: str) -> SourceUnreachable:
    shown = uri.rpartition("@")[2] if "@" in uri else uri
    return SourceUnreachable(
        f"MLflow's client cannot read {shown}: {message[:400]}", field="from", value=shown,
        remedy="Check the URI with `mlflow experiments search`, and give its environment variables to clew as well",
    )  # fmt: skip
