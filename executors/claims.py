"""Single flight: the right to compute one fingerprint, held by one thread of one process, on one host or on many.

On one host a locked byte of a file: the operating system lets go of it when its holder dies. Where hosts share a
database, besides an advisory lock of a connection to it: the database lets go when the connection ends, and asks
often enough whether a silent one still lives.
"""

from __future__ import annotations

import fcntl
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol
from weakref import WeakValueDictionary

from clew.metadata.digest import Digest
from clew.metadata.record import Record


class Claim(Protocol):
    """The right to compute one fingerprint, until it is released or its process ends."""

    def release(self) -> None:
        """Let others go on."""
        ...


class SharedLocks(Protocol):
    """Locks that every host sees; each goes with its holder."""

    def try_lock(self, key: int) -> bool:
        """Whether ``key``, of 64 bits, is ours now."""
        ...

    def unlock(self, key: int) -> None:
        """Let ``key`` go."""
        ...

    def close(self) -> None:
        """Let everything go."""
        ...


class Claims(Protocol):
    """Where claims are made."""

    def claim(self, digest: Digest) -> Claim | None:
        """The right to compute ``digest``; None while another thread, process or host has it."""
        ...

    def close(self) -> None:
        """Let go of what claims are made with."""
        ...


class FileClaims:
    """Claims among the threads and processes of one host."""

    def __init__(self, folder: Path) -> None:
        self._file = _LockedFile.at(folder.resolve() / "claims")

    def claim(self, digest: Digest) -> FileClaim | None:
        """The right to compute ``digest``; None while another has it."""
        place = int(digest.rpartition(":")[2][:15], 16)
        return FileClaim(self._file, place) if self._file.try_lock(place) else None

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class FileClaim:
    """A claim that is a locked byte of a file."""

    file: _LockedFile
    place: int

    def release(self) -> None:
        """Let others go on."""
        self.file.unlock(self.place)


class _LockedFile:
    """A file of which bytes are locked, each for one fingerprint; they need not be there.

    One descriptor for all: those who wait for their turn are many, and descriptors few. Such locks are those of a
    process, so its threads are told apart here, and the file is open once; closing it would let all go.
    """

    _known: ClassVar[WeakValueDictionary[Path, _LockedFile]] = WeakValueDictionary()
    _guard: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: set[int] = set()
        self._descriptor = -1
        self._process = os.getpid()

    @classmethod
    def at(cls, path: Path) -> _LockedFile:
        """The one of this process at ``path``."""
        with cls._guard:
            return cls._known.setdefault(path, cls(path))

    def try_lock(self, place: int) -> bool:
        """Whether ``place`` is ours now."""
        with self._guard:
            if self._process != os.getpid():  # forked: the locks stayed with the parent
                self._held, self._process = set(), os.getpid()
                self._close()
            if place in self._held:
                return False
            if self._descriptor < 0:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
            except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as systems like
                if not self._held:
                    self._close()
                return False
            self._held.add(place)
            return True

    def unlock(self, place: int) -> None:
        """Let ``place`` go."""
        with self._guard:
            if self._process != os.getpid() or place not in self._held:
                return
            self._held.remove(place)
            if self._held:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, place)
            else:
                self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SharedClaims:
    """Claims among hosts that share a database: first on this host, then in the database."""

    def __init__(self, here: FileClaims, locks: SharedLocks) -> None:
        self._here = here
        self._locks = locks

    def claim(self, digest: Digest) -> Claim | None:
        """The right to compute ``digest``; None while another has it. Errors: StoreUnavailable."""
        inner = self._here.claim(digest)
        if inner is None:
            return None
        key = int(digest.rpartition(":")[2][:16], 16) - (1 << 63)
        try:
            if self._locks.try_lock(key):
                return SharedClaim(inner, self._locks, key)
        except BaseException:
            inner.release()
            raise
        inner.release()
        return None

    def close(self) -> None:
        """Close the connection that held them."""
        self._locks.close()


@dataclass(frozen=True, slots=True)
class SharedClaim:
    """A claim that others on other hosts see."""

    inner: Claim
    locks: SharedLocks
    key: int

    def release(self) -> None:
        """Let others go on."""
        self.locks.unlock(self.key)
        self.inner.release()


def claims_of(record: Record, folder: Path) -> Claims:
    """Where those who share ``record`` make their claims."""
    here = FileClaims(folder)
    if record.store.dialect != "postgresql":
        return here
    from clew.metadata.store.postgres import PostgresStore
    from clew.metadata.store.postgres_locks import PostgresLocks

    assert isinstance(record.store, PostgresStore)
    return SharedClaims(here, PostgresLocks(record.store))
