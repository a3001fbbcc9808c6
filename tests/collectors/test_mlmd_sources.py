"""What is no store, or none that can be read, is told in one sentence; nothing is ever written to a store."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from clew.collectors.mlmd.ahead import Ahead
from clew.collectors.mlmd.schema import TABLES
from clew.collectors.mlmd.source import KINDS, Links
from clew.collectors.mlmd.sqlite import open_sqlite, path_of
from clew.collectors.mlmd.values import read_double, read_proto, read_text
from clew.metadata.errors import Corrupt, Invalid, NotFound, SourceUnreachable, Unsupported
from clew.metadata.ids import Kind
from clew.metadata.states import PropertyType
from clew.metadata.value import Proto

OPENER = "clew.collectors.mlmd.sqlite:open_sqlite"


def read_all(path: Path) -> int:
    """Read a whole store; how many nodes it has."""
    source = open_sqlite(path)
    try:
        source.types()
        return sum(len(batch.nodes) for kind in KINDS for batch in source.batches(kind))
    finally:
        source.close()


def test_reading_leaves_the_store_as_it_was(full_store: Path, library: Any) -> None:
    library.close()
    before = full_store.read_bytes()
    assert read_all(full_store) == 16
    assert full_store.read_bytes() == before
    assert [p.name for p in full_store.parent.iterdir() if p.name.startswith("metadata")] == ["metadata.db"]


def test_a_store_in_a_folder_nobody_may_write_to_is_read(full_store: Path, library: Any, tmp_path: Path) -> None:
    library.close()
    folder = tmp_path / "closed"
    folder.mkdir()
    full_store.rename(folder / "metadata.db")
    folder.chmod(0o555)
    try:
        assert read_all(folder / "metadata.db") == 16
    finally:
        folder.chmod(0o755)


def test_a_store_in_wal_mode_is_read_while_it_is_written(full_store: Path, library: Any) -> None:
    library.close()
    writer = sqlite3.connect(full_store)
    writer.execute("PRAGMA journal_mode = WAL")
    source = open_sqlite(full_store)
    writer.execute("INSERT INTO Artifact (type_id) VALUES (11)")
    writer.commit()
    assert sum(len(batch.nodes) for batch in source.batches(KINDS[1])) == 6, "of one moment"
    source.close()
    writer.close()


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        open_sqlite(tmp_path / "none.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, by far " * 100)
    with pytest.raises(Invalid, match="is not a SQLite database"):
        open_sqlite(tmp_path / "text")


@pytest.mark.parametrize("sql", ["CREATE TABLE x (y)", "SELECT 1"])
def test_a_database_that_is_no_store(tmp_path: Path, sql: str) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute(sql)
    connection.close()
    (tmp_path / "other.db").touch()
    with pytest.raises(Invalid, match="is not a store of ML Metadata"):
        open_sqlite(tmp_path / "other.db")


@pytest.mark.parametrize(("version", "remedy"), [(5, "enable_upgrade_migration"), (11, ""), (None, "")])
def test_a_schema_that_is_not_known(tmp_path: Path, version: int | None, remedy: str) -> None:
    connection = sqlite3.connect(tmp_path / "store.db")
    for statement in TABLES:
        connection.execute(statement)
    if version is not None:
        connection.execute("INSERT INTO MLMDEnv VALUES (?)", (version,))
    connection.commit()
    connection.close()
    with pytest.raises(Unsupported, match=f"has schema version {version}; Clew reads 6 to 10") as refused:
        open_sqlite(tmp_path / "store.db")
    assert remedy in refused.value.remedy


def test_a_store_that_is_damaged(full_store: Path, library: Any) -> None:
    library.close()
    pages = bytearray(full_store.read_bytes())
    for start in range(4096 * 2, len(pages), 4096):
        pages[start : start + 200] = b"\xff" * 200
    full_store.write_bytes(pages)
    with pytest.raises((Corrupt, SourceUnreachable), match="the store"):
        read_all(full_store)


def test_a_store_that_lacks_a_column(full_store: Path, library: Any) -> None:
    library.close()
    connection = sqlite3.connect(full_store)
    connection.execute("ALTER TABLE Event RENAME COLUMN type TO kind")
    connection.close()
    with pytest.raises(Corrupt, match="no such column"):
        read_all(full_store)


def test_a_store_that_lacks_a_table(full_store: Path, library: Any) -> None:
    library.close()
    connection = sqlite3.connect(full_store)
    connection.execute("DROP TABLE EventPath")
    connection.close()
    with pytest.raises(Corrupt, match="no such table"):
        read_all(full_store)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every file")
def test_a_file_nobody_may_read(full_store: Path, library: Any) -> None:
    library.close()
    full_store.chmod(0)
    with pytest.raises(SourceUnreachable, match="cannot be read"):
        open_sqlite(full_store)


@pytest.mark.parametrize(
    ("url", "path"), [("sqlite:///a.db", "a.db"), ("sqlite:////x/a.db", "/x/a.db"), ("sqlite:///a%20b", "a b")]
)
def test_a_url_names_a_file(url: str, path: str) -> None:
    assert path_of(url) == Path(path)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:///:memory:"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    with pytest.raises(Invalid, match="no file is named"):
        path_of(url)


def test_a_reader_in_a_process_of_its_own_says_the_same(full_store: Path, library: Any) -> None:
    library.close()
    near, far = open_sqlite(full_store), Ahead(OPENER, full_store)
    assert (far.name, far.types()) == (near.name, near.types())
    for kind in KINDS:
        assert far.count(kind) == near.count(kind)
        assert list(far.batches(kind)) == list(near.batches(kind))
    near.close()
    far.close()


def test_errors_come_out_of_a_reader_as_they_are(full_store: Path, library: Any, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file") as refused:
        Ahead(OPENER, tmp_path / "none.db")
    assert (refused.value.field, refused.value.remedy) == ("from", "Check the path")
    library.close()
    connection = sqlite3.connect(full_store)
    connection.execute("DROP TABLE EventPath")
    connection.close()
    source = Ahead(OPENER, full_store)
    with pytest.raises(Corrupt, match="no such table"):
        list(source.batches(Kind.EXECUTION))
    assert source.count(Kind.ARTIFACT) == 6, "it goes on answering"
    source.close()


def test_a_reader_that_dies_is_told(full_store: Path) -> None:
    source = Ahead(OPENER, full_store)
    source._process.kill()
    source._process.wait()
    with pytest.raises(SourceUnreachable, match="the process that reads the store has ended"):
        source.types()
    source.close()


def test_links_are_found_by_their_member() -> None:
    links = Links([(1, 5), (1, 6), (3, 5), (9, 1)])
    assert links.between(0, 2) == [(1, 5), (1, 6)]
    assert links.between(1, 8) == [(3, 5)]
    assert links.between(9, 2**63 - 1) == []


@pytest.mark.parametrize("text", ["mlmd-struct::%", "mlmd-struct::AAAA", "mlmd-struct::x"])
def test_what_only_looks_like_a_struct_is_text(text: str) -> None:
    assert read_text(text, None) == read_text(text, PropertyType.STRUCT) == text


def test_what_is_spelled_wrongly_is_no_value() -> None:
    assert (read_proto("%"), read_proto("AAAA"), read_proto("")) == (None, None, Proto("", b""))
    assert (read_double("x"), read_double(b"\xff"), read_double(3)) == (None, None, 3.0)
