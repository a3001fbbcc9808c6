"""Runs in the Python of the steps, not in Clew's: imports what each of them imports anyway, then forks one a step.

    python warm_server.py SOCKET MODULE

A request on SOCKET (a stream socket we inherit) is a length and a JSON object {folder, args, environ}, with two
descriptors: the step's log and a pipe. Into the pipe go ``started PID`` once the child leads a session of its own, and
``ended CODE`` when it is dead and all it started with it, in whatever session: what loses its parent becomes a child of
its step, and of ours when that is dead. Where SOCKET ends, whoever asked is gone: every step is killed.

The child then is what ``python -m MODULE ARGS`` would have become in that folder: it leaves through the end of this
file, so exit handlers, threads and buffers end as in any Python. This process has one thread, runs nothing of a step's,
and handles no signal. It must stand alone: the environment it runs in need not have Clew.
"""

from __future__ import annotations

import sys

del sys.path[0]  # the folder of this file

import argparse  # noqa: E402
import ctypes  # noqa: E402
import gc  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import select  # noqa: E402
import signal  # noqa: E402
import socket  # noqa: E402
import types  # noqa: E402
from typing import Any, NoReturn, cast  # noqa: E402

_LENGTH_BYTES = 4
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None)


class _Module:
    """The module steps run, found and compiled once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.spec = cast(Any, importlib.util.find_spec(name))
        self.code: types.CodeType = self.spec.loader.get_code(name)

    def import_what_it_imports(self) -> None:
        """Run it under a name that is not ``__main__``, and forget it: what it imported stays."""
        exec(self.code, self._new("__warm__").__dict__)

    def become_main(self, args: list[str]) -> types.CodeType:
        """Make it ``__main__``; running the code in the module's names is left to the caller."""
        sys.modules["__main__"] = self._new("__main__")
        sys.argv = [self.spec.origin, *args]
        sys.orig_argv = [sys.executable, "-m", self.name, *args]
        return self.code

    def _new(self, name: str) -> types.ModuleType:
        module = types.ModuleType(name)
        module.__spec__ = self.spec
        module.__loader__ = self.spec.loader
        module.__package__ = self.spec.parent
        module.__file__ = self.spec.origin
        module.__cached__ = self.spec.cached  # type: ignore[attr-defined,unused-ignore]
        return module


def _serve(control: socket.socket) -> dict[str, Any]:
    """Fork a child for each request; returns in the child, with its request."""
    steps: dict[int, tuple[int, int]] = {}  # descriptor of the process -> its id, its pipe
    ready = select.poll()
    ready.register(control, select.POLLIN)
    while True:
        for descriptor, _ in ready.poll():
            if descriptor in steps:
                ready.unregister(descriptor)
                os.close(descriptor)
                pid, pipe = steps.pop(descriptor)
                _bury(pid, pipe, {other for other, _ in steps.values()})
                continue
            request, descriptors = _receive(control)
            if request is None:
                _abandon(steps)
            log, pipe = descriptors
            try:
                pid = os.fork()
            except OSError as error:
                _tell(pipe, f"failed {error.strerror}")
                os.close(pipe)
            else:
                if pid == 0:
                    control.close()
                    _settle(request, log, pipe)
                    return request
                process = os.pidfd_open(pid)
                steps[process] = pid, pipe
                ready.register(process, select.POLLIN)
            os.close(log)


def _receive(control: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    head, descriptors, _, _ = socket.recv_fds(control, _LENGTH_BYTES, 2)
    if len(head) < _LENGTH_BYTES:
        return None, []
    wanted, body = int.from_bytes(head, "big"), b""
    while len(body) < wanted:
        piece = control.recv(wanted - len(body))
        if not piece:
            return None, []
        body += piece
    return json.loads(body), descriptors


def _settle(request: dict[str, Any], log: int, pipe: int) -> None:
    """In the child: a session, streams and a folder of its own, and nothing else that is open."""
    os.setsid()
    _adopt_orphans()
    os.dup2(log, 1)
    os.dup2(log, 2)
    _tell(pipe, f"started {os.getpid()}")
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.environ.update(request["environ"])
    os.chdir(request["folder"])
    sys.path.insert(0, request["folder"])
    gc.enable()


def _bury(pid: int, pipe: int, living: set[int]) -> None:
    """Kill what a dead step left behind, while its number cannot be given to another, and tell how it ended."""
    _kill(pid)
    _, status = os.waitpid(pid, 0)
    _kill_orphans(living)
    _tell(pipe, f"ended {os.waitstatus_to_exitcode(status)}")
    os.close(pipe)


def _abandon(steps: dict[int, tuple[int, int]]) -> NoReturn:
    for pid, _ in steps.values():
        _kill(pid)
    _kill_orphans(set())
    os._exit(0)


def _adopt_orphans() -> None:
    """Let what loses its parent below this process become its child."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_orphans(living: set[int]) -> None:
    """Kill our children but for the ``living`` steps, and theirs, which become ours as they lose their parents."""
    while orphans := _children() - living:
        for pid in orphans:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _children() -> set[int]:
    try:
        with open(f"/proc/self/task/{os.getpid()}/children") as stream:
            return set(map(int, stream.read().split()))
    except OSError:  # a kernel without that list: the process group is all that is killed
        return set()


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):  # it may not lead its group yet
        try:
            kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            continue


def _tell(pipe: int, line: str) -> None:
    try:
        os.write(pipe, line.encode() + b"\n")
    except BrokenPipeError:
        return


if __name__ == "__main__":
    _module = _Module(sys.argv[2])
    _module.import_what_it_imports()
    argparse.ArgumentParser(description="").parse_known_args([])  # translations and patterns: 4 ms of each step's 9
    gc.disable()  # until a child enables it: what it never writes to, it shares with us
    gc.freeze()
    _adopt_orphans()
    _request = _serve(socket.socket(fileno=int(sys.argv[1])))
    _code = _module.become_main(_request["args"])
    exec(_code, sys.modules["__main__"].__dict__)
