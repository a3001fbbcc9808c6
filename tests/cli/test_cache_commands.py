"""`clew cache`: what may be reused, listed, taken out, kept, collected and audited from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Clew = Callable[..., Any]


@pytest.fixture
def home(clew: Clew, sums: Path, tmp_path: Path) -> Path:
    """A home in which a pipeline ran twice."""
    for _ in range(2):
        assert clew("run", sums, "--home", tmp_path / "home").code == 0
    return tmp_path / "home"


def entry_of(clew: Clew, home: Path, component: str) -> dict[str, Any]:
    listed = clew("cache", "ls", "--component", component, "--home", home, "--json").json()
    found: dict[str, Any] = listed["items"][0]
    return found


def test_entries_are_listed_page_by_page_and_shown(clew: Clew, home: Path) -> None:
    first = clew("cache", "ls", "--limit", 1, "--home", home, "--json").json()
    assert (len(first["items"]), first["more"]) == (1, True)
    rest = clew("cache", "ls", "--after", first["next"], "--home", home, "--json").json()
    assert first["items"][0]["execution"] not in [item["execution"] for item in rest["items"]]
    save = entry_of(clew, home, "comp-save")
    assert (save["component"], save["hits"], save["size_bytes"], save["state"]) == ("sums/comp-save", 1, 1, "live")
    shown = clew("cache", "show", save["execution"], "--home", home)
    assert "sums/comp-save" in shown.out
    assert clew("cache", "show", save["execution"], "--home", home, "--json").json() == save
    assert "sums/comp-save" in clew("cache", "ls", "--by", "saved", "--home", home).out


def test_statistics_tell_hits_and_what_they_saved(clew: Clew, home: Path) -> None:
    told = clew("cache", "stats", "--home", home, "--json").json()
    assert (told["hits"], told["entries"], told["invalidated"]) == (
        5,
        3,
        0,
    )  # the first run had one itself: two of its steps are equal
    assert told["saved_ms"] > 0
    assert "sums/comp-add" in clew("cache", "stats", "--since", "1h", "--home", home).out


def test_what_is_invalidated_runs_again_and_why_says_so(clew: Clew, home: Path, sums: Path) -> None:
    save = entry_of(clew, home, "comp-save")
    done = clew("cache", "invalidate", save["execution"], "--why", "wrong", "--home", home, "--json").json()
    assert save["execution"] in done["invalidated"]
    assert clew("show", done["audit"], "--home", home).code == 0
    again = clew("run", sums, "--home", home, "--json").json()
    ran = next(task for task in again["tasks"] if task["name"] == "save")
    assert ran["state"] == "COMPLETE"
    assert "wrong" in clew("why", ran["execution"], "--home", home).out
    assert clew("cache", "invalidate", save["execution"], "--home", home).code == 1


def test_bytes_are_collected_after_a_look_and_pins_are_kept(clew: Clew, home: Path) -> None:
    save = entry_of(clew, home, "comp-save")
    artifact = save["outputs"][0]["artifact"]
    would = clew("cache", "gc", "--max-bytes", "0", "--dry-run", "--home", home, "--json").json()
    assert (would["dry_run"], [d["execution"] for d in would["dropped"]]) == (True, [save["execution"]])
    assert clew("cache", "pin", artifact, "--why", "prod", "--home", home).code == 0
    assert clew("cache", "ls", "--pinned", "--home", home, "--json").json()["items"][0]["pinned"]
    assert clew("cache", "gc", "--max-bytes", "0", "--home", home, "--json").json()["dropped"] == []
    assert clew("cache", "unpin", artifact, "--home", home).code == 0
    done = clew("cache", "gc", "--max-bytes", "0", "--home", home)
    assert (done.code, "1 result dropped" in done.out) == (0, True)
    assert entry_of(clew, home, "comp-save")["state"] == "dropped"


def test_an_audit_that_finds_the_same_bytes_is_exit_code_0(clew: Clew, home: Path) -> None:
    told = clew("cache", "audit", "--sample", "100%", "--home", home, "--json")
    assert (told.code, told.json()["nondeterministic"]) == (0, [])
    assert {c["verdict"] for c in told.json()["checked"]} == {"same"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "artifact:1"], "no entry"),
        (["show", "execution:99999"], "99999"),
        (["invalidate"], "nothing was named"),
        (["invalidate", "context:1"], "no entry"),
        (["invalidate", "--component", "nope"], "no component 'nope'"),
        (["invalidate", "sha256:" + "0" * 64], "neither a fingerprint"),
        (["pin", "everything"], "cannot be pinned"),
        (["unpin", "artifact:1"], "not pinned"),
        (["gc"], "how much may stay"),
        (["gc", "--max-bytes", "lots"], "no size"),
        (["gc", "--older-than", "lately"], "no age"),
        (["audit", "--sample", "150%"], "no share"),
        (["ls", "--after", "execution:3", "--by", "hits"], "only by newest"),
    ],
)
def test_what_cannot_be_is_refused_with_one_sentence(
    clew: Clew, sums: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    assert clew("run", sums, "--home", tmp_path).code == 0
    shown = clew("cache", *arguments, "--home", tmp_path)
    assert shown.code in (1, 2)
    assert told in shown.err
    assert "Traceback" not in shown.err


def test_an_empty_home_has_no_entries(clew: Clew, tmp_path: Path) -> None:
    from clew.metadata.record import Record

    Record.open(tmp_path).close()
    assert clew("cache", "ls", "--home", tmp_path, "--json").json() == {"items": [], "more": False, "next": None}
    assert "no entries match" in clew("cache", "ls", "--home", tmp_path).err
    assert clew("cache", "stats", "--home", tmp_path, "--json").json()["hits"] == 0
    assert clew("cache", "audit", "--home", tmp_path, "--json").json()["checked"] == []


def test_a_plan_is_told_before_anything_runs_and_leaves_nothing(clew: Clew, sums: Path, tmp_path: Path) -> None:
    fresh = clew("plan", sums, "--home", tmp_path / "new", "--json").json()
    assert (fresh["run"], fresh["hit"]) == (2, 0)  # two of its three additions are equal
    assert not (tmp_path / "new").exists()
    clew("run", sums, "--home", tmp_path / "home")
    told = clew("plan", sums, "--home", tmp_path / "home", "--json").json()
    assert (told["hit"], told["run"], told["wait"]) == (4, 0, 0)
    changed = clew("plan", sums, "-p", "b=7", "--home", tmp_path / "home")
    assert "parameters.b" in changed.out
    assert "add-2 has to run before" in changed.out


def test_a_plan_of_what_cannot_run_is_refused_as_the_run_is(clew: Clew, sums: Path, tmp_path: Path) -> None:
    shown = clew("plan", sums, "-p", "nope=1", "--home", tmp_path)
    assert (shown.code, shown.out) == (2, "")
    assert "nope" in shown.err


def test_a_failure_is_remembered_where_that_is_asked_for(clew: Clew, sums: Path, tmp_path: Path) -> None:
    def save(*options: str) -> dict[str, Any]:
        shown = clew("run", sums, "-p", "fail=true", "--home", tmp_path, "--json", *options)
        assert shown.code == 1
        found: dict[str, Any] = next(task for task in shown.json()["tasks"] if task["name"] == "save")
        return found

    save()
    again = save("--cache-failures", "1h")
    assert again["state"] == "FAILED"
    told = clew("why", again["execution"], "--home", tmp_path).out
    assert "not run: it failed as execution:" in told
    assert "told to fail" in told
    assert (
        clew("plan", sums, "-p", "fail=true", "--cache-failures", "1h", "--home", tmp_path, "--json").json()["fail"]
        == 1
    )
