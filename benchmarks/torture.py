"""Crash safety, shown: kill writers and servers at random moments, fill disks, and compare what is left.

    python benchmarks/torture.py [--kills N] [--server-kills N] [--resume-kills N] [--seed S] [--only NAME ...]
                                 [--quick]

Scenarios: ``sqlite`` (a writer of eight threads is killed with SIGKILL, 200 times), ``postgres`` (the server with every
one of its processes, 5 times), ``shared`` (two processes write one home, one of them is killed), ``disk`` (a small file
system fills up), ``pipeline`` (a run is killed amid its steps and started again), ``resume`` (a run is killed at random
moments and resumed, 200 times). Prints what was counted; exits 1 on any difference. Takes about twelve minutes; ends
only what it started.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import postgres_cluster
from rich.console import Console
from rich.table import Table
from torture_check import Tally, check, compare_engines, read_notes
from torture_disk import fill_the_disk
from torture_resume import kill_resumed
from torture_run import kill_pipelines
from torture_writer import seed

from clew.graph.embedded.engine import EmbeddedEngine
from clew.metadata.record import Record

HERE = Path(__file__).parent
KILLS_A_HOME = 10
THREADS = 8


class Writer:
    """A writing process; it goes when this object does."""

    def __init__(self, url: str, notes: Path, tag: str, graph: Path | None = None, threads: int = THREADS) -> None:
        command = [sys.executable, str(HERE / "torture_writer.py"), url, str(notes), tag, str(threads)]
        self.process = subprocess.Popen(
            command + ([str(graph)] if graph else []), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit("the writer did not start")

    def kill(self) -> None:
        """SIGKILL: it may finish nothing."""
        self.process.kill()
        self.process.wait()
        self._close()

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        code = self.process.wait(60)
        self._close()
        return code

    def _close(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(BrokenPipeError):
                    stream.close()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


def kill_writers(folder: Path, kills: int, rng: random.Random) -> Tally:
    """SQLite: kill the writer, open the record, compare; again on the same home, then on the next."""
    total = Tally()
    for first in range(0, kills, KILLS_A_HOME):
        home = folder / f"home{first}"
        with Record.open(home) as record:
            seed(record)
            followed = EmbeddedEngine(record, None)
            tally = Tally()
            for n in range(min(KILLS_A_HOME, kills - first)):
                graph = home / "graph" if n % 3 == 0 else None
                with Writer(f"sqlite:///{home}/record.db", home / "notes", f"w{n}", graph) as writer:
                    time.sleep(rng.uniform(0.0, 0.4))
                    writer.kill()
                _check_after_a_kill(home, tally, followed, rng)
                tally.rounds += 1
            followed.close()
        total.add(tally)
        shutil.rmtree(home)
        _say(f"sqlite: {total.rounds} of {kills} kills, {total.changes:,} changes, {total.differences} differences")
    return total


def _check_after_a_kill(home: Path, tally: Tally, followed: EmbeddedEngine, rng: random.Random) -> None:
    with Record.open(home) as reopened:
        check(reopened, home / "notes", tally)
        from_snapshot = EmbeddedEngine(reopened, home / "graph")
        compare_engines(reopened, [followed, from_snapshot], tally, rng)
        from_snapshot.close()


def kill_servers(folder: Path, kills: int, rng: random.Random) -> Tally:
    """PostgreSQL: kill the server under a writer that says what was not answered again, and let it recover."""
    tally = Tally()
    with postgres_cluster.running() as cluster:
        url = cluster.create_database("torture")
        with Record.open(url) as record:
            seed(record)
        notes = folder / "notes"
        with Writer(url, notes, "pg") as writer:
            for _ in range(kills):
                time.sleep(rng.uniform(0.5, 1.5))
                cluster.kill()
                cluster.start()
                _wait_for_progress(notes)
                tally.rounds += 1
                with Record.open(url) as record:
                    check(record, notes, now := Tally(), say_again=False)
                tally.other += now.differences
                tally.told += now.told
                _say(f"postgres: {tally.rounds} of {kills} kills, {now.changes:,} changes")
            if writer.stop():
                tally.note("other", "the writer did not end well")
        with Record.open(url) as record:
            check(record, notes, tally)
            followed = EmbeddedEngine(record, None)
            compare_engines(record, [followed], tally, rng)
            followed.close()
    return tally


def _wait_for_progress(notes: Path, more: int = 50, timeout_s: float = 60) -> None:
    before, deadline = len(read_notes(notes)[0]), time.monotonic() + timeout_s
    while len(read_notes(notes)[0]) < before + more:
        if time.monotonic() > deadline:
            raise SystemExit("the writer made no progress after the server came back")
        time.sleep(0.05)


def share_a_home(folder: Path, rounds: int, rng: random.Random) -> Tally:
    """SQLite: two processes write one home; one is killed, the other goes on."""
    total, home = Tally(), folder / "home"
    with Record.open(home) as record:
        seed(record)
    url, notes = f"sqlite:///{home}/record.db", home / "notes"
    for n in range(rounds):
        with Writer(url, notes, f"a{n}", threads=3) as stays, Writer(url, notes, f"b{n}", home / "graph", 3) as dies:
            time.sleep(rng.uniform(0.1, 0.4))
            dies.kill()
            time.sleep(rng.uniform(0.1, 0.3))
            if stays.stop():
                total.note("other", "the writer that was left alone did not end well")
        with Record.open(home) as record:
            check(record, notes, total)
            engine = EmbeddedEngine(record, home / "graph")
            compare_engines(record, [engine], total, rng)
            engine.close()
        total.rounds += 1
    return total


def main() -> int:
    """Run the scenarios and print what was counted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="writers killed on SQLite")
    parser.add_argument("--server-kills", type=int, default=5, help="servers killed on PostgreSQL")
    parser.add_argument("--resume-kills", type=int, default=200, help="runs killed and resumed")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    parser.add_argument("--only", nargs="+", choices=["sqlite", "postgres", "shared", "disk", "pipeline", "resume"])
    args = parser.parse_args()
    kills, servers = (max(1, args.kills // 10), max(1, args.server_kills // 5)) if args.quick else (
        args.kills, args.server_kills)  # fmt: skip
    resumes = max(5, args.resume_kills // 10) if args.quick else args.resume_kills
    start = args.seed if args.seed is not None else random.SystemRandom().randrange(2**32)
    rng = random.Random(start)
    scenarios: dict[str, tuple[str, Callable[[Path], Tally]]] = {
        "sqlite": ("SQLite: the writer killed", lambda f: kill_writers(f, kills, rng)),
        "postgres": ("PostgreSQL: the server killed", lambda f: kill_servers(f, servers, rng)),
        "shared": ("SQLite: one of two writers killed", lambda f: share_a_home(f, 2 if args.quick else 10, rng)),
        "disk": ("SQLite: the disk full", lambda f: fill_the_disk(f, 1 if args.quick else 5)),
        "pipeline": ("clew run: killed and started again", lambda f: kill_pipelines(f, 1 if args.quick else 6, rng)),
        "resume": ("clew run: killed and resumed", lambda f: kill_resumed(f, resumes, rng)),
    }
    results: dict[str, Tally | str] = {}
    for name in args.only or scenarios:
        title, scenario = scenarios[name]
        folder = Path(tempfile.mkdtemp(prefix=f"clew-torture-{name}-"))
        try:
            results[title] = scenario(folder)
        except (postgres_cluster.PostgresMissing, PermissionError) as error:
            results[title] = str(error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return _print(results, start)


def _print(results: dict[str, Tally | str], start: int) -> int:
    table = Table(title=f"make torture, seed {start}")
    columns = (
        "rounds", "changes", "acknowledged", "in_flight_kept", "in_flight_gone", "said_again",
        "lost", "half", "twice", "misplaced", "gaps", "replay", "engine", "other",
    )  # fmt: skip
    table.add_column("scenario")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    wrong = 0
    for title, tally in results.items():
        if isinstance(tally, str):
            table.add_row(title, f"not run: {tally}")
            continue
        wrong += tally.differences
        table.add_row(title, *(f"{getattr(tally, column):,}" for column in columns))
    console = Console(width=None if os.isatty(1) else 180)
    console.print(table)
    for tally in results.values():
        for line in [] if isinstance(tally, str) else tally.told:
            console.print(line, markup=False)
    console.print(f"{wrong} differences" if wrong else "zero differences")
    return 1 if wrong else 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
