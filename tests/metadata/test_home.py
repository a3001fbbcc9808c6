"""A home that is missing, corrupt, too new, read-only or full: one typed error each, and the record unharmed."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clew.metadata.change import Change
from clew.metadata.errors import (
    ClewError,
    Corrupt,
    Invalid,
    NotFound,
    SchemaTooNew,
    StoreFull,
    StoreReadOnly,
    StoreUnavailable,
    Unavailable,
)
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.store import sqlite

Dump = dict[str, list[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a type and one artifact."""
    folder = tmp_path / "home"
    with Record.open(folder) as record:
        change = Change()
        change.type(NodeType(Kind.ARTIFACT, "Data"))
        change.artifact("Data", name="first")
        record.commit(change)
    return folder


def data(name: str | None = None, size: int = 0) -> Change:
    change = Change()
    change.artifact("Data", name=name, custom_properties={"x": "x" * size} if size else None)
    return change


def test_a_folder_a_url_and_a_file_name_one_record(home: Path) -> None:
    with Record.open(home) as a, Record.open(str(home)) as b, Record.open(f"sqlite:///{home}/record.db") as c:
        assert a.id == b.id == c.id
        a.commit(data())
        assert b.seq() == c.seq() == 2


def test_a_home_with_odd_characters_works(tmp_path: Path) -> None:
    folder = tmp_path / "ä b%20?#&'c"
    with Record.open(folder) as record:
        assert record.seq() == 0
    assert (folder / "record.db").exists()


def test_a_closed_record_leaves_one_file_and_nothing_to_recover(home: Path) -> None:
    assert not (home / "record.db-wal").exists()
    assert not list(home.glob("*.new-*"))


def test_a_missing_home_is_not_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        Record.open(tmp_path / "none", create=False)
    assert caught.value.remedy
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "where", ["mysql://h/d", "sqlite://", "sqlite:///:memory:", "http://x", "postgresql://h:port/d"]
)
def test_a_url_nobody_speaks_is_invalid(where: str) -> None:
    with pytest.raises(Invalid):
        Record.open(where)


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable) as caught:
        Record.open("postgresql://u:secret@127.0.0.1:1/d")
    assert "secret" not in str(caught.value) + caught.value.value


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: f.write_bytes(b"not a database at all" * 300),
        lambda f: f.write_bytes(b""),
        lambda f: f.write_bytes(f.read_bytes()[: f.stat().st_size // 2]),
        lambda f: _sql(f, "DROP TABLE head"),
        lambda f: _sql(f, "DROP TABLE alembic_version"),
        lambda f: _sql(f, "DELETE FROM alembic_version"),
        lambda f: _sql(f, "DELETE FROM head"),
        lambda f: _overwrite(f, 0, bytes(100)),
        lambda f: _overwrite(f, 4096, b"\xff" * 40_000),
        lambda f: (f.unlink(), f.mkdir()),
    ],
)
def test_a_damaged_home_is_one_typed_error(home: Path, damage: Callable[[Path], object]) -> None:
    damage(home / "record.db")
    with pytest.raises(ClewError) as caught:
        _use(home)
    assert isinstance(caught.value, Corrupt | Unavailable)
    assert caught.value.remedy


def _use(home: Path) -> None:
    with Record.open(home) as record, record.read() as reader:
        reader.artifacts()
        reader.changes()
        record.commit(data())
        assert differences(reader) == []


def _sql(file: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute(statement)
        connection.commit()


def _overwrite(file: Path, offset: int, data: bytes) -> None:
    with file.open("r+b") as out:
        out.seek(offset)
        out.write(data)


def test_a_newer_home_is_refused_and_left_alone(home: Path) -> None:
    _sql(home / "record.db", "UPDATE alembic_version SET version_num = '9999'")
    before = (home / "record.db").read_bytes()
    with pytest.raises(SchemaTooNew):
        Record.open(home)
    assert (home / "record.db").read_bytes() == before


AS_NOBODY = """
import os, sys
import sqlalchemy
from clew.metadata.change import Change
from clew.metadata.errors import ClewError
from clew.metadata.record import Record
os.setgid(65534); os.setuid(65534)
try:
    with Record.open(sys.argv[1]) as record:
        with record.read() as reader:
            print("read", reader.artifact(1).name)
        change = Change()
        change.artifact("Data")
        record.commit(change)
        print("wrote")
except ClewError as error:
    print(error.code)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody who may not write")
def test_a_home_one_may_not_write_is_never_written(home: Path) -> None:
    for path in (*home.parents, home):
        if path.owner() == "root" and path.is_relative_to("/tmp"):
            path.chmod(path.stat().st_mode | stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH)
    before = (home / "record.db").read_bytes()
    assert _as_nobody(home) == ["STORE_READ_ONLY"]
    assert _as_nobody(home.parent / "new") == ["STORE_READ_ONLY"]
    assert (home / "record.db").read_bytes() == before
    with Record.open(home) as record:
        record.commit(data())
        assert _as_nobody(home) == ["read", "first", "STORE_READ_ONLY"]
        assert record.seq() == 2


def _as_nobody(home: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(home)], capture_output=True, text=True, cwd="/")
    assert not done.returncode, done.stderr
    return done.stdout.split()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("a small tmpfs cannot be mounted here (needs root)")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_is_a_clean_error_and_writing_resumes_without_a_restart(
    small_disk: Path, dump_database: Callable[[str], Dump]
) -> None:
    url = f"sqlite:///{small_disk}/record.db"
    with Record.open(url) as record:
        change = Change()
        change.type(NodeType(Kind.ARTIFACT, "Data"))
        record.commit(change)
        ballast = small_disk / "ballast"
        free = shutil.disk_usage(small_disk).free
        ballast.write_bytes(b"x" * max(0, free - 400_000))
        acknowledged, full = 1, None
        while full is None:
            try:
                record.commit(data(size=5000))
                acknowledged += 1
            except ClewError as error:
                full = error
        assert isinstance(full, StoreFull)
        assert full.remedy
        assert record.seq() == acknowledged
        for _ in range(3):
            with pytest.raises(StoreFull):
                record.commit(data(size=5000))
        ballast.unlink()
        for n in range(5):
            assert record.commit(data(f"after {n}")).seq == acknowledged + 1 + n
        with record.read() as reader:
            assert differences(reader) == []
            assert reader.count(Kind.ARTIFACT) == acknowledged - 1 + 5
    with Record.open(url) as record, record.read() as reader:
        assert (reader.seq, differences(reader)) == (acknowledged + 5, [])


def test_a_home_on_a_read_only_disk_can_be_read_and_not_written(small_disk: Path) -> None:
    with Record.open(small_disk / "home") as record:
        change = Change()
        change.type(NodeType(Kind.ARTIFACT, "Data"))
        change.artifact("Data", name="first")
        record.commit(change)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with Record.open(small_disk / "home") as record:
        with record.read() as reader:
            assert reader.artifact(1).name == "first"
        with pytest.raises(StoreReadOnly):
            record.commit(data())
    with pytest.raises(StoreReadOnly):
        Record.open(small_disk / "new")


def test_a_home_is_not_half_made_on_a_full_disk(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 8192))
    with pytest.raises(StoreFull):
        Record.open(small_disk / "home")
    assert not (small_disk / "home" / "record.db").exists()
    ballast.unlink()
    with Record.open(small_disk / "home") as record:
        assert record.seq() == 0


def test_a_writer_waits_for_a_short_lock_and_gives_up_on_a_long_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The same library as the record's: the locks of two SQLites in one process do not see each other.
    other = sqlite.connect(home / "record.db")
    with Record.open(home) as record:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.3, lambda: other.execute("ROLLBACK")).start()
        assert record.commit(data()).seq == 2
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_S", 0.2)
    with Record.open(home) as record:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable):
            record.commit(data())
        other.execute("ROLLBACK")
        assert record.commit(data()).seq == 3
    other.close()


def test_many_openers_at_once_make_one_record(tmp_path: Path) -> None:
    script = "import sys; from clew.metadata.record import Record; print(Record.open(sys.argv[1]).id)"
    openers = [
        subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "new")], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ids = {opener.communicate(timeout=60)[0] for opener in openers}
    assert len(ids) == 1
    assert ids != {""}


def test_a_backup_taken_while_writing_is_one_moment(home: Path, tmp_path: Path) -> None:
    with Record.open(home) as record:
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                record.commit(data(size=100))

        thread = threading.Thread(target=write)
        thread.start()
        try:
            for n in range(3):
                assert isinstance(record.store, sqlite.SqliteStore)
                record.store.backup(tmp_path / f"copy{n}.db")
        finally:
            stop.set()
            thread.join()
    for n in range(3):
        with Record.open(f"sqlite:///{tmp_path}/copy{n}.db") as copy, copy.read() as reader:
            assert differences(reader) == []
            assert reader.count(Kind.ARTIFACT) == reader.seq
