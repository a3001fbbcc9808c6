"""How much memory sessions of processes use, and one watch over all that may not use too much (Linux)."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

LOOK_S = 0.2
_SESSION, _RESIDENT = 3, 21  # of /proc/<pid>/stat, counted after the name


def resident_bytes() -> Counter[int]:
    """Session -> memory of all its processes that is not on disk; what they share counts for each."""
    page, found = os.sysconf("SC_PAGE_SIZE"), Counter[int]()
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with suppress(OSError, IndexError, ValueError), open(f"/proc/{entry}/stat", "rb") as stream:
                fields = stream.read().rpartition(b")")[2].split()
                found[int(fields[_SESSION])] += int(fields[_RESIDENT]) * page
    return found


class MemoryWatch:
    """Over ``session``, until :meth:`end`: calls ``act`` once when it uses more than ``most_bytes``."""

    def __init__(self, session: int, most_bytes: int, act: Callable[[], None]) -> None:
        self._session = session
        self._most_bytes = most_bytes
        self._act = act
        self._over = False
        _Looking.add(self)

    def end(self) -> bool:
        """Look no more; whether it was too much."""
        _Looking.remove(self)
        return self._over

    def look(self, used: Counter[int]) -> None:
        """Act if it is too much."""
        if not self._over and used[self._session] > self._most_bytes:
            self._over = True
            self._act()


class _Looking:
    """One thread looks for all watches there are, as long as there are any."""

    _guard = threading.Lock()
    _watches: set[MemoryWatch] = set()  # noqa: RUF012  (of the process)
    _is_under_way = False

    @classmethod
    def add(cls, watch: MemoryWatch) -> None:
        with cls._guard:
            cls._watches.add(watch)
            if not cls._is_under_way:
                cls._is_under_way = True
                threading.Thread(target=cls._look, name="clew-memory", daemon=True).start()

    @classmethod
    def remove(cls, watch: MemoryWatch) -> None:
        with cls._guard:
            cls._watches.discard(watch)

    @classmethod
    def _look(cls) -> None:
        pause = threading.Event()
        while True:
            pause.wait(LOOK_S)
            with cls._guard:
                watches = list(cls._watches)
                if not watches:
                    cls._is_under_way = False
                    return
            used = resident_bytes()
            for watch in watches:
                watch.look(used)
