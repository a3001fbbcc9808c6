"""Bad input: one line, the right exit code, the same object in JSON, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Clew = Callable[..., Any]

BAD = [
    (("show", "artifact:99"), 1, "ARTIFACT_NOT_FOUND"),
    (("show", "execution:99"), 1, "EXECUTION_NOT_FOUND"),
    (("show", "context:99"), 1, "CONTEXT_NOT_FOUND"),
    (("show", "artifact:x"), 2, "INVALID"),
    (("show", "artifact:99999999999999999999"), 2, "INVALID"),
    (("show", "s3://nowhere/at-all"), 1, "ARTIFACT_NOT_FOUND"),
    (("show", "sha256:12"), 2, "INVALID"),
    (("ls", "artifacts", "--type", "Nothing"), 1, "TYPE_NOT_FOUND"),
    (("ls", "artifacts", "--where", "type = = 'x'"), 2, "INVALID_FILTER"),
    (("ls", "artifacts", "--as-of", "99"), 1, "CHANGE_NOT_FOUND"),
    (("ls", "artifacts", "--as-of", "noon"), 2, "USAGE"),
    (("ls", "artifacts", "--limit", "0"), 2, "USAGE"),
    (("ls", "everything"), 2, "USAGE"),
    (("ls", "artifacts", "--no-such-option"), 2, "USAGE"),
    (("no-such-command",), 2, "USAGE"),
    (("trace",), 2, "USAGE"),
    (("trace", "context:1"), 2, "INVALID"),
    (("trace", "artifact:1", "--up", "--down"), 2, "USAGE"),
    (("paths", "artifact:1", "context:1"), 2, "INVALID"),
    (("why", "execution:1"), 1, "NOT_FOUND"),
    (("why", "artifact:1"), 2, "INVALID"),
    (("run", "missing.yaml"), 2, "INVALID"),
    (("run", "missing.yaml", "-p", "depth"), 2, "USAGE"),
    (("run", "missing.yaml", "--no-cache", "--refresh"), 2, "USAGE"),
    (("up", "--host", "0.0.0.0"), 2, "USAGE"),
    (("up", "--port", "99999"), 2, "INVALID"),
    (("ls", "types", "--server", "ftp://x"), 2, "INVALID"),
    (("ls", "types", "--server", "http://127.0.0.1:9"), 1, "SOURCE_UNREACHABLE"),
    (("ls", "types", "--server", "http://127.0.0.1:9", "--home", "x"), 2, "USAGE"),
    (("restore", "nothing-here"), 1, "NOT_FOUND"),
]


@pytest.mark.parametrize(("arguments", "exit_code", "code"), BAD, ids=lambda value: str(value)[:60])
def test_bad_input_is_one_line_and_its_exit_code(
    clew: Clew, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    shown = clew(*arguments)
    assert shown.code == exit_code
    assert shown.err.startswith("clew: ")
    assert shown.err.count("\n") == 1
    assert "Traceback" not in shown.err + shown.out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "code"), [bad for bad in BAD if bad[0][0] != "up"], ids=lambda value: str(value)[:60]
)
def test_bad_input_with_json_is_one_error_object(
    clew: Clew, arguments: tuple[str, ...], exit_code: int, code: str
) -> None:
    shown = clew(*arguments, "--json")
    assert shown.code == exit_code
    error = json.loads(shown.out)["error"]
    if arguments[0] != "no-such-command":
        assert error["code"] == code
    assert error["message"]


def test_an_error_about_what_was_given_does_not_drive_the_terminal(clew: Clew) -> None:
    shown = clew("run", "\x1b[31mred.yaml")
    assert "\\x1b[31mred.yaml" in shown.err
    assert "\x1b" not in shown.err


def test_a_filter_error_shows_where(clew: Clew) -> None:
    error = clew("ls", "artifacts", "--where", "type = = 'x'", "--json").json()["error"]
    assert int(error["position"]) == 7


def test_a_missing_home_is_told_with_what_makes_one(clew: Clew, tmp_path: Path) -> None:
    shown = clew("ls", "artifacts", "--home", tmp_path / "none")
    assert shown.code == 1
    assert "there is no Clew home at" in shown.err
    assert "clew run" in shown.err
    assert not (tmp_path / "none").exists()


def test_a_corrupt_home_is_told_and_left_as_it_is(clew: Clew, tmp_path: Path) -> None:
    (tmp_path / "record.db").write_bytes(b"this is no database" * 100)
    shown = clew("ls", "artifacts", "--home", tmp_path, "--json")
    assert (shown.code, shown.json()["error"]["code"]) == (1, "CORRUPT")
    assert (tmp_path / "record.db").read_bytes() == b"this is no database" * 100


def test_a_home_of_a_newer_clew_is_refused(clew: Clew, tmp_path: Path, trained: Path) -> None:
    from pysqlite3 import dbapi2

    from clew.metadata.record import Record

    Record.open(tmp_path).close()
    connection = dbapi2.connect(str(tmp_path / "record.db"))
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    shown = clew("ls", "artifacts", "--home", tmp_path, "--json")
    assert (shown.code, shown.json()["error"]["code"]) == (1, "SCHEMA_TOO_NEW")
    assert "Upgrade Clew" in shown.err


def test_a_surprise_is_one_line_and_a_file_with_the_traceback(clew: Clew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clew.client.connect.connect", lambda *args, **kwargs: 1 / 0)
    shown = clew("ls", "artifacts")
    assert shown.code == 1
    assert shown.err.count("\n") == 1
    log = Path(shown.err.rpartition("The traceback is in ")[2].strip())
    assert "ZeroDivisionError" in log.read_text()
    log.unlink()


def test_a_surprise_shows_its_traceback_when_debugging(clew: Clew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clew.client.connect.connect", lambda *args, **kwargs: 1 / 0)
    monkeypatch.setenv("CLEW_DEBUG", "1")
    shown = clew("ls", "artifacts")
    assert "Traceback" in shown.err
    Path(shown.err.rpartition("The traceback is in ")[2].strip()).unlink()
