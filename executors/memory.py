"""How much memory a session of processes uses, and a watch that tells when it is too much (Linux)."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

_LOOK_S = 0.2
_SESSION, _RESIDENT = 3, 21  # of /proc/<pid>/stat, counted after the name


def resident_bytes(session: int) -> int:
    """Memory of all processes of ``session`` that is not on disk; what they share counts for each."""
    page, total = os.sysconf("SC_PAGE_SIZE"), 0
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with suppress(OSError, IndexError, ValueError), open(f"/proc/{entry}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
                if int(fields[_SESSION]) == session:
                    total += int(fields[_RESIDENT]) * page
    return total


class MemoryWatch:
    """Calls ``act`` once, on a thread of its own, when ``session`` uses more than ``most_bytes``."""

    def __init__(self, session: int, most_bytes: int, act: Callable[[], None]) -> None:
        self._over = threading.Event()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, args=(session, most_bytes, act), daemon=True)
        self._thread.start()

    def _look(self, session: int, most_bytes: int, act: Callable[[], None]) -> None:
        while not self._ended.wait(_LOOK_S):
            if resident_bytes(session) > most_bytes:
                self._over.set()
                act()
                return

    def end(self) -> bool:
        """Look no more; whether it was too much."""
        self._ended.set()
        return self._over.is_set()
