"""SQLite: the embedded store. WAL, ``synchronous=FULL``; several processes may open one file.

SQLite 3.7.0 to 3.51.2 can lose commits when several connections reset the WAL at once (fixed in 3.51.3), so the
bundled library of ``pysqlite3`` is used, and an affected one is refused a second process.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from clew.metadata.errors import ClewError, Corrupt, StoreFull, StoreReadOnly, StoreUnavailable
from clew.metadata.store.columns import HEAD, TABLES
from clew.metadata.store.protocol import Head, Row, Rows

try:
    from pysqlite3 import dbapi2 as sqlite3
except ImportError:  # no wheel for this platform: the interpreter's own SQLite
    import sqlite3  # type: ignore[no-redef,unused-ignore]

# The driver looks for a protocol by name on every NULL and every bytes, dozens a step; an adapter answers at once.
sqlite3.register_adapter(type(None), {}.get)
sqlite3.register_adapter(bytes, bytes)

DriverError: type[Exception] = sqlite3.Error
BUSY_TIMEOUT_S = 60.0
CHECKPOINT_PAGES = 4000
WAL_RESET_BUG_FIXED = (3, 51, 3)

CHUNKS = (64, 16, 4, 1)
"""Rows an INSERT statement: one call into SQLite a chunk, which leaves the interpreter to other threads meanwhile."""

_INSERT = {
    (table, size): f"INSERT INTO {table}({','.join(columns)}) VALUES"
    + ",".join([f"({','.join('?' * len(columns))})"] * size)
    for table, columns in TABLES.items()
    for size in CHUNKS
}
_READ_HEAD = f"SELECT {','.join(HEAD)} FROM head WHERE id = 1"
_WRITE_HEAD = f"UPDATE head SET {','.join(f'{c} = ?' for c in HEAD)} WHERE id = 1"


def has_wal_reset_bug() -> bool:
    """Whether the SQLite library in use can lose commits in WAL mode with several processes."""
    return bool((3, 7, 0) <= sqlite3.sqlite_version_info < WAL_RESET_BUG_FIXED)


class SqliteSession:
    """A transaction on one connection."""

    dialect = "sqlite"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        rows: list[Row] = self._connection.execute(sql, parameters).fetchall()
        return rows

    def stream(self, sql: str, parameters: Sequence[Any] = (), chunk: int = 50_000) -> Iterator[list[Row]]:
        """Rows of a query in chunks."""
        cursor = self._connection.execute(sql, parameters)
        while rows := cursor.fetchmany(chunk):
            yield rows


class SqliteWriteSession(SqliteSession):
    """The write transaction; holds SQLite's write lock from the start."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.head = Head(*self.fetch(_READ_HEAD)[0])

    def insert(self, rows: Rows) -> None:
        """Write new rows."""
        execute = self._connection.execute
        for table, new in rows.items():
            at = 0
            for size in CHUNKS if new else ():
                while len(new) - at >= size:
                    chunk = new[at : at + size]
                    execute(_INSERT[table, size], list(chain.from_iterable(chunk)) if size > 1 else chunk[0])
                    at += size

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement."""
        self._connection.execute(sql, parameters)

    def commit(self, rows: Rows, head: Head) -> None:
        """Write the last rows and the head; durable when it returns."""
        self.insert(rows)
        self._connection.execute(_WRITE_HEAD, head.astuple())
        self._connection.execute("COMMIT")


class SqliteStore:
    """One SQLite file: a connection that writes, and a few that read."""

    dialect = "sqlite"
    record_id: str

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only
        self._lock_file = _lock_out_other_processes(path) if has_wal_reset_bug() and not read_only else None
        self._readers: list[Any] = []
        self._readers_lock = threading.Lock()
        self._writer: Any = None
        self._pid = os.getpid()

    def read(self) -> Any:
        """A read transaction: one snapshot."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[SqliteSession]:
        self._check_process()
        with self._readers_lock:
            connection = self._readers.pop() if self._readers else None
        if connection is None:
            connection = self._connect()
        try:
            connection.execute("BEGIN")
            yield SqliteSession(connection)
        finally:
            # Ends the snapshot even when a query failed or a stream was left half read.
            if connection.in_transaction:
                connection.rollback()
            with self._readers_lock:
                self._readers.append(connection)

    def write(self, *, locked: bool) -> Any:
        """The write transaction; SQLite's is always locked."""
        return self._write()

    @contextmanager
    def _write(self) -> Iterator[SqliteWriteSession]:
        self._check_process()
        if self._writer is None:
            self._writer = self._connect()
        connection = self._writer
        if connection.in_transaction:  # left open by a Ctrl-C between two lines
            connection.rollback()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield SqliteWriteSession(connection)
        finally:
            if connection.in_transaction:
                connection.rollback()

    def backup(self, destination: Path) -> None:
        """Copy the database, consistent as of now, while others read and write."""
        target = sqlite3.connect(str(destination))
        try:
            with self.read() as session:
                session._connection.backup(target, pages=4096)
        finally:
            target.close()

    def is_conflict(self, error: BaseException) -> bool:
        """Whether a uniqueness rule was broken."""
        return isinstance(error, sqlite3.IntegrityError)

    def translate(self, error: BaseException) -> BaseException:
        """The driver's error as one of Clew's."""
        if not isinstance(error, sqlite3.Error):
            return error
        return translate(error, self.path)

    def close(self) -> None:
        """Close every connection; the last one folds the WAL into the file."""
        with self._readers_lock:
            connections, self._readers = [*self._readers, self._writer], []
        self._writer = None
        for connection in connections:
            if connection is not None:
                connection.close()
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None

    def _connect(self) -> Any:
        return connect(self.path, read_only=self.read_only)

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            raise StoreUnavailable(
                "the record was opened before this process was forked",
                remedy="Open the record again in the child process",
            )


def connect(path: Path, *, read_only: bool = False) -> Any:
    """A connection set up the one way Clew uses SQLite: autocommit by hand, WAL, FULL."""
    connection = sqlite3.connect(
        path.absolute().as_uri() + _mode(path, read_only),
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=256,
        timeout=BUSY_TIMEOUT_S,
    )
    try:
        if not read_only:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -131072")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def _mode(path: Path, read_only: bool) -> str:
    if not read_only:
        return "?mode=rw"
    # WAL needs its shared-memory file even to read; on a disk nobody can write, the file alone is the whole truth.
    unwritable = os.statvfs(path.parent).f_flag & os.ST_RDONLY
    return "?mode=ro&immutable=1" if unwritable and not path.with_name(path.name + "-wal").exists() else "?mode=ro"


def translate(error: Exception, path: Path) -> ClewError:
    """What a SQLite error means to the caller."""
    text = str(error)
    where = {"field": "home", "value": str(path)}
    if "disk is full" in text or "disk I/O error" in text:
        return StoreFull(
            "the disk that holds the record is full; nothing of this change was written",
            remedy="Free space and retry; no restart is needed",
            **where,
        )
    if "readonly" in text or "unable to open" in text or "permission" in text:
        return StoreReadOnly(
            f"the record cannot be opened for writing: {text}",
            remedy="Check that the folder exists and that you may write to it",
            **where,
        )
    if "locked" in text or "busy" in text:
        return StoreUnavailable(
            "the record is locked by another process", remedy="Retry; see who holds it with `clew doctor`", **where
        )
    if "malformed" in text or "not a database" in text or "no such table" in text or "no such column" in text:
        return Corrupt(f"the record is damaged: {text}", remedy="Restore a backup: `clew restore`", **where)
    return StoreUnavailable(f"the record's database failed: {text}", remedy="See `clew doctor`", **where)


def _lock_out_other_processes(path: Path) -> int:
    descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise StoreUnavailable(
            f"SQLite {sqlite3.sqlite_version} can lose commits when two processes write one home, and another has it",
            field="home",
            value=str(path),
            remedy="Install pysqlite3 >= 0.6.1 (SQLite 3.53), or close the other process",
        ) from error
    return descriptor
