"""Migrated and freshly made databases are the same, and migrations keep data."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from clew.metadata.record import Record
from clew.metadata.store import columns, create, migrate, schema
from clew.metadata.store.open import open_sqlite


def _tables(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return [(name, " ".join(sql.replace("\n", " ").replace("\t", " ").split())) for name, sql in rows]


def test_the_migrations_make_the_same_tables_as_a_new_record(tmp_path: Path) -> None:
    made, migrated = tmp_path / "made.db", tmp_path / "migrated.db"
    open_sqlite(made).close()
    migrate.upgrade(f"sqlite:///{migrated}")
    drop = "alembic_version"
    assert [t for t in _tables(made) if drop not in t[0]] == [t for t in _tables(migrated) if drop not in t[0]]


def test_a_migrated_record_opens_and_is_empty(tmp_path: Path) -> None:
    migrate.upgrade(f"sqlite:///{tmp_path / 'record.db'}")
    with Record.open(tmp_path, create=False) as record:
        assert record.seq() == 0
        with record.read() as reader:
            assert [t.id for t in reader.types()] == list(range(1, 10))


def test_down_to_base_drops_every_table_and_up_makes_them_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'record.db'}"
    migrate.upgrade(url)
    migrate.downgrade(url, "base")
    assert [name for name, _ in _tables(tmp_path / "record.db")] == ["alembic_version"]
    migrate.upgrade(url)
    with Record.open(tmp_path, create=False) as record:
        assert record.seq() == 0


def test_the_last_revision_is_the_current_one() -> None:
    versions = sorted(p.name.split("_")[0] for p in (migrate.MIGRATIONS / "versions").glob("[0-9]*.py"))
    assert tuple(versions) == create.REVISIONS


def test_the_plain_column_lists_say_what_the_schema_says() -> None:
    assert set(columns.TABLES) | {"head"} == set(schema.metadata.tables)
    for table, names in columns.TABLES.items():
        assert names == tuple(c.name for c in schema.metadata.tables[table].columns)
    assert set(columns.HEAD) | {"id", "record_id"} == set(schema.head.c.keys())
