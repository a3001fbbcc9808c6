"""A store in a SQLite file, as ml-metadata makes it; opened to read only, without ml-metadata."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from clew.collectors.mlmd.sql import NoSuchTable, SqlSource
from clew.metadata.errors import ClewError, Corrupt, Invalid, NotFound, SourceUnreachable

BUSY_TIMEOUT_S = 10.0
_VALUE = (
    "COALESCE(string_value, int_value, "
    "CASE typeof(double_value) WHEN 'text' THEN CAST(double_value AS BLOB) ELSE double_value END)"
)


def path_of(url: str) -> Path:
    """The file of ``sqlite:///FILE``. Errors: Invalid."""
    path = unquote(url.partition("://")[2].removeprefix("/"))
    if not path or path == ":memory:":
        raise Invalid("no file is named", field="url", value=url, remedy="Write sqlite:///FILE, sqlite:////ABSOLUTE")
    return Path(path)


def open_sqlite(path: Path) -> SqlSource:
    """Open a store. Errors: NotFound, Invalid for what is no store, Unsupported for its schema, SourceUnreachable."""
    if not path.is_file():
        raise NotFound(f"there is no file {path}", field="from", value=str(path), remedy="Check the path")
    database = SqliteDatabase(path)
    try:
        return SqlSource(database)
    except BaseException:
        database.close()
        raise


class SqliteDatabase:
    """One read transaction, held until it is closed: everything read is of one moment."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._unsound = False
        with self._translated():
            self._connection = sqlite3.connect(
                f"file:{quote(str(path.absolute()))}{_mode(path)}",
                uri=True,
                isolation_level=None,
                timeout=BUSY_TIMEOUT_S,
                check_same_thread=False,
            )
            self._connection.execute("BEGIN")
            self._index_paths()

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self._translated():
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.OperationalError as error:
                if "decode to UTF-8" not in str(error):
                    raise
            self._unsound = True
            self._connection.text_factory = _decode_anyhow
            try:
                return self._connection.execute(sql, parameters).fetchall()
            finally:
                self._connection.text_factory = str

    def values(self, sql: str, parameters: Sequence[Any]) -> Iterable[Any]:
        """The rows of a query of properties, the value in one column."""
        return self.fetch(sql.replace("{}", _VALUE), parameters)

    def stream(self, sql: str) -> Iterator[Any]:
        """The rows of a query one by one."""
        with self._translated(), closing(self._connection.cursor()) as cursor:
            yield from cursor.execute(sql)

    def take_unsound(self) -> bool:
        """Whether text that is not UTF-8 was read since the last call."""
        unsound, self._unsound = self._unsound, False
        return unsound

    def close(self) -> None:
        """End the transaction."""
        self._connection.close()

    def _index_paths(self) -> None:
        """Schemas before 8 have no index on the paths of events: without one every batch would read all of them."""
        indexed = self._connection.execute(
            "SELECT 1 FROM sqlite_master WHERE type = 'index' AND tbl_name = 'EventPath'"
        ).fetchone()
        exists = self._connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'EventPath'").fetchone()
        if exists and not indexed:
            self._connection.execute("CREATE TEMP TABLE EventPath AS SELECT * FROM main.EventPath")
            self._connection.execute("CREATE INDEX temp.path_of_event ON EventPath (event_id)")

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise _translate(error, self._path) from error


def _mode(path: Path) -> str:
    """In a folder nobody may write to, SQLite cannot make the files it shares a log with; then the file is all."""
    alone = not os.access(path.parent, os.W_OK) and not path.with_name(path.name + "-wal").exists()
    return "?mode=ro&immutable=1" if alone else "?mode=ro"


def _decode_anyhow(text: bytes) -> str:
    return text.decode("utf-8", "surrogateescape")


def _translate(error: sqlite3.Error, path: Path) -> ClewError:
    text = str(error)
    where = {"field": "from", "value": str(path)}
    if "not a database" in text:
        return Invalid(f"{path} is not a SQLite database", remedy="Name the file of a store", **where)
    if "malformed" in text or "no such" in text:
        cls = NoSuchTable if "no such table" in text else Corrupt
        return cls(f"the store {path} is damaged: {text}", remedy="Restore a backup of it", **where)
    return SourceUnreachable(
        f"the store {path} cannot be read: {text}",
        remedy="Stop what writes to it, and open it once with its own library if it was left in the middle of a change",
        **where,
    )
