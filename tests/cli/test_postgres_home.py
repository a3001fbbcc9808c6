"""A home whose record is a PostgreSQL database: the same commands, bytes and runs in the folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.sdk import connect

pytestmark = pytest.mark.postgres
Clew = Callable[..., Any]


def test_a_home_names_its_database_in_clew_toml(clew: Clew, tmp_path: Path, fresh_postgres_url: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "clew.toml").write_text(f'record_url = "{fresh_postgres_url}"\n')
    (tmp_path / "model.bin").write_bytes(b"weights")
    with connect(home) as connection:
        with connection.execution("Train", inputs={"data": "s3://lake/raw"}) as e:
            e.output("model", tmp_path / "model.bin", type="Model")
    assert not (home / "record.db").exists()
    assert clew("ls", "artifacts", "--home", home, "--json").json()["total"] == 2
    assert "Train" in clew("trace", tmp_path / "model.bin", "--home", home).out
    verified = clew("verify", "--home", home, "--json").json()
    assert (verified["ok"], verified["blobs"]) == (True, 1)
    (record,) = [f for f in clew("doctor", "--home", home, "--json").json()["findings"] if f["subject"] == "record"]
    assert record["detail"].endswith("PostgreSQL")
    refused = clew("backup", tmp_path / "copy", "--home", home, "--json")
    assert (refused.code, refused.json()["error"]["code"]) == (1, "UNSUPPORTED")
    assert "pg_dump" in refused.err


def test_a_database_that_is_not_there_is_one_error(clew: Clew, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEW_RECORD_URL", "postgresql://nobody@127.0.0.1:9/nothing")
    shown = clew("ls", "artifacts", "--home", tmp_path, "--json")
    assert (shown.code, shown.json()["error"]["code"]) == (1, "STORE_UNAVAILABLE")
    assert shown.err.count("\n") == 1
