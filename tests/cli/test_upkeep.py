"""verify, backup, restore, doctor: damage is found, copies are whole, nothing is overwritten unasked."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.metadata.blobs import LocalStore
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState

Clew = Callable[..., Any]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with one artifact whose bytes it keeps."""
    home = tmp_path / "home"
    store = LocalStore(home / "blobs")
    blob = store.put(io.BytesIO(b"model bytes"))
    with Record.open(home) as record:
        change = Change(actor="ann")
        change.artifact(
            change.type(NodeType(Kind.ARTIFACT, "Model")),
            name="model",
            uri=store.path(blob.digest).as_uri(),
            state=ArtifactState.LIVE,
            digest=blob.digest,
            size_bytes=blob.size_bytes,
        )
        record.commit(change)
    return home


def blob_of(home: Path) -> Path:
    (path,) = [path for path in (home / "blobs" / "sha256").rglob("*") if path.is_file()]
    return path


def test_a_sound_home_verifies(clew: Clew, home: Path) -> None:
    said = clew("verify", "--home", home, "--json")
    assert (said.code, said.err) == (0, "")
    assert said.json() == {"ok": True, "seq": 1, "changes": 1, "blobs": 1, "size_bytes": 11, "damage": []}


def test_edited_bytes_are_found(clew: Clew, home: Path) -> None:
    blob_of(home).chmod(0o644)
    blob_of(home).write_bytes(b"other bytes")
    shown = clew("verify", "--home", home)
    assert shown.code == 1
    assert "artifact:1" in shown.out


def test_deleted_bytes_are_found(clew: Clew, home: Path) -> None:
    blob_of(home).unlink()
    (damage,) = clew("verify", "--home", home, "--json").json()["damage"]
    assert "artifact:1" in damage
    assert clew("verify", "--home", home, "--no-bytes").code == 0


def test_a_table_edited_behind_our_back_is_found(clew: Clew, home: Path) -> None:
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(str(home / "record.db"))
    connection.execute("UPDATE artifact SET name = 'another'")
    connection.commit()
    connection.close()
    (damage,) = clew("verify", "--home", home, "--json").json()["damage"]
    assert "artifact 1 differs from the log: name" in damage


def test_an_edited_log_is_found(clew: Clew, home: Path) -> None:
    from pysqlite3 import dbapi2

    connection = dbapi2.connect(str(home / "record.db"))
    connection.execute("UPDATE change SET actor = 'mallory'")
    connection.commit()
    connection.close()
    (damage,) = clew("verify", "--home", home, "--json").json()["damage"]
    assert "change 1 does not match its digest" in damage


def test_a_backup_restores_to_the_same_home(clew: Clew, home: Path, tmp_path: Path) -> None:
    made = clew("backup", tmp_path / "copy", "--home", home, "--json").json()
    assert (made["seq"], made["files"]) == (1, 2)
    assert clew("restore", tmp_path / "copy", "--home", tmp_path / "again").code == 0
    again = clew("verify", "--home", tmp_path / "again", "--json").json()
    assert (again["ok"], again["seq"], again["blobs"]) == (True, 1, 1)
    assert clew("show", "artifact:1", "--home", tmp_path / "again", "--json").json()["name"] == "model"


def put_model(record: Record, name: str) -> None:
    change = Change()
    change.artifact("Model", name=name)
    record.commit(change)


def test_a_backup_is_taken_while_another_connection_writes(clew: Clew, home: Path, tmp_path: Path) -> None:
    with Record.open(home) as record:
        put_model(record, "second")
        assert clew("backup", tmp_path / "copy", "--home", home, "--json").json()["seq"] == 2
        put_model(record, "third")
    assert clew("log", "--home", tmp_path / "copy", "--json").out.count("\n") == 2


def test_a_backup_never_overwrites(clew: Clew, home: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    assert clew("backup", tmp_path / "copy", "--home", home).code == 2
    assert list((tmp_path / "copy").iterdir()) == []


def test_restore_refuses_a_home_that_is_not_empty_unless_forced(clew: Clew, home: Path, tmp_path: Path) -> None:
    clew("backup", tmp_path / "copy", "--home", home)
    other = tmp_path / "other"
    Record.open(other).close()
    refused = clew("restore", tmp_path / "copy", "--home", other, "--json")
    assert (refused.code, refused.json()["error"]["code"]) == (1, "CONFLICT")
    forced = clew("restore", tmp_path / "copy", "--home", other, "--force", "--json").json()
    assert (Path(forced["replaced"]) / "record.db").exists()
    assert forced["seq"] == 1


def test_restore_of_a_damaged_backup_leaves_the_home_alone(clew: Clew, home: Path, tmp_path: Path) -> None:
    clew("backup", tmp_path / "copy", "--home", home)
    (tmp_path / "copy" / "record.db").write_bytes(b"rubbish" * 1000)
    assert clew("restore", tmp_path / "copy", "--home", tmp_path / "again").code == 1
    assert not (tmp_path / "again").exists()


def test_the_doctor_finds_a_sound_home_well(clew: Clew, home: Path) -> None:
    said = clew("doctor", "--home", home, "--json")
    assert said.code == 0
    findings = {finding["subject"]: finding for finding in said.json()["findings"]}
    assert findings["record"]["status"] == "ok"
    assert findings["sqlite"]["detail"].startswith("SQLite 3.")


def test_the_doctor_says_what_ails_a_home_and_what_helps(clew: Clew, tmp_path: Path) -> None:
    (tmp_path / "record.db").write_bytes(b"rubbish" * 1000)
    said = clew("doctor", "--home", tmp_path, "--json")
    assert said.code == 1
    (record,) = [finding for finding in said.json()["findings"] if finding["subject"] == "record"]
    assert record["status"] == "bad"
    assert "restore" in record["remedy"]


def test_the_doctor_of_a_home_that_is_not_there_only_warns(clew: Clew, tmp_path: Path) -> None:
    assert clew("doctor", "--home", tmp_path / "none").code == 0
    assert not (tmp_path / "none").exists()
