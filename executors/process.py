"""Work as processes on this machine, each the leader of its own process group, so that all it started ends with it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from clew.executors.memory import MemoryWatch
from clew.executors.protocol import Ended, Job, PythonModule, Work
from clew.executors.warm import WarmProcess, WarmPythons
from clew.metadata.errors import SubmitFailed

GRACE_S = 5.0
"""Between the polite signal and the one that cannot be refused."""
_END_S = 30.0
PASSED_ON = (
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
)  # fmt: skip
"""What a step sees of the caller's environment: enough to run, nothing a result should depend on."""


class LocalProcesses:
    """Runs work as processes of this machine; Python modules from Pythons that are warm, if ``warm``."""

    name = "local"

    def __init__(self, *, warm: bool = True) -> None:
        self._pythons = WarmPythons() if warm else None

    def submit(self, work: Work) -> Job:
        """Start ``work`` in a session of its own.

        Errors: SubmitFailed when the program cannot be started.
        """
        environ = _passed_on() | work.environ
        told = {name: value for name, value in work.told.items() if name not in work.environ}
        try:
            process = self._pythons.start(work.module, work, environ, told) if self._pythons and work.module else None
            return _Process(process or _plain(work, environ | told), work)
        except (OSError, ValueError) as error:
            raise SubmitFailed(
                f"cannot start {work.command[0]!r}: {error}",
                field="command",
                value=work.command[0],
                remedy="Check that the program is installed and the folder of the run can be written",
            ) from error

    def warm(self, module: PythonModule, environ: dict[str, str]) -> None:
        """Begin to make a Python ready for ``module``, if there is none yet."""
        if self._pythons is not None:
            self._pythons.warm(module, _passed_on() | environ)

    def close(self) -> None:
        """End the Pythons that are warm, and whatever still runs under them."""
        if self._pythons is not None:
            self._pythons.close()


def _passed_on() -> dict[str, str]:
    return {key: os.environ[key] for key in PASSED_ON if key in os.environ}


def _plain(work: Work, environ: dict[str, str]) -> subprocess.Popen[bytes]:
    with work.log.open("ab") as log, _given(work.given) as given:
        return subprocess.Popen(
            work.command,
            cwd=work.folder,
            env=environ,
            stdin=given,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _given(data: bytes) -> BinaryIO:
    """``data`` to read, on no disk and in no pipe that could fill up (Linux)."""
    if not data:
        return open(os.devnull, "rb")
    stream = os.fdopen(os.memfd_create("given"), "w+b")
    stream.write(data)
    stream.seek(0)
    return stream


class _Process:
    def __init__(self, process: subprocess.Popen[bytes] | WarmProcess, work: Work) -> None:
        self._process = process
        self._folder = work.folder
        self._ends = work.ends
        self._timers: list[threading.Timer] = []
        self._timed_out = self._canceled = False
        _note_pid(work.folder, process.pid, work.ends)
        self._watch: MemoryWatch | None = None
        if work.memory_bytes is not None and sys.platform == "linux":
            self._watch = MemoryWatch(process.pid, work.memory_bytes, self._kill)
        if work.timeout_s is not None:
            self._later(work.timeout_s, self._time_out)

    def wait(self) -> Ended:
        try:
            code = self._process.wait()
        except BaseException:
            _run_all(self._ends)
            raise
        finally:
            for timer in self._timers:
                timer.cancel()
            over = self._watch.end() if self._watch else False
            if isinstance(self._process, subprocess.Popen):
                _signal_group(self._process.pid, signal.SIGKILL)  # whatever it left behind
            with suppress(OSError):
                _pid_file(self._folder).unlink()
        if self._canceled or self._timed_out or code < 0:
            _run_all(self._ends)
        return Ended(code, self._timed_out, self._canceled, over)

    def cancel(self) -> None:
        if self._canceled:
            self._kill()
        self._canceled = True
        self._stop()

    def _time_out(self) -> None:
        self._timed_out = True
        self._stop()

    def _stop(self) -> None:
        if self._process.returncode is None:
            _signal_group(self._process.pid, signal.SIGTERM)
            self._later(GRACE_S, self._kill)

    def _kill(self) -> None:
        if self._process.returncode is None:
            _run_all(self._ends)
            _signal_group(self._process.pid, signal.SIGKILL)

    def _later(self, after_s: float, act: object) -> None:
        timer = threading.Timer(after_s, act)  # type: ignore[arg-type]
        timer.daemon = True
        self._timers.append(timer)
        timer.start()


def kill_left_behind(folder: Path) -> int:
    """Kill the steps under ``folder`` whose runner is gone; return how many were found."""
    killed = 0
    for path in folder.rglob(".pid"):
        with suppress(OSError, ValueError):
            pid, born, *ends = path.read_text().split("\n")
            if ends[0]:
                _run_all(json.loads(ends[0]))
            if _born(int(pid)) == born:  # not another process that was given the same number since
                _signal_group(int(pid), signal.SIGKILL)
                killed += 1
            path.unlink()
    return killed


def _note_pid(folder: Path, pid: int, ends: Sequence[Sequence[str]]) -> None:
    with suppress(OSError), open(_pid_file(folder), "w") as stream:
        stream.write(f"{pid}\n{_born(pid)}\n{json.dumps(ends) if ends else ''}")


def _run_all(commands: Sequence[Sequence[str]]) -> None:
    for command in commands:
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_END_S)


def _pid_file(folder: Path) -> Path:
    return folder.parent / ".pid"


def _born(pid: int) -> str:
    """When a process started, in the kernel's ticks; empty where the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat") as stream:
            return stream.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _signal_group(pid: int, which: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, which)
