"""A store in MySQL or MariaDB, read through SQLAlchemy and PyMySQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from clew.collectors.mlmd.sql import NoSuchTable, SqlSource
from clew.metadata.errors import Corrupt, Invalid, SourceUnreachable

NO_SUCH_TABLE, NO_SUCH_COLUMN = 1146, 1054
CONNECT_TIMEOUT_S = 10
_LATIN1 = {code: code for code in range(256)} | {
    ord(bytes([code]).decode("cp1252")): code for code in range(0x80, 0xA0) if code not in b"\x81\x8d\x8f\x90\x9d"
}
"""Character -> byte of MySQL's latin1: cp1252, and the five bytes that has not as themselves."""


def open_mysql(url: str) -> SqlSource:
    """Open a store: ``mysql://USER:PASSWORD@HOST:PORT/DATABASE``.

    Errors: Invalid for the URL or what is no store, Unsupported for its schema, SourceUnreachable.
    """
    database = MysqlDatabase(url)
    try:
        return SqlSource(database)
    except BaseException:
        database.close()
        raise


class MysqlDatabase:
    """One read transaction, held until it is closed: everything read is of one moment."""

    def __init__(self, url: str) -> None:
        import sqlalchemy as sa

        self._errors = sa.exc.SQLAlchemyError
        try:
            place = sa.make_url(url).set(drivername="mysql+pymysql").update_query_dict({"charset": "utf8mb4"})
        except (sa.exc.ArgumentError, ValueError) as error:
            raise _bad_url(url) from error
        if not place.database:
            raise _bad_url(url)
        self.name = f"{place.host or 'localhost'}/{place.database}"
        with self._translated():
            try:
                engine = sa.create_engine(
                    place, poolclass=sa.pool.NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_S}
                )
            except ImportError as error:
                raise SourceUnreachable(
                    "the MySQL driver is not installed", field="from", remedy="pip install 'clew[mysql]'"
                ) from error
            self._connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection.exec_driver_sql("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            self._connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query."""
        with self._translated():
            rows = self._connection.exec_driver_sql(sql.replace("?", "%s"), tuple(parameters)).fetchall()
        return [_row(row) for row in rows]

    def values(self, sql: str, parameters: Sequence[Any]) -> Iterable[Any]:
        """The rows of a query of properties, the value in one column: here a column has one kind."""
        for owner, name, is_custom, text, number, double, proto, boolean in self.fetch(
            sql.replace("{}", "string_value, int_value, double_value"), parameters
        ):
            value = text if text is not None else number if number is not None else double
            yield owner, name, is_custom, value, proto, boolean

    def stream(self, sql: str) -> Iterator[Any]:
        """The rows of a query one by one."""
        with self._translated():
            options = {"stream_results": True, "max_row_buffer": 10_000}
            yield from self._connection.exec_driver_sql(sql, execution_options=options)

    def take_unsound(self) -> bool:
        """Never: the server checks its text."""
        return False

    def close(self) -> None:
        """End the transaction."""
        self._connection.close()
        self._connection.engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            cause = getattr(error, "orig", None) or error
            code = cause.args[0] if cause.args else None
            text = cause.args[-1] if cause.args else cause
            if code in (NO_SUCH_TABLE, NO_SUCH_COLUMN):
                raise (NoSuchTable if code == NO_SUCH_TABLE else Corrupt)(
                    f"the store at {self.name} is damaged: {text}", field="from", value=self.name
                ) from error
            raise SourceUnreachable(
                f"the store at {self.name} cannot be read: {text}",
                field="from",
                value=self.name,
                remedy="Check host, port, user, password and the database's name",
            ) from error


def _bad_url(url: str) -> Invalid:
    return Invalid(
        "that is no address of a MySQL database",
        field="from",
        value=url.rpartition("@")[2],
        remedy="Write mysql://USER:PASSWORD@HOST:PORT/DATABASE",
    )


def _row(row: Any) -> Any:
    for value in row:
        if type(value) is str and not value.isascii():
            return tuple(_as_written(one) if type(one) is str else one for one in row)
    return tuple(row)


def _as_written(text: str) -> str:
    """``text`` as its writer meant it.

    ML Metadata writes UTF-8 over a connection it leaves at latin1, so that the server holds each byte as a character
    of its own. Text that other programs wrote is no such string of bytes and stays as it is.
    """
    try:
        return bytes(_LATIN1[ord(character)] for character in text).decode()
    except (KeyError, UnicodeDecodeError):
        return text
