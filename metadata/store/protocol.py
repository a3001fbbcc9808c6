"""What the record asks of a database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

import orjson

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
"""New rows by table, in the column order of store/columns.py."""


@dataclass(slots=True)
class Head:
    """The one row that orders the record: last ``seq``, and the ids to give next."""

    seq: int
    time_ms: int
    types_seq: int
    next_type: int
    next_artifact: int
    next_execution: int
    next_context: int
    dense: int
    """1 while every id below ``next_*`` exists; 0 after an import left gaps."""

    def copy(self) -> Head:
        """A head to plan on, and to throw away when the plan fails."""
        return Head(*self.astuple())

    def astuple(self) -> Row:
        """In the order of ``columns.HEAD``."""
        return (
            self.seq, self.time_ms, self.types_seq, self.next_type,
            self.next_artifact, self.next_execution, self.next_context, self.dense,
        )  # fmt: skip


class Speaks(Protocol):
    """Whoever queries: a session, or a reader over one."""

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        ...


def among(of: Speaks) -> str:
    """The condition that a column is one of a list, whatever its length; its one parameter is :func:`listed`."""
    return "IN (SELECT value FROM json_each(?))" if of.dialect == "sqlite" else "= ANY(?)"


def listed(of: Speaks, items: Iterable[Any]) -> Any:
    """The parameter of :func:`among`."""
    return orjson.dumps(list(items)).decode() if of.dialect == "sqlite" else list(items)


class HeadMoved(Exception):
    """Another process committed since the head was read; plan again, under the lock."""


class Session(Protocol):
    """One open transaction, reading or writing. SQL uses ``?`` for parameters on every database."""

    dialect: str
    """``sqlite`` or ``postgresql``."""

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        ...

    def stream(self, sql: str, parameters: Sequence[Any] = (), chunk: int = 50_000) -> Iterator[list[Row]]:
        """Rows of a query in chunks, in constant memory."""
        ...


class WriteSession(Session, Protocol):
    """The one writing transaction of a process. Leaving the block without ``commit`` rolls back."""

    head: Head

    def insert(self, rows: Rows) -> None:
        """Write new rows now, so that later reads of this session see them."""
        ...

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""
        ...

    def commit(self, rows: Rows, head: Head) -> None:
        """Write the last rows and the new head, and make everything durable.

        Errors: HeadMoved when the session was opened without the lock and the head was stale.
        """
        ...


class Store(Protocol):
    """A database that holds one record."""

    dialect: str
    record_id: str

    def read(self) -> AbstractContextManager[Session]:
        """A read transaction: one snapshot."""
        ...

    def write(self, *, locked: bool) -> AbstractContextManager[WriteSession]:
        """A write transaction. Without ``locked`` the store may plan on a remembered head and claim it on commit;
        such a session raises HeadMoved on any read."""
        ...

    def is_conflict(self, error: BaseException) -> bool:
        """Whether a driver's error is a broken uniqueness rule."""
        ...

    def translate(self, error: BaseException) -> BaseException:
        """The driver's error as one of Clew's, or the error itself when it is none of the driver's."""
        ...

    def close(self) -> None:
        """Release every connection."""
        ...
