"""The record: one way to write, snapshots to read.

(signatures first; bodies follow)
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from clew.metadata.change import Change, Receipt
from clew.metadata.ids import Seq
from clew.metadata.reader import Reader


class Record:
    """The system of record over one database. Thread-safe; several processes may open one home."""

    id: str
    """Identity of this record (a UUID), for projections that outlive a process."""

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True, clock: object = None) -> Record:
        """Open a database: a URL (sqlite:///path, postgresql://...) or a home folder (its ``record.db``)."""
        raise NotImplementedError

    def commit(self, change: Change) -> Receipt:
        """Record ``change`` durably and atomically. Concurrent callers share transactions (group commit)."""
        raise NotImplementedError

    def commit_many(self, changes: list[Change]) -> list[Receipt | Exception]:
        """Record several independent changes in as few transactions as possible: an error is one change's own."""
        raise NotImplementedError

    def read(self, *, as_of: int | None = None, as_of_ms: int | None = None) -> AbstractContextManager[Reader]:
        """A snapshot: of now, or as of a ``seq`` or a time."""
        raise NotImplementedError

    def seq(self) -> Seq:
        """Position of the last committed change."""
        raise NotImplementedError

    def close(self) -> None:
        """Release every connection."""
        raise NotImplementedError
