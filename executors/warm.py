"""Pythons that are warm: they have imported what a module imports, and fork a process for each run of it.

Starting Python and importing the executor of the kfp SDK takes a step longer than most trivial steps themselves. A
server (warm_server.py, in the step's own Python and with the step's own environment variables) has done both once; a
step is a child of it, and from then on a process like any other: its own session, folder, streams and end.

Linux only, where a server can wait for its children by descriptor; elsewhere steps are started the plain way.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import threading
from contextlib import suppress
from pathlib import Path

from clew.executors.protocol import PythonModule, Work
from clew.metadata.errors import ExecutionLost, SubmitFailed

IS_SUPPORTED = hasattr(os, "fork") and hasattr(os, "pidfd_open")
MOST_SERVERS = 16
"""Pythons kept warm at once (15 MiB each): one for each environment and set of variables."""
_SERVER = Path(__file__).with_name("warm_server.py")
_READY_S = 20.0
"""A Python that has not started a step by then is given up, and the step started the plain way."""
_CLOSE_S = 5.0


class WarmPythons:
    """The servers of one executor, started as they are needed. Safe for several threads."""

    def __init__(self) -> None:
        self._servers: dict[object, _Server] = {}
        self._guard = threading.Lock()

    def start(
        self, module: PythonModule, work: Work, environ: dict[str, str], told: dict[str, str]
    ) -> WarmProcess | None:
        """Start ``work``, which is to run ``module``; None when it must be started the plain way.

        ``told`` are variables of this start: the Python that is warm does not have them.

        Errors: SubmitFailed when no process can be made; OSError when the log cannot be opened.
        """
        server = self._server(module, environ)
        return server.start(module.args, work, told) if server else None

    def warm(self, module: PythonModule, environ: dict[str, str]) -> None:
        """Begin to make a Python ready for ``module``; returns at once."""
        self._server(module, environ)

    def close(self) -> None:
        """End the servers, and what still runs under them."""
        with self._guard:
            servers, self._servers = self._servers, {}
        for server in servers.values():
            server.close()

    def _server(self, module: PythonModule, environ: dict[str, str]) -> _Server | None:
        if not IS_SUPPORTED:
            return None
        key = (module.python, module.name, frozenset(environ.items()))
        with self._guard:
            if key not in self._servers:
                if len(self._servers) >= MOST_SERVERS:
                    return None
                self._servers[key] = _Server(module, environ)
            return self._servers[key]


class _Server:
    """One warm Python."""

    def __init__(self, module: PythonModule, environ: dict[str, str]) -> None:
        self._guard = threading.Lock()
        self._control, theirs = socket.socketpair()
        self._process: subprocess.Popen[bytes] | None = None
        with theirs, suppress(OSError):  # told by the first start, which then falls back to a plain process
            self._process = subprocess.Popen(
                [str(module.python), str(_SERVER), str(theirs.fileno()), module.name],
                cwd="/",
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def start(self, args: tuple[str, ...], work: Work, told: dict[str, str]) -> WarmProcess | None:
        """A process for ``work``; None when this server is no more, or does not answer."""
        request = json.dumps({"folder": str(work.folder), "args": args, "environ": told}).encode()
        news, theirs = os.pipe()
        try:
            log = os.open(work.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
            try:
                with self._guard:
                    socket.send_fds(self._control, [len(request).to_bytes(4, "big")], [log, theirs])
                    self._control.sendall(request)
            finally:
                os.close(log)
        except ConnectionError:
            os.close(news)
            return None
        except BaseException:
            os.close(news)
            raise
        finally:
            os.close(theirs)
        ready = select.poll()  # select() takes no descriptor beyond 1023
        ready.register(news, select.POLLIN)
        if not ready.poll(_READY_S * 1000) and self._process is not None:
            self._process.kill()
        return _started(WarmProcess(news, self))

    def close(self) -> None:
        """End it; what it started and still runs ends with it."""
        self._control.close()
        if self._process is None:
            return
        try:
            self._process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _started(process: WarmProcess) -> WarmProcess | None:
    word, rest = process.next_line()
    if word == "started":
        process.pid = int(rest)
        return process
    process.close()
    if word == "failed":
        raise SubmitFailed(
            f"no process can be made for the step: {rest}", field="command", remedy="Run fewer steps at once"
        )
    return None  # the server died before there was a child


class WarmProcess:
    """A child of a server."""

    def __init__(self, news: int, server: _Server) -> None:
        self.pid = 0
        self.returncode: int | None = None
        self._server = server  # which ends, and its steps with it, when nobody holds it any more
        self._news = news
        self._read = b""

    def wait(self) -> int:
        """Block until it is dead and all of its process group with it; its exit code, negative for a signal.

        Errors: ExecutionLost when its server died before it could tell; the process group is killed then.
        """
        word, rest = self.next_line()
        self.close()
        if word != "ended":
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            self.returncode = -signal.SIGKILL
            raise ExecutionLost(
                "the process that started the step was killed, so how the step ended cannot be known; it was stopped",
                field="state",
                remedy="Run again; look whether the machine ran out of memory",
            )
        self.returncode = int(rest)
        return self.returncode

    def next_line(self) -> tuple[str, str]:
        """The next news of it, as two words; empty when there will be none."""
        while b"\n" not in self._read:
            piece = os.read(self._news, 4096)
            if not piece:
                return "", ""
            self._read += piece
        line, _, self._read = self._read.partition(b"\n")
        word, _, rest = line.decode().partition(" ")
        return word, rest

    def close(self) -> None:
        """Let go of the pipe."""
        os.close(self._news)
