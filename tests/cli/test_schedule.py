"""`clew schedule` and the servers that run it: as people use it, with real processes and real time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e
CLEW = Path(sys.executable).with_name("clew")
Clew = Callable[..., Any]
SOURCE = """
from kfp import dsl

@dsl.component
def note(told: str) -> str:
    with open(told, "a") as out:
        out.write("x")
    return told

@dsl.pipeline(name="noting")
def noting(told: str):
    note(told=told).set_caching_options(False)
"""


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("noting")
    (folder / "noting.py").write_text(SOURCE)
    script = Path(__file__).parents[2] / "executors" / "runs" / "compile_source.py"
    target = folder / "noting.yaml"
    subprocess.run([sys.executable, script, folder / "noting.py", "", target], check=True, timeout=120)
    return target


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server, and its URL."""
    server = subprocess.Popen(
        [CLEW, "up", "--home", home, "--port", "0", "--grpc-port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CLEW_ENGINE": "sql"},
    )
    assert server.stderr is not None
    yield server, server.stderr.readline().split(" at ")[1].split()[0]
    if server.poll() is None:
        server.terminate()
    server.communicate(timeout=30)


def until(holds: Callable[[], bool], timeout_s: float = 60) -> None:
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_server_runs_what_is_scheduled(shell: Clew, pipeline: Path, tmp_path: Path) -> None:
    home, told = tmp_path / "home", tmp_path / "told"

    def clew(*arguments: object) -> Any:
        return shell(*arguments, "--home", home)

    added = clew("schedule", "add", pipeline, "--every", "1s", "--name", "often", "-p", f"told={told}", "--json")
    assert (added.code, added.json()["state"], added.json()["every_s"]) == (0, "ENABLED", 1)
    assert "often" in clew("schedule", "ls").out
    with serving(home):
        until(lambda: told.exists() and len(told.read_text()) >= 2)
        assert clew("schedule", "pause", "often", "--json").json()["state"] == "PAUSED"
        until(lambda: clew("runs", "ls", "--state", "RUNNING", "--json").json()["total"] == 0)
    shown = clew("schedule", "show", "often", "--json").json()
    assert (shown["next_ms"], shown["total_runs"]) == (None, len(told.read_text()))
    moments = [run["run"] for run in shown["runs"]]
    assert len(set(moments)) == len(moments)
    assert {run["state"] for run in shown["runs"]} == {"COMPLETE"}
    assert clew("runs", "ls", "--schedule", "often", "--json").json()["total"] == shown["total_runs"]
    assert "COMPLETE" in clew("schedule", "show", "often").out
    assert clew("schedule", "resume", "often", "--json").json()["state"] == "ENABLED"
    assert clew("schedule", "rm", "often", "--json").json()["state"] == "REMOVED"
    assert clew("schedule", "ls", "--json").json()["items"] == []
    assert len(clew("schedule", "ls", "--removed", "--json").json()["items"]) == 1
    assert clew("schedule", "resume", "often").code == 1


def test_a_schedule_is_handled_through_a_server(shell: Clew, pipeline: Path, tmp_path: Path) -> None:
    with serving(tmp_path / "home") as (_, url):
        options = ("--server", url, "--json")
        added = shell(
            "schedule", "add", pipeline, "--cron", "0 9 * * 1-5", "--zone", "Europe/Berlin", "-p", "told=x",
            "--no-catch-up", "--max-concurrency", "3", "--start", "2030-01-01T00:00", "--label", "a=b", *options,
        ).json()  # fmt: skip
        assert (added["name"], added["cron"], added["zone"]) == ("noting", "0 9 * * 1-5", "Europe/Berlin")
        assert (added["catch_up"], added["max_concurrency"], added["labels"]) == (False, 3, {"a": "b"})
        assert added["next_ms"] == 1_893_484_800_000  # Tuesday, 2030-01-01, nine in Berlin
        for command, state in [("pause", "PAUSED"), ("resume", "ENABLED"), ("rm", "REMOVED")]:
            assert shell("schedule", command, "noting", *options).json()["state"] == state
        assert shell("schedule", "add", pipeline, "--cron", "no", *options).code == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "either a cron expression or an interval"),
        (("--cron", "0 9 * *"), "is no cron expression"),
        (("--every", "often"), "is no interval"),
        (("--cron", "0 9 * * *", "--zone", "Mars"), "is no time zone"),
        (("--every", "1h", "--start", "soon"), "is no time"),
        (("--every", "1h", "-p", "nope=1"), "has no parameter 'nope'"),
    ],
)
def test_a_bad_schedule_is_one_error(
    shell: Clew, pipeline: Path, tmp_path: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = shell("schedule", "add", pipeline, "-p", "told=x", *arguments, "--home", tmp_path / "home")
    assert (done.code, says in done.err, len(done.err.splitlines())) == (2, True, 1)
    assert not (tmp_path / "home").exists()


@pytest.mark.postgres
def test_two_servers_on_one_database_fire_once_also_when_one_is_killed(
    shell: Clew, pipeline: Path, tmp_path: Path, fresh_postgres_url: str
) -> None:
    home, told = tmp_path / "home", tmp_path / "told"
    home.mkdir()
    (home / "clew.toml").write_text(f'record_url = "{fresh_postgres_url}"\n')
    shell("schedule", "add", pipeline, "--every", "1s", "--max-concurrency", "5", "-p", f"told={told}", "--home", home)
    with serving(home) as (one, _), serving(home):
        until(lambda: told.exists() and len(told.read_text()) >= 2)
        os.kill(one.pid, signal.SIGKILL)
        seen = len(told.read_text())
        until(lambda: len(told.read_text()) >= seen + 3)
        shell("schedule", "pause", "noting", "--home", home)
        listed = ("runs", "ls", "--schedule", "noting", "--json", "--home", home)
        until(lambda: {run["state"] for run in shell(*listed).json()["items"]} == {"COMPLETE"})
    runs = shell(*listed).json()
    assert (runs["total"], len(told.read_text())) == (runs["total"], runs["total"])
    shown = shell("schedule", "show", "noting", "--json", "--home", home).json()
    assert shown["total_runs"] == runs["total"]
