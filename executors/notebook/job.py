"""The process that executes a notebook, and what it tells."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.metadata.errors import SubmitFailed, Unsupported

DRIVE = Path(__file__).with_name("drive.py")
_GRACE_S = 10.0


@dataclass(frozen=True, slots=True)
class Executed:
    """How it went."""

    state: str
    """COMPLETE, FAILED or CANCELED."""
    cells: int = 0
    failed_cell: int | None = None
    """Place of the cell that failed, from 1, the cell with the parameters counted."""
    error: str = ""


def execute(
    python: Path,
    given: Mapping[str, Any],
    progress: Callable[[int, int], None],
    environ: Mapping[str, str] = os.environ,
) -> Executed:
    """Execute a notebook with ``python``; ``progress`` hears which cell of how many begins. Ctrl-C cancels it.

    Errors: Unsupported where that Python has no papermill; SubmitFailed.
    """
    try:
        process = subprocess.Popen(
            [str(python), str(DRIVE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=dict(environ),
            start_new_session=True,
        )
    except OSError as error:
        raise SubmitFailed(f"cannot start {python}: {error.strerror}", field="python", value=str(python)) from error
    assert process.stdin is not None
    assert process.stdout is not None
    told: dict[str, Any] = {}
    try:
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(given) + "\n")
            process.stdin.close()
        for line in process.stdout:
            said = json.loads(line)
            told |= said
            if isinstance(said.get("cell"), int):
                progress(said["cell"] + 1, told.get("cells", 0))
    except KeyboardInterrupt:
        told["interrupted"] = True
    finally:
        _end(process)
    return _read(told, python)


def _read(told: Mapping[str, Any], python: Path) -> Executed:
    cells = told.get("cells", 0)
    if "missing" in told:
        raise Unsupported(
            f"{python} has no {told['missing']}",
            field="python",
            value=str(python),
            remedy="Install it there: pip install papermill ipykernel; or name another --python",
        )
    if "interrupted" in told:
        return Executed("CANCELED", cells, error="interrupted")
    if "failed" in told:
        place = told["failed"]["cell"]
        where = "" if place is None else f"cell {place + 1}: "
        return Executed("FAILED", cells, None if place is None else place + 1, where + told["failed"]["error"])
    if "done" in told:
        return Executed("COMPLETE", cells)
    return Executed("FAILED", cells, error="the process that executed it is gone")


def _end(process: subprocess.Popen[str]) -> None:
    """Let it end, with its kernel; make it."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    process.wait()
