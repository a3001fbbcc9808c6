"""How rows travel to PostgreSQL: one statement that claims the head and inserts every row, or does nothing.

Many rows are a JSON text a table: faster than arrays and a pipeline of INSERTs, and at 64 changes no slower than COPY.
The few of one change are parameters, where a statement of just so many rows of just those tables has been wanted
before: the server need not read JSON, and the values are text already, which spares us psycopg's adaptation of each.
All of it together: benchmarks/write.py --only postgres.
"""

from __future__ import annotations

import base64
import string
from collections import Counter
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import orjson
import psycopg
import sqlalchemy as sa
from psycopg import generators
from psycopg.errors import error_from_result

from clew.metadata.store import schema
from clew.metadata.store.columns import HEAD, TABLES
from clew.metadata.store.protocol import Row, Rows

STATEMENT_ROWS: Final = 10_000
"""Rows of a table that travel in one statement."""
SHORT_ROWS: Final = 32
"""Rows that travel as parameters, at most."""
SHORT_AFTER, SHORT_SHAPES = 3, 100
"""A statement for a shape is prepared when it is wanted so often, as long as there are fewer than so many."""

Shape = tuple[tuple[str, int], ...]
"""Tables and how many rows of each."""
CLAIM: Final = f"UPDATE head SET {','.join(f'{c} = %s' for c in HEAD)} WHERE id = 1 AND seq = %s RETURNING id"


def _column_types(table: str) -> list[str]:
    dialect = sa.dialects.postgresql.dialect()  # type: ignore[no-untyped-call]
    columns = schema.metadata.tables[table].c
    return [columns[name].type.compile(dialect=dialect).lower() for name in TABLES[table]]


_KEYS = tuple(string.ascii_lowercase)
"""What the columns of a table are called on the way: the server reads JSON letter by letter."""
_TYPES = {table: _column_types(table) for table in TABLES}


@lru_cache(maxsize=256)
def json_statement(tables: tuple[str, ...], claim: bool) -> str:
    """Insert the rows of ``tables``, a JSON text each, after claiming the head if asked."""
    parts = [f"claim AS ({CLAIM})"] if claim else []
    guard = " WHERE EXISTS (SELECT 1 FROM claim)" if claim else ""
    for table in tables:
        columns, types = TABLES[table], _TYPES[table]
        wire = [f"{k} {'text' if t == 'bytea' else t}" for k, t in zip(_KEYS, types, strict=False)]
        values = [f"decode(r.{k}, 'base64')" if t == "bytea" else f"r.{k}" for k, t in zip(_KEYS, types, strict=False)]
        parts.append(
            f"new_{table} AS (INSERT INTO {table}({','.join(columns)}) SELECT {','.join(values)} "
            f"FROM json_to_recordset(%s::json) AS r({','.join(wire)}){guard})"
        )
    return f"WITH {', '.join(parts)} SELECT {'COUNT(*) FROM claim' if claim else '1'}"


def json_body(table: str, rows: list[Row]) -> str:
    """The parameter of a table. A text a table: out of one for all, each table would scan the whole for its part."""
    return orjson.dumps(_json_rows(table, rows)).decode()


def _json_rows(table: str, rows: list[Row]) -> list[dict[str, Any]]:
    types = _TYPES[table]
    if "json" not in types and "bytea" not in types:
        return [dict(zip(_KEYS, row, strict=False)) for row in rows]
    return [{k: _json_value(v, t) for k, v, t in zip(_KEYS, row, types, strict=False) if v is not None} for row in rows]


def _json_value(value: Any, type: str) -> Any:
    if type == "json":
        return orjson.Fragment(value)
    return base64.b64encode(value).decode() if type == "bytea" else value


def _number(value: int) -> bytes:
    return b"%d" % value


def _hex(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


_AS_TEXT: dict[str, Callable[[Any], bytes]] = {
    "bigint": _number,
    "smallint": _number,
    "text": str.encode,
    "json": str.encode,
    "bytea": _hex,
}
_ENCODERS = {table: [_AS_TEXT[type] for type in types] for table, types in _TYPES.items()}


class ShortStatements:
    """Statements of one connection that claim the head and insert a few rows, each value a parameter."""

    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self.connection = connection
        self._wanted: Counter[Shape] = Counter()
        self._names: dict[Shape, bytes] = {}
        self._prepared = 0

    def run(self, rows: Rows, claim: Row) -> bool | None:
        """Whether the head was claimed, and so everything written; None when there is no statement for such rows.

        Errors: those of psycopg.
        """
        shape = tuple((table, len(new)) for table, new in rows.items() if new)
        if sum(count for _, count in shape) > SHORT_ROWS:
            return None
        name = self._names.get(shape) or self._prepare(shape)
        if name is None:
            return None
        values: list[bytes | None] = [_number(value) for value in claim]
        for table, _ in shape:
            encoders = _ENCODERS[table]
            for row in rows[table]:
                values += [None if v is None else encode(v) for encode, v in zip(encoders, row, strict=True)]
        pgconn = self.connection.pgconn
        pgconn.send_query_prepared(name, values)
        (result,) = self.connection.wait(generators.execute(pgconn))
        if result.status != psycopg.pq.ExecStatus.TUPLES_OK:
            error = error_from_result(result)
            if isinstance(error, psycopg.errors.InvalidSqlStatementName):  # psycopg deallocates all after a ROLLBACK
                self._names.clear()
                return None
            raise error
        return bool(result.get_value(0, 0) == b"1")

    def _prepare(self, shape: Shape) -> bytes | None:
        self._wanted[shape] += 1
        if self._wanted[shape] < SHORT_AFTER or len(self._names) >= SHORT_SHAPES:
            if len(self._wanted) > 100 * SHORT_SHAPES:
                self._wanted.clear()
            return None
        self._prepared += 1
        name = b"clew_%d" % self._prepared
        pgconn = self.connection.pgconn
        pgconn.send_prepare(name, _parameter_statement(shape).encode())
        (result,) = self.connection.wait(generators.execute(pgconn))
        if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
            raise error_from_result(result)
        self._names[shape] = name
        return name


def _parameter_statement(shape: Shape) -> str:
    number = 0

    def place() -> str:
        nonlocal number
        number += 1
        return f"${number}"

    sets = ",".join(f"{column} = {place()}" for column in HEAD)
    parts = [f"claim AS (UPDATE head SET {sets} WHERE id = 1 AND seq = {place()} RETURNING id)"]
    for table, count in shape:
        rows = [f"({','.join(f'{place()}::{type}' for type in _TYPES[table])})" for _ in range(count)]
        parts.append(
            f"new_{table} AS (INSERT INTO {table}({','.join(TABLES[table])}) "
            f"SELECT * FROM (VALUES {','.join(rows)}) AS v WHERE EXISTS (SELECT 1 FROM claim))"
        )
    return f"WITH {', '.join(parts)} SELECT COUNT(*) FROM claim"
