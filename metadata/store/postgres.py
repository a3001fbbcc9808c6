"""PostgreSQL: the store of a server or a cluster of them. psycopg 3 over SQLAlchemy's pool.

A group of plain changes is one statement and one round trip: it claims the head it was planned on (``UPDATE head ...
WHERE seq = ?``) and inserts every row, or does nothing when another process was faster (postgres_rows.py).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.types.string import TextLoader

from clew.metadata.errors import (
    ClewError,
    Corrupt,
    Invalid,
    NotFound,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
)
from clew.metadata.store.columns import HEAD
from clew.metadata.store.create import check_revision, create_tables
from clew.metadata.store.postgres_rows import CLAIM, STATEMENT_ROWS, ShortStatements, json_body, json_statement
from clew.metadata.store.protocol import Head, HeadMoved, Row, Rows

SET_UP_LOCK = 0x636C6577
"""Advisory lock held while tables are made or migrated."""

_READ_HEAD = f"SELECT {','.join(HEAD)} FROM head WHERE id = 1"
_DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"


@lru_cache(maxsize=1024)
def _to_format(sql: str) -> str:
    return sql.replace("%", "%%").replace("?", "%s")


class PostgresSession:
    """A transaction on one connection."""

    dialect = "postgresql"

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query."""
        return self._connection.execute(_to_format(sql), parameters).fetchall()

    def stream(self, sql: str, parameters: Sequence[Any] = (), chunk: int = 50_000) -> Iterator[list[Row]]:
        """Rows of a query in chunks, through a server-side cursor."""
        with self._connection.cursor("stream") as cursor:
            cursor.execute(_to_format(sql), parameters)
            while rows := cursor.fetchmany(chunk):
                yield rows


class PostgresWriteSession(PostgresSession):
    """The write transaction: under the head's lock, or planned on a remembered head and claimed at commit."""

    def __init__(self, short: ShortStatements, head: Head, *, locked: bool, remember: Callable[[Head], None]) -> None:
        super().__init__(short.connection)
        self._short = short
        self.head = head
        self._locked = locked
        self._remember = remember

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """All rows of a query. Errors: HeadMoved without the lock."""
        self._require_lock()
        return super().fetch(sql, parameters)

    def insert(self, rows: Rows) -> None:
        """Write new rows. Errors: HeadMoved without the lock."""
        self._require_lock()
        self._insert(rows)

    def execute(self, sql: str, parameters: Sequence[Any] = ()) -> None:
        """Run one statement. Errors: HeadMoved without the lock."""
        self._require_lock()
        self._connection.execute(_to_format(sql), parameters)

    def commit(self, rows: Rows, head: Head) -> None:
        """Write the last rows and the head; durable when it returns. Errors: HeadMoved."""
        self._commit(rows, (*head.astuple(), self.head.seq))
        self._remember(head)

    def _commit(self, rows: Rows, claim: Row) -> None:
        if not self._locked and all(len(new) <= STATEMENT_ROWS for new in rows.values()):
            if not self._claim_with(rows, claim):
                raise HeadMoved
            return
        if not self._locked:
            self._connection.execute("BEGIN")
        if self._connection.execute(CLAIM, claim).fetchone() is None:
            raise HeadMoved
        self._insert(rows)
        self._connection.execute("COMMIT")

    def _claim_with(self, rows: Rows, claim: Row) -> bool:
        claimed = self._short.run(rows, claim)
        if claimed is not None:
            return claimed
        tables = tuple(table for table, new in rows.items() if new)
        bodies = [json_body(table, rows[table]) for table in tables]
        return self._connection.execute(json_statement(tables, True), (*claim, *bodies)).fetchone() == (1,)

    def _insert(self, rows: Rows) -> None:
        tables = tuple(table for table, new in rows.items() if new)
        for first in range(0, max((len(rows[table]) for table in tables), default=0), STATEMENT_ROWS):
            parts = {table: rows[table][first : first + STATEMENT_ROWS] for table in tables}
            some = tuple(table for table, part in parts.items() if part)
            self._connection.execute(json_statement(some, False), [json_body(table, parts[table]) for table in some])

    def _require_lock(self) -> None:
        if not self._locked:
            raise HeadMoved


class PostgresStore:
    """One PostgreSQL database: a connection that writes, and a pool that reads."""

    dialect = "postgresql"
    record_id: str

    def __init__(self, engine: sa.Engine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._writer: psycopg.Connection[Row] | None = None
        self._short: ShortStatements | None = None
        self._head: Head | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def read(self) -> Any:
        """A read transaction: one snapshot."""
        return self._read()

    @contextmanager
    def _read(self) -> Iterator[PostgresSession]:
        self._check_process()
        pooled = self._engine.raw_connection()
        connection: psycopg.Connection[Row] = pooled.driver_connection  # type: ignore[assignment]
        try:
            connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield PostgresSession(connection)
        finally:
            _end(connection)
            pooled.close()

    def write(self, *, locked: bool) -> Any:
        """The write transaction."""
        return self._write(locked)

    @contextmanager
    def _write(self, locked: bool) -> Iterator[PostgresWriteSession]:
        self._check_process()
        with self._lock:
            connection = self._writing_connection()
            if not locked and self._head is None:
                self._head = Head(*connection.execute(_READ_HEAD).fetchall()[0])
            if locked:
                connection.execute("BEGIN")
                self._head = Head(*connection.execute(_READ_HEAD + " FOR UPDATE").fetchall()[0])
            assert self._head is not None
            assert self._short is not None
            try:
                yield PostgresWriteSession(self._short, self._head.copy(), locked=locked, remember=self._remember)
            except BaseException:
                self._head = None
                raise
            finally:
                _end(connection)

    def _check_process(self) -> None:
        if self._pid != os.getpid():  # two processes on one connection would mix their answers
            raise StoreUnavailable(
                "the record was opened before this process was forked",
                remedy="Open the record again in the child process",
            )

    def _writing_connection(self) -> psycopg.Connection[Row]:
        if self._writer is not None and self._writer.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            self._writer.close()  # left open by a Ctrl-C between two lines
        if self._writer is None or self._writer.closed:
            self._writer = self.detached()
            self._head = None
            self._short = ShortStatements(self._writer)
        return self._writer

    def detached(self) -> psycopg.Connection[Row]:
        """A connection of the caller's own, to keep as long as it likes and to close."""
        self._check_process()
        pooled = self._engine.raw_connection()
        connection: psycopg.Connection[Row] = pooled.driver_connection  # type: ignore[assignment]
        pooled.detach()
        return connection

    def _remember(self, head: Head) -> None:
        self._head = head.copy()

    def is_conflict(self, error: BaseException) -> bool:
        """Whether a uniqueness rule was broken."""
        return isinstance(error, psycopg.errors.UniqueViolation)

    def translate(self, error: BaseException) -> BaseException:
        """The driver's error as one of Clew's."""
        cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        if isinstance(cause, psycopg.Error):
            return translate(cause, self._where)
        return error

    def close(self) -> None:
        """Close every connection."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._engine.dispose()


def _end(connection: psycopg.Connection[Row]) -> None:
    """Roll back what is open; a connection that Ctrl-C left amid a statement can only be closed."""
    status = connection.info.transaction_status
    if status == psycopg.pq.TransactionStatus.ACTIVE:
        connection.close()
    elif not connection.closed and status != psycopg.pq.TransactionStatus.IDLE:
        connection.rollback()


def open_postgres(url: str, *, create: bool = True) -> PostgresStore:
    """Open the database at ``url``; make or migrate its tables first where needed.

    Errors: StoreUnavailable, Invalid for a malformed URL, NotFound without tables when ``create`` is false.
    """
    store = PostgresStore(_engine(url), _without_password(url))
    try:
        _set_up(store, url, create)
        with store.read() as session:
            store.record_id = session.fetch("SELECT record_id FROM head WHERE id = 1")[0][0]
    except Exception as error:
        store.close()
        translated = store.translate(error)
        if translated is error:
            raise
        raise translated from error
    return store


def _engine(url: str) -> sa.Engine:
    try:
        parsed = sa.make_url(url).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(
            parsed, isolation_level="AUTOCOMMIT", pool_size=16, max_overflow=48, pool_pre_ping=True
        )
    except (sa.exc.ArgumentError, ValueError) as error:
        raise Invalid(
            "the database URL is malformed",
            field="url",
            value=_without_password(url),
            remedy="Write postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        ) from error

    @sa.event.listens_for(engine, "connect")
    def _(connection: psycopg.Connection[Row], _record: object) -> None:
        connection.autocommit = True
        connection.prepare_threshold = 0
        connection.adapters.register_loader("json", TextLoader)
        connection.execute(_DURABLE)

    return engine


def _set_up(store: PostgresStore, url: str, create: bool) -> None:
    with store._engine.connect() as connection:
        present = connection.exec_driver_sql("SELECT to_regclass('alembic_version') IS NOT NULL").scalar()
        if not present and not create:
            raise NotFound(
                f"there is no record at {store._where}",
                field="url",
                value=store._where,
                remedy="Check the database name",
            )
        current = present and check_revision(_revisions(connection), store._where)
    if current:
        return
    with store._engine.execution_options(isolation_level="READ COMMITTED").begin() as connection:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (SET_UP_LOCK,))
        if not connection.exec_driver_sql("SELECT to_regclass('alembic_version') IS NOT NULL").scalar():
            create_tables(connection)
            return
        current = check_revision(_revisions(connection), store._where)
    if not current:
        from clew.metadata.store.migrate import upgrade

        upgrade(url)


def _revisions(connection: sa.Connection) -> list[Row]:
    return [tuple(row) for row in connection.exec_driver_sql("SELECT version_num FROM alembic_version")]


def translate(error: psycopg.Error, where: str) -> ClewError:
    """What a PostgreSQL error means to the caller."""
    state = error.sqlstate or ""
    text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    place = {"field": "url", "value": where}
    if state == "53100":
        return StoreFull(
            "the database's disk is full; nothing of this change was written", remedy="Free space", **place
        )
    if state == "25006":
        return StoreReadOnly("the database is read-only", remedy="Point Clew at the primary", **place)
    if state in ("42P01", "42703") or state.startswith("XX"):
        return Corrupt(f"the record is damaged: {text}", remedy="Restore a backup", **place)
    return StoreUnavailable(
        f"PostgreSQL failed: {text}", remedy="Check that it runs and can be reached, retry", **place
    )


def _without_password(url: str) -> str:
    try:
        return sa.make_url(url).render_as_string(hide_password=True)
    except (sa.exc.ArgumentError, ValueError):
        return "(malformed URL)"
