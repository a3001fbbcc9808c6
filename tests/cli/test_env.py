"""`clew env`: environments are listed, shown and removed."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from clew.executors.pipeline.built import Built, write_built
from clew.executors.pipeline.locked import Locked

OLD, NEW, HALF = "0" * 32, "1" * 32, "2" * 32


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an old environment, a new one, and half of one."""
    for key in (OLD, NEW, HALF):
        (tmp_path / "envs" / key).mkdir(parents=True)
        Locked(tmp_path / "envs" / f"{key}.lock").release()
    built_ms = int((time.time() - 40 * 86400) * 1000)
    for key, packages in ((OLD, ("numpy",)), (NEW, ("pandas==2", "numpy"))):
        installed = {"kfp": "2.17.3", "numpy": "2.0"}
        write_built(tmp_path / "envs" / key, Built("3.11", "kfp==2.17.3", packages, (), installed, built_ms, 2.5))
    os.utime(tmp_path / "envs" / f"{OLD}.lock", (time.time() - 40 * 86400,) * 2)
    return tmp_path


def _removed(clew: Any, home: Path, *options: str) -> Any:
    return json.loads(clew("env", "prune", *options, "--home", home, "--json").out)["removed"]


def test_environments_are_listed_with_what_they_hold(clew: Any, home: Path) -> None:
    shown = clew("env", "ls", "--home", home)
    assert shown.code == 0
    assert "pandas==2 numpy kfp==2.17.3" in shown.out
    assert "not whole" in shown.out
    listed = json.loads(clew("env", "ls", "--home", home, "--json").out)
    assert {one["key"]: one["whole"] for one in listed} == {OLD: True, NEW: True, HALF: False}
    assert all(one["size_bytes"] > 0 for one in listed if one["whole"])


def test_a_home_without_environments_says_so(clew: Any, tmp_path: Path) -> None:
    assert json.loads(clew("env", "ls", "--home", tmp_path, "--json").out) == []
    shown = clew("env", "ls", "--home", tmp_path)
    assert (shown.code, shown.out, "no environments" in shown.err) == (0, "", True)


def test_an_environment_shows_what_is_installed(clew: Any, home: Path) -> None:
    shown = clew("env", "show", "11", "--home", home)
    assert "pandas==2" in shown.out
    assert "numpy" in shown.out
    assert json.loads(clew("env", "show", "1", "--home", home, "--json").out)["installed"]["kfp"] == "2.17.3"


@pytest.mark.parametrize(
    ("options", "gone"),
    [(["--older-than", "30d"], [OLD]), (["--older-than", "60d"], []), (["--all"], [OLD, NEW, HALF])],
)
def test_what_was_chosen_is_removed(clew: Any, home: Path, options: list[str], gone: list[str]) -> None:
    assert sorted(_removed(clew, home, *options, "--dry-run")) == gone
    assert len(list((home / "envs").glob("?" * 32))) == 3
    assert sorted(_removed(clew, home, *options)) == gone
    assert not any((home / "envs" / key).exists() for key in gone)


def test_what_is_unused_or_not_whole_is_removed(clew: Any, home: Path) -> None:
    assert sorted(_removed(clew, home, "--unused")) == [OLD, HALF]


def test_what_is_in_use_stays(clew: Any, home: Path) -> None:
    lock = Locked(home / "envs" / f"{OLD}.lock")
    lock.take_shared()
    told = json.loads(clew("env", "prune", "--all", "--home", home, "--json").out)
    lock.release()
    assert (sorted(told["removed"]), told["in_use"]) == ([NEW, HALF], [OLD])
    assert (home / "envs" / OLD / "clew.json").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["prune"], "nothing says which"),
        (["prune", "--older-than", "soon"], "no age"),
        (["show", "9"], "no environment '9'"),
        (["show", ""], "no environment"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(clew: Any, home: Path, arguments: list[str], words: str) -> None:
    shown = clew("env", *arguments, "--home", home)
    assert shown.code in (1, 2)
    assert words in shown.err


def test_homes_may_share_a_folder_of_environments(
    clew: Any, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLEW_ENVIRONMENTS", str(home / "envs"))
    assert len(json.loads(clew("env", "ls", "--home", tmp_path / "other", "--json").out)) == 3
