"""Single flight: the right to compute one fingerprint, held by one thread of one process, on one host or on many.

On one host a locked file a fingerprint: the operating system lets go of it when its holder dies. Where hosts share a
database, besides an advisory lock of a connection to it: the database lets go when the connection ends, and asks
often enough whether a silent one still lives.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

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
        self._folder = folder

    def claim(self, digest: Digest) -> FileClaim | None:
        """The right to compute ``digest``; None while another has it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / digest.rpartition(":")[2]
        while True:
            stream = path.open("ab")
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if os.fstat(stream.fileno()).st_ino == path.stat().st_ino:
                    return FileClaim(path, stream)
            except BlockingIOError:
                stream.close()
                return None
            except FileNotFoundError:  # the holder before us has just let go and removed it
                pass
            stream.close()

    def close(self) -> None:
        """Nothing is kept open."""


class FileClaim:
    """A claim that is a locked file."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self._path = path
        self._stream = stream

    def release(self) -> None:
        """Let others go on."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        self._stream.close()


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
