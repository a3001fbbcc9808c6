"""The tracking store's database: a file of its own beside SQLite's record, or tables in the record's PostgreSQL.

A file of its own, so that a stream of metrics never waits for the record's lock, nor the record for it. Every write is
one transaction and durable when it returns (WAL, ``synchronous=FULL``; ``synchronous_commit=on``).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from clew.api.mlflow.store.schema import VERSION, statements
from clew.metadata.errors import SchemaTooNew
from clew.metadata.record import Record
from clew.metadata.store import sqlite
from clew.metadata.store.protocol import Row

FILE = "tracking.db"
_SET_UP_LOCK = 0x636C6D6C
"""Advisory lock held on PostgreSQL while tables are made."""


_CLEAR = {
    "run": "UPDATE ml_run SET dirty = 0 WHERE number = ?",
    "experiment": "UPDATE ml_experiment SET dirty = 0 WHERE number = ?",
}


class Session:
    """One open transaction. SQL uses ``?`` for parameters on either database."""

    def __init__(self, connection: Any, dialect: str) -> None:
        self._connection, self.dialect = connection, dialect

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        rows: list[Row] = self._run(sql, parameters).fetchall()
        return rows

    def one(self, sql: str, parameters: Sequence[Any] = ()) -> Row | None:
        """The first row, or None."""
        row: Row | None = self._run(sql, parameters).fetchone()
        return row

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""
        self._run(sql, parameters)

    def each(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Run one statement for each row of parameters."""
        if not rows:
            return
        if self.dialect == "sqlite":
            self._connection.executemany(sql, rows)
            return
        with self._connection.cursor() as cursor:
            cursor.executemany(_to_format(sql), rows)

    def _run(self, sql: str, parameters: Sequence[Any]) -> Any:
        return self._connection.execute(sql if self.dialect == "sqlite" else _to_format(sql), parameters)


@lru_cache(maxsize=1024)
def _to_format(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


class _Postgres(Protocol):
    def detached(self) -> Any: ...


class TrackingStore:
    """Opens its database at the first use. Thread-safe; closed by whoever made it."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self.dialect = record.store.dialect
        self._idle: list[Any] = []
        self._guard = threading.Lock()
        self._writing = threading.RLock()
        self._writer: Any = None
        self._ready = False
        self._told: list[tuple[str, int]] = []
        self._projecting = [threading.Lock() for _ in range(64)]

    @property
    def path(self) -> Path | None:
        """The file; None on PostgreSQL."""
        store = self._record.store
        return store.path.with_name(FILE) if isinstance(store, sqlite.SqliteStore) else None

    def exists(self) -> bool:
        """Whether anything was ever tracked here; asking makes nothing."""
        if self.path is not None:
            return self.path.exists()
        with self._record.read() as reader:
            return bool(reader.query("SELECT to_regclass('ml_run') IS NOT NULL")[0][0])

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read transaction: one snapshot. Errors: Unavailable."""
        with self._translated():
            self._prepare()
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            connection = connection or self._connect()
            try:
                connection.execute(
                    "BEGIN" if self.dialect == "sqlite" else "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
                )
                yield Session(connection, self.dialect)
            finally:
                _roll_back(connection, self.dialect)
                with self._guard:
                    self._idle.append(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """The write transaction, one at a time; durable when the block has ended without an error.

        Errors: Unavailable; whatever the block raises, and then nothing is written.
        """
        with self._writing, self._translated():
            self._prepare()
            if self._writer is None:
                self._writer = self._connect()
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
            try:
                session = Session(connection, self.dialect)
                told = self._clear_marks(session)
                yield session
                connection.execute("COMMIT")
                del self._told[:told]
            finally:
                _roll_back(connection, self.dialect)

    def projecting(self, key: str) -> threading.Lock:
        """Held while one run or experiment is told to the record, so that no older state overtakes a newer one."""
        return self._projecting[hash(key) % len(self._projecting)]

    def told(self, what: str, number: int) -> None:
        """Note that the record knows of an experiment or run as it stands; written down with the next write."""
        self._told.append((what, number))

    def _clear_marks(self, session: Session) -> int:
        """Clear the marks of what the record knows; a mark set in this same transaction stands, as it comes after."""
        told = self._told[:]
        for what, number in told:
            session.execute(_CLEAR[what], (number,))
        return len(told)

    def backup(self, destination: Path) -> None:
        """Copy the file, consistent as of now, while others read and write; nothing where nothing was tracked."""
        if self.path is None or not self.path.exists():
            return
        source = sqlite.connect(self.path, read_only=True)
        destination.touch(mode=0o644)
        target = sqlite.connect(destination)
        try:
            source.backup(target, pages=4096)
            target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            target.close()
            source.close()
        descriptor = os.open(destination, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def is_conflict(self, error: BaseException) -> bool:
        """Whether a uniqueness rule was broken."""
        return self._record.store.is_conflict(error)

    def close(self) -> None:
        """Close every connection."""
        with self._writing, self._guard:
            for connection in (*self._idle, self._writer):
                if connection is not None:
                    connection.close()
            self._idle, self._writer, self._ready = [], None, False

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            translated = error if self.is_conflict(error) else self._record.store.translate(error)
            if translated is error:
                raise
            raise translated from error

    def _connect(self) -> Any:
        path = self.path
        if path is None:
            store: Any = self._record.store
            return store.detached()
        connection = sqlite.connect(path, read_only=not os.access(path, os.W_OK))
        connection.execute("PRAGMA case_sensitive_like = ON")  # as MLflow has it
        return connection

    def _prepare(self) -> None:
        if self._ready:
            return
        with self._writing:
            path = self.path
            if path is not None and not path.exists():
                path.touch(mode=0o644)
            connection = self._connect()
            try:
                connection.execute("BEGIN IMMEDIATE" if self.dialect == "sqlite" else "BEGIN")
                self._make(Session(connection, self.dialect))
                connection.execute("COMMIT")
            finally:
                _roll_back(connection, self.dialect)
                connection.close()
            self._ready = True

    def _make(self, session: Session) -> None:
        if self.dialect != "sqlite":
            session.execute("SELECT pg_advisory_xact_lock(?)", (_SET_UP_LOCK,))
        for statement in statements(self.dialect):
            session.execute(statement)
        found = session.one("SELECT version FROM ml_about")
        if found is None:
            session.execute("INSERT INTO ml_about (version) VALUES (?)", (VERSION,))
        elif found[0] > VERSION:
            raise SchemaTooNew(
                f"the tracking store was written by a newer Clew (its schema is {found[0]}, this one knows {VERSION})",
                field="home",
                value=str(self.path or "PostgreSQL"),
                remedy="Upgrade Clew",
            )


def _roll_back(connection: Any, dialect: str) -> None:
    if dialect == "sqlite":
        if connection.in_transaction:
            connection.rollback()
    elif not connection.closed and connection.info.transaction_status != 0:
        connection.execute("ROLLBACK")
