"""Migrations go up and down with the data in them, and end where a new record begins."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from clew.metadata import log
from clew.metadata.change import Change, EventPut
from clew.metadata.errors import SchemaTooNew
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.states import EventType
from clew.metadata.store import columns, create, migrate, schema

Dump = dict[str, list[str]]

NEXT = '''
"""Artifacts get a colour: a migration of tomorrow, on data of today."""
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("artifact", sa.Column("colour", sa.Text))
    op.execute("UPDATE artifact SET colour = 'blue' WHERE id > 1")
    op.create_index("ix_artifact_colour", "artifact", ["colour"])


def downgrade():
    op.drop_index("ix_artifact_colour", table_name="artifact")
    op.drop_column("artifact", "colour")
'''

BROKEN = NEXT.replace('    op.create_index("ix', '    op.execute("SELECT nonsense")\n    op.create_index("ix')


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table."""
    if request.param == "postgres":
        return str(request.getfixturevalue("empty_postgres_url"))
    return f"sqlite:///{tmp_path}/record.db"


def shape(url: str) -> dict[str, object]:
    """Every table with its columns, keys and indexes, as the database tells them."""
    engine = migrate._engine(url)
    try:
        inspector = sa.inspect(engine)
        told: dict[str, object] = {}
        for table in sorted(inspector.get_table_names()):
            told[table] = (
                [(c["name"], str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)],
                inspector.get_pk_constraint(table)["constrained_columns"],
                sorted(_index(i) for i in inspector.get_indexes(table)),
            )
        physical = {
            "sqlite": "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' ORDER BY 1",
            "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1",
        }
        with engine.connect() as connection:
            told["physical"] = connection.exec_driver_sql(physical[engine.dialect.name]).all()
        return told
    finally:
        engine.dispose()


def _index(index: Any) -> tuple[object, ...]:
    options = sorted((k, str(v)) for k, v in index["dialect_options"].items())
    return (index["name"], index["column_names"], bool(index["unique"]), options)


def fill(record: Record) -> None:
    """A little of everything."""
    change = Change(key="k")
    for kind in Kind:
        change.type(NodeType(kind, "T"))
    artifacts = [change.artifact("T", name=f"a{n}", custom_properties={"x": 0.5, "s": {"n": n}}) for n in range(3)]
    step, run = change.execution("T"), change.context("T", name="r")
    change.event(artifacts[0], step, EventType.INPUT, path=("a", 0), source="mlflow", confidence=80)
    change.event(artifacts[1], step, EventType.INPUT, path=("odd",), source="notebook")
    change.attribute(run, artifacts[0])
    change.associate(run, step)
    change.events.append(
        EventPut(artifacts[2], step, EventType.INPUT, (), 7, True, "mlflow", None, "s3://b/x", '[["s3://b/y",5]]')
    )
    record.commit(change)
    update = Change()
    update.artifact(id=1, custom_properties={"x": 1.5})
    update.withdraw(2, 1, EventType.INPUT)
    record.commit(update)


def tomorrow(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str = NEXT) -> None:
    """Make this Clew one that knows one more migration."""
    migrations = folder / "migrations"
    shutil.copytree(migrate.MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    (migrations / "versions" / "9999_colour.py").write_text(script)
    monkeypatch.setattr(migrate, "MIGRATIONS", migrations)
    monkeypatch.setattr(create, "REVISIONS", (*create.REVISIONS, "9999"))
    monkeypatch.setattr(create, "CURRENT", "9999")


def test_the_migrations_end_where_a_new_record_begins(
    empty_url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    migrate.upgrade(empty_url)
    if empty_url.startswith("sqlite"):
        new = f"sqlite:///{tmp_path}/new/record.db"
    else:
        new = request.getfixturevalue("postgres_databases")("template0")
    Record.open(new).close()
    assert shape(empty_url) == shape(new)
    with Record.open(empty_url, create=False) as record:
        fill(record)
        with record.read() as reader:
            assert differences(reader) == []


def test_down_to_nothing_and_up_again(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with Record.open(empty_url) as record:
        fill(record)
        first = record.id
    migrate.downgrade(empty_url, "base")
    assert set(shape(empty_url)) <= {"alembic_version", "physical"}
    migrate.upgrade(empty_url)
    with Record.open(empty_url) as record:
        assert record.seq() == 0
        assert record.id != first


def test_an_older_record_is_migrated_when_it_is_opened_and_keeps_every_row(
    record_url: str, dump_database: Callable[[str], Dump], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Record.open(record_url) as record:
        fill(record)
    before, was = dump_database(record_url), shape(record_url)
    with monkeypatch.context() as patch:
        tomorrow(patch, tmp_path / "tomorrow")
        with Record.open(record_url) as record:
            assert record.store.dialect
            with record.read() as reader:
                assert differences(reader) == []
                assert reader.query("SELECT colour FROM artifact ORDER BY id") == [(None,), ("blue",), ("blue",)]
            more = Change()
            more.artifact("T", name="later")
            assert record.commit(more).node_ids == (4,)
        migrate.downgrade(record_url, "0003")
    with Record.open(record_url) as record, record.read() as reader:
        assert (reader.count(Kind.ARTIFACT), differences(reader)) == (4, [])
    after = dump_database(record_url)
    assert shape(record_url) == was
    assert {t: rows for t, rows in after.items() if t not in ("artifact", "change", "head")} == {
        t: rows for t, rows in before.items() if t not in ("artifact", "change", "head")
    }
    assert set(before["artifact"]) < set(after["artifact"])


def test_events_get_back_what_the_log_tells_of_them(record_url: str, dump_database: Callable[[str], Dump]) -> None:
    with Record.open(record_url) as record:
        fill(record)
        change = Change()
        step = change.execution("T")
        for artifact in (3, 1, 2):
            change.event(artifact, step, EventType.INPUT)
        record.commit(change)
    before, was = dump_database(record_url), shape(record_url)
    migrate.downgrade(record_url, "0001")
    assert shape(record_url) != was
    with Record.open(record_url) as record, record.read() as reader:
        assert differences(reader) == []
        assert [e.artifact_id for e in reader.events_of_executions([2])] == [3, 1, 2]
    assert (dump_database(record_url), shape(record_url)) == (before, was)


def test_a_record_of_a_newer_clew_is_refused_and_left_alone(
    record_url: str, dump_database: Callable[[str], Dump], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        Record.open(record_url).close()
        tomorrow(patch, tmp_path / "tomorrow")
        Record.open(record_url).close()
    before = dump_database(record_url)
    with pytest.raises(SchemaTooNew) as caught:
        Record.open(record_url)
    assert "Upgrade Clew" in caught.value.remedy
    assert dump_database(record_url) == before


def test_a_migration_that_fails_leaves_the_record_as_it_was(
    record_url: str, dump_database: Callable[[str], Dump], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Record.open(record_url) as record:
        fill(record)
    before = dump_database(record_url)
    with monkeypatch.context() as patch:
        tomorrow(patch, tmp_path / "tomorrow", BROKEN)
        with pytest.raises(Exception):  # noqa: B017 - which one is the store's business
            Record.open(record_url)
    assert dump_database(record_url) == before
    with Record.open(record_url) as record:
        assert record.seq() == 2


def test_the_columns_of_the_plain_statements_are_those_of_the_tables() -> None:
    for table, names in columns.TABLES.items():
        assert set(names) == {c.name for c in schema.metadata.tables[table].c}
    assert set(columns.HEAD) == {c.name for c in schema.head.c} - {"id", "record_id"}
    assert set(columns.TABLES) | {"head"} == set(schema.metadata.tables)
    for table, names in log.FIELDS.values():
        assert names == columns.TABLES[table][:-1]


def test_the_sql_that_makes_sqlites_tables_says_what_the_schema_says() -> None:
    """When it fails, write what is on the right to tables.sql."""
    text = Path(create.__file__).with_name("tables.sql").read_text("utf-8")
    assert text == "".join(f"{statement};\n" for statement in create.sqlite_tables())
