"""The record: one way to write, snapshots to read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from clew.metadata.brief import BriefSession
from clew.metadata.change import Change, Receipt
from clew.metadata.committer import Committer, Outcome
from clew.metadata.ids import Seq
from clew.metadata.reader import Reader
from clew.metadata.store.open import open_store
from clew.metadata.store.protocol import Store
from clew.metadata.types import TypeCache


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Record:
    """The system of record over one database. Thread-safe; several processes may open one home."""

    id: str
    """Identity of this record (a UUID), for projections that outlive a process."""

    def __init__(self, store: Store, clock_ms: Callable[[], int] = _now_ms) -> None:
        self.store = store
        self.id = store.record_id
        self._types = TypeCache()
        self._committer = Committer(store, self._types, clock_ms)

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True, clock_ms: Callable[[], int] = _now_ms) -> Record:
        """Open a database: a URL (sqlite:///FILE, postgresql://...) or a home folder (its ``record.db``).

        ``clock_ms`` gives UTC epoch milliseconds; the log's times never decrease whatever it says.
        Errors: NotFound when there is none and ``create`` is false; Invalid, Corrupt, SchemaTooNew, Unavailable.
        """
        return cls(open_store(where, create=create), clock_ms)

    def commit(self, change: Change) -> Receipt:
        """Record ``change`` durably and atomically. Concurrent callers share transactions (group commit).

        Errors: Invalid, NotFound, Conflict, Unsupported for the change; Unavailable for the store. Nothing is
        written then.
        """
        return self._committer.commit(change)

    def commit_many(self, changes: Sequence[Change]) -> list[Outcome]:
        """Record several independent changes in as few transactions as possible: an error is one change's own."""
        return self._committer.commit_many(changes)

    def read(
        self, *, as_of: int | None = None, as_of_ms: int | None = None, most_rows: int | None = None
    ) -> AbstractContextManager[Reader]:
        """A snapshot: of now, or as of a ``seq`` or a time. Errors: ChangeNotFound; TooLong beyond ``most_rows``."""
        return self._read(as_of, as_of_ms, most_rows)

    @contextmanager
    def _read(self, as_of: int | None, as_of_ms: int | None, most_rows: int | None) -> Iterator[Reader]:
        try:
            with self.store.read() as session:
                bounded = session if most_rows is None else BriefSession(session, most_rows)
                yield Reader(bounded, self._types, as_of, as_of_ms)
        except Exception as error:
            translated = self.store.translate(error)
            if translated is error:
                raise
            raise translated from error

    def seq(self) -> Seq:
        """Position of the last committed change, by any process."""
        with self.read() as reader:
            return reader.seq

    def close(self) -> None:
        """Release every connection."""
        self.store.close()

    def __enter__(self) -> Record:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
