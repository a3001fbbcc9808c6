"""What `clew cache` asks and does is the same on SQLite and on PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.executors.cached.audit import audit
from clew.executors.cached.collect import Wanted, collect
from clew.executors.cached.entries import entries
from clew.executors.cached.invalidate import invalidate
from clew.executors.cached.pins import pin, pins_of, unpin
from clew.executors.cached.stats import stats
from clew.executors.claims import claims_of
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.metadata.blobs.local import LocalStore
from clew.metadata.digest import of_bytes
from clew.metadata.ids import NodeRef
from clew.metadata.record import Record

DIGEST = of_bytes(b"step")


class Home:
    """A home whose record lies in either database, in which a pipeline ran twice."""

    def __init__(self, folder: Path, record: Record, compiled: Path) -> None:
        self.record, self.folder, self._source = record, folder, compiled / "words.yaml"
        self.store = LocalStore(folder / "blobs")
        self.options = RunOptions(home=folder, step_timeout_s=60, actor="ann")
        self.first = self.run()
        self.second = self.run()

    def run(self) -> RunResult:
        return run_pipeline(self.record, self.store, self._source, {}, options=self.options)

    def artifact(self, name: str, output: str) -> str:
        made = next(task for task in self.first.tasks if task.name == name)
        return str(made.outputs[output]["artifact"])


@pytest.fixture
def home(record_url: str, tmp_path: Path, compiled: Path) -> Iterator[Home]:
    with Record.open(record_url) as record:
        yield Home(tmp_path / "home", record, compiled)


def test_entries_and_numbers(home: Home) -> None:
    with home.record.read() as reader:
        found = {e.component: (e.hits, e.saved_bytes, e.state) for e in entries(reader)}
        assert found == {
            "words/comp-write": (1, 5, "live"),
            "words/comp-shout": (1, 5, "live"),
            "words/comp-count-words": (1, 0, "live"),
        }
        assert [e.component for e in entries(reader, component="comp-shout")] == ["words/comp-shout"]
        assert len(entries(reader, component="words/comp-shout", namespace="default", order="saved")) == 1
        newest = entries(reader, limit=1)[0]
        assert len(entries(reader, after=newest.execution.id)) == 2
        numbers = stats(reader, namespace="default", since_ms=1)
        assert (numbers.total.hits, numbers.total.ran, numbers.entries) == (3, 3, 3)
        assert {t.name: t.saved_bytes for t in numbers.components}["words/comp-write"] == 5


def test_what_is_taken_out_pinned_and_collected(home: Home) -> None:
    ref = NodeRef.parse(home.artifact("shout", "loud"))
    pin(home.record, ref, why="prod", actor="ann", namespace="default")
    with home.record.read() as reader:
        assert len(pins_of(reader).artifacts) == 2
    assert collect(home.record, home.store, home.folder, Wanted(max_bytes=0), actor="ann").drops == []
    unpin(home.record, ref, actor="ann", namespace="default")
    invalidate(home.record, [], components=["comp-write"], why="no", actor="ann", namespace="default")
    assert {t.name: t.state for t in home.run().tasks}["write"] == "COMPLETE"
    assert len(collect(home.record, home.store, home.folder, Wanted(max_bytes=0), actor="ann").drops) == 2
    with home.record.read() as reader:
        numbers = stats(reader)
    assert (numbers.invalidated, numbers.dropped) == (1, 2)


def test_an_audit_and_its_mark(home: Home) -> None:
    found = audit(home.record, home.store, home.options, 1.0)
    assert [c.verdict for c in found.checked] == ["same"] * 3


def test_a_claim_is_held_once_whoever_asks(record_url: str, tmp_path: Path) -> None:
    with Record.open(record_url) as one, Record.open(record_url) as two:
        here, there = claims_of(one, tmp_path / "locks"), claims_of(two, tmp_path / "locks")
        claim = here.claim(DIGEST)
        assert claim is not None
        assert (here.claim(DIGEST), there.claim(DIGEST)) == (None, None)
        claim.release()
        again = there.claim(DIGEST)
        assert again is not None
        again.release()
        here.close()
        there.close()


@pytest.mark.postgres
def test_hosts_that_share_a_database_see_each_others_claims(fresh_postgres_url: str, tmp_path: Path) -> None:
    with Record.open(fresh_postgres_url) as one, Record.open(fresh_postgres_url) as two:
        here, there = claims_of(one, tmp_path / "a"), claims_of(two, tmp_path / "b")
        claim = here.claim(DIGEST)
        assert claim is not None
        assert there.claim(DIGEST) is None
        other = there.claim(of_bytes(b"other"))
        assert other is not None
        claim.release()
        again = there.claim(DIGEST)
        assert again is not None
        for held in (other, again):
            held.release()
        here.close()
        there.close()


@pytest.mark.postgres
def test_a_connection_that_was_cut_is_made_again(
    fresh_postgres_url: str, tmp_path: Path, run_sql: Callable[[str, str], None]
) -> None:
    with Record.open(fresh_postgres_url) as record:
        claims = claims_of(record, tmp_path)
        first = claims.claim(DIGEST)
        assert first is not None
        run_sql(
            fresh_postgres_url,
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        second = claims.claim(of_bytes(b"other"))
        assert second is not None
        second.release()
        first.release()
        claims.close()


_HOLDER = """
import sys, time
from pathlib import Path
from clew.executors.claims import claims_of
from clew.metadata.record import Record
record = Record.open(sys.argv[1])
claim = claims_of(record, Path(sys.argv[2])).claim(sys.argv[3])
print("held" if claim else "not held", flush=True)
time.sleep(300)
"""


@pytest.mark.postgres
def test_the_claim_of_a_host_that_died_is_taken_over(fresh_postgres_url: str, tmp_path: Path) -> None:
    arguments: list[Any] = [sys.executable, "-c", _HOLDER, fresh_postgres_url, tmp_path / "a", DIGEST]
    with (
        subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as holder,
        Record.open(fresh_postgres_url) as it,
    ):
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        claims = claims_of(it, tmp_path / "b")
        assert claims.claim(DIGEST) is None
        holder.kill()
        holder.wait()
        deadline = time.monotonic() + 10
        while (claim := claims.claim(DIGEST)) is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert claim is not None
        claim.release()
        claims.close()


@pytest.mark.postgres
def test_homes_that_share_a_database_reuse_files_both_can_read(
    fresh_postgres_url: str, tmp_path: Path, compiled: Path
) -> None:
    with Record.open(fresh_postgres_url) as record:

        def run(home: str) -> set[str]:
            folder = tmp_path / home
            options = RunOptions(home=folder, step_timeout_s=60)
            result = run_pipeline(record, LocalStore(folder / "blobs"), compiled / "words.yaml", {}, options=options)
            return {task.state for task in result.tasks}

        assert run("a") == {"COMPLETE"}
        assert run("b") == {"CACHED"}
