"""Who works in a home: runs and calls share it; collecting bytes has it alone, so that nothing under way is lost."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clew.metadata.errors import Conflict

_LOCK = Path("locks") / "home"


@contextmanager
def in_use(home: Path) -> Iterator[None]:
    """Something in the home makes results that are not recorded yet. Waits while bytes are collected."""
    with _opened(home) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Nothing else makes results in the home. Errors: Conflict while something does."""
    with _opened(home) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict(
                f"runs are under way in {home}",
                field="home",
                value=str(home),
                remedy="Wait for them (clew runs ls), or look with --dry-run",
            ) from error
        yield


@contextmanager
def _opened(home: Path) -> Iterator[int]:
    path = home / _LOCK
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        yield stream.fileno()
