"""A lock of one environment: held shared by those who use it, alone by who removes (or, another one, builds) it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class Locked:
    """The lock file at ``path``, which is never removed. Its time of change is that of the last use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    @property
    def descriptor(self) -> int:
        """Of the open file: who inherits it holds the lock too."""
        return self._descriptor

    def take_shared(self) -> None:
        """Wait until nobody holds it alone."""
        fcntl.flock(self._descriptor, fcntl.LOCK_SH)

    def take_alone(self) -> None:
        """Wait until nobody else holds it."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def try_alone(self) -> bool:
        """Whether it is now held alone; does not wait."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def mark_used(self) -> None:
        """Note that it is used now."""
        with suppress(OSError):  # a folder of environments that may only be read
            os.utime(self._descriptor)

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)
