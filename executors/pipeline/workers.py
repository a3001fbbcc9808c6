"""Threads that work off a queue: what a run needs of a thread pool, without the import of one."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

Work = Callable[[], None]
"""Must not raise: nobody would hear of it."""


class Workers:
    """At most ``most`` threads, started as there is work for them. Used from one thread."""

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._queue: queue.SimpleQueue[Work | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def submit(self, work: Work) -> None:
        """Do ``work`` soon, in the order submitted."""
        self._queue.put(work)
        if len(self._threads) < self._most:
            name = f"{self._name}-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._loop, name=name, daemon=True))
            self._threads[-1].start()

    def close(self, *, drop: bool = False) -> None:
        """Return when what was submitted is done; with ``drop``, what has not begun is left undone."""
        while drop:
            try:
                self._queue.get_nowait()
            except queue.Empty:
                break
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()

    def _loop(self) -> None:
        while (work := self._queue.get()) is not None:
            work()
