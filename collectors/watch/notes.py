"""Notes of what this process read and wrote, and where they go. Stands on the standard library alone.

A note is a list, one line of JSON where it is written to a file:

    ["r", time_ms, target, by, size_bytes, changed_ns]   a file or address was read; -1 where its stand is not known
    ["w", time_ms, target, by]                           it was written
    ["m", time_ms, from, to]                             a file or folder was renamed
    ["s", time_ms, topic, value]                         something the process says of itself
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from typing import Any

Note = list[Any]
READ, WRITE, MOVE, SAY = "r", "w", "m", "s"
MOST_KNOWN = 200_000
"""Paths that are remembered, so that each is noted once."""


class Notes:
    """Takes notes and hands each, once, to ``sink``. Called from any thread, inside anything: it never raises."""

    def __init__(self, sink: Callable[[Note], None]) -> None:
        self.is_on = True
        self.quiet = threading.local()
        """``quiet.depth`` above 0: this thread is inside a call that has been noted as a whole."""
        self._sink = sink
        self._known: dict[tuple[str, str], tuple[int, int]] = {}

    def read(self, target: str, by: str, time_ms: int | None = None) -> None:
        """``target``, an absolute path or an address, was read."""
        stand = _stand(target)
        if self._is_new(READ, target, stand):
            self._put([READ, now_ms() if time_ms is None else time_ms, target, by, *stand])

    def wrote(self, target: str, by: str) -> None:
        """``target`` was written."""
        if self._is_new(WRITE, target, (0, 0)):
            self._put([WRITE, now_ms(), target, by])

    def moved(self, source: str, target: str) -> None:
        """What lay at ``source`` lies at ``target`` now."""
        self._known.pop((WRITE, source), None)
        self._known[WRITE, target] = (0, 0)
        self._put([MOVE, now_ms(), source, target])

    def say(self, topic: str, value: Any) -> None:
        """Something about the process itself."""
        self._put([SAY, now_ms(), topic, value])

    def forget(self) -> None:
        """What was noted may be noted again: a new piece of work begins."""
        self._known.clear()

    def _is_new(self, what: str, target: str, stand: tuple[int, int]) -> bool:
        known = self._known
        if known.get((what, target)) == stand:
            return False
        if len(known) >= MOST_KNOWN:
            known.clear()
        known[what, target] = stand
        return True

    def _put(self, note: Note) -> None:
        try:
            self._sink(note)
        except Exception:  # whatever becomes of the note, the work goes on
            return


class LineFile:
    """A sink that appends lines to a file which many processes share: each line is written in one piece."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = -1
        self._own: tuple[int, int] = (-1, -1)

    def __call__(self, note: Note) -> None:
        """Append one note."""
        line = (json.dumps(note, separators=(",", ":")) + "\n").encode("utf-8", "surrogatepass")
        if not self._is_open():
            self._open()
        os.write(self._descriptor, line)

    def _is_open(self) -> bool:
        """Whether the descriptor is still ours: a program that becomes a daemon closes all, and reuses the numbers."""
        if self._descriptor < 0:
            return False
        try:
            info = os.fstat(self._descriptor)
        except OSError:
            return False
        return (info.st_dev, info.st_ino) == self._own

    def _open(self) -> None:
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
        info = os.fstat(self._descriptor)
        self._own = (info.st_dev, info.st_ino)


def now_ms() -> int:
    """UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000


def _stand(target: str) -> tuple[int, int]:
    """Size and time of the last change of a file; -1 for what is none, or is not there."""
    if not target.startswith("/"):
        return -1, -1
    try:
        info = os.stat(target)
    except (OSError, ValueError):
        return -1, -1
    return info.st_size, info.st_mtime_ns
