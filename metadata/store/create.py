"""Make a new database, check an old one, and bring it up to date.

A new database gets the newest tables at once; an older one is migrated by Alembic. The revision is kept where
Alembic keeps it, so both ways end in the same place (a test compares them).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from clew.metadata.errors import Corrupt, SchemaTooNew
from clew.metadata.store.protocol import Row
from clew.metadata.types import FIRST_USER_TYPE_ID, KIND_NUMBER, SIMPLE_TYPES

REVISIONS = ("0001", "0002", "0003")
"""Every migration, oldest first."""
CURRENT = REVISIONS[-1]
_SQLITE_TABLES = Path(__file__).with_name("tables.sql")
_REVISION_TABLE = (
    "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
)


def check_revision(rows: list[Row], where: str) -> bool:
    """Whether the database is up to date; False when it must be migrated.

    Errors: SchemaTooNew for a revision this Clew does not know; Corrupt when there is none.
    """
    if len(rows) != 1:
        raise Corrupt(
            "the database holds no revision", field="home", value=where, remedy="Restore a backup: `clew restore`"
        )
    (revision,) = rows[0]
    if revision in REVISIONS:
        return bool(revision == CURRENT)
    raise SchemaTooNew(
        f"the record was written by a newer Clew (its schema is {revision!r}, this Clew knows up to {CURRENT!r})",
        field="home",
        value=where,
        remedy="Upgrade Clew",
    )


def create_tables(connection: Any) -> None:
    """Create every table, the first rows and the revision, over an SQLAlchemy connection in a transaction."""
    import sqlalchemy as sa

    from clew.metadata.store import schema

    schema.metadata.create_all(connection)
    connection.execute(sa.text(_REVISION_TABLE))
    connection.execute(sa.text("INSERT INTO alembic_version VALUES (:r)"), {"r": CURRENT})
    insert_first_rows(connection)


def create_sqlite_tables(connection: Any) -> None:
    """The same over a connection to SQLite, from tables.sql: SQLAlchemy takes 300 ms to say it anew."""
    for statement in _SQLITE_TABLES.read_text("utf-8").split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("INSERT INTO alembic_version VALUES (?)", [CURRENT])
    for table, rows in (("head", [first_head()]), ("type", first_types())):
        for row in rows:
            names, places = ",".join(row), ",".join("?" * len(row))
            connection.execute(f"INSERT INTO {table}({names}) VALUES ({places})", list(row.values()))


def sqlite_tables() -> Iterator[str]:
    """What tables.sql must hold: every statement that makes SQLite's tables, as SQLAlchemy says it."""
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.schema import CreateIndex, CreateTable

    from clew.metadata.store import schema

    for table in schema.metadata.sorted_tables:
        yield " ".join(str(CreateTable(table).compile(dialect=sqlite.dialect())).split())
        yield from (
            str(CreateIndex(index).compile(dialect=sqlite.dialect()))
            for index in sorted(table.indexes, key=lambda index: str(index.name))
        )
    yield _REVISION_TABLE


def insert_first_rows(connection: Any) -> None:
    """The head of an empty record, and ML Metadata's simple types.

    By names alone, not through schema.py: the first migration uses this too, and must not change when the schema does.
    """
    import sqlalchemy as sa

    for table, rows in (("head", [first_head()]), ("type", first_types())):
        connection.execute(sa.table(table, *map(sa.column, rows[0])).insert(), rows)


def first_head() -> dict[str, Any]:
    """The head row of an empty record."""
    return {
        "id": 1,
        "record_id": str(uuid.uuid4()),
        "seq": 0,
        "time_ms": 0,
        "types_seq": 0,
        "next_type": FIRST_USER_TYPE_ID,
        "next_artifact": 1,
        "next_execution": 1,
        "next_context": 1,
        "dense": 1,
    }


def first_types() -> list[dict[str, Any]]:
    """ML Metadata's predefined types, ids 1 to 9."""
    named = [(kind, name) for kind, names in SIMPLE_TYPES for name in names]
    return [
        {
            "id": number,
            "kind": KIND_NUMBER[kind],
            "name": name,
            "version": "",
            "properties": "{}",
            "created_ms": 0,
            "updated_ms": 0,
            "created_seq": 0,
            "updated_seq": 0,
        }
        for number, (kind, name) in enumerate(named, 1)
    ]
