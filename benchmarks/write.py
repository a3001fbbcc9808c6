"""Write throughput against ml-metadata, the C limit and pgbench: peers and us in turn, on one disk, medians.

    python benchmarks/write.py [--quick] [--rounds N] [--only sqlite|postgres] [--fresh]

The unit of work is one pipeline step: 1 execution, 2 new artifacts, 3 input and 2 output events, 1 context (association
and 2 attributions), 10 properties; durable when acknowledged. SQLite files are preloaded to a million events and kept
in .bench/write for the next time; ``--fresh`` makes them again. Exits 1 when a target is missed
(never with ``--quick``).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import postgres_cluster
import report

HERE = Path(__file__).parent
BENCH = HERE.parent / ".bench" / "write"
MLMD = "ml-metadata==1.17.1"
PRELOAD_STEPS = 200_000
Series = dict[str, Callable[[], dict[str, float]]]


def main() -> int:
    """Prepare the peers, measure in rounds, publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke test, not a measurement")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", choices=["sqlite", "postgres"])
    parser.add_argument("--fresh", action="store_true", help="preload the SQLite files again")
    args = parser.parse_args()
    scale = 0.1 if args.quick else 1.0
    rounds = args.rounds or (2 if args.quick else 5)
    folder = BENCH.with_name("write-quick") if args.quick else BENCH
    if args.fresh or args.quick:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)

    told: dict[str, list[dict[str, float]]] = {}
    if args.only != "postgres":
        told |= _rounds(sqlite_series(folder, scale), rounds)
    if args.only != "sqlite":
        with postgres_cluster.running() as cluster:
            told |= _rounds(postgres_series(cluster, folder, scale), rounds)
    medians = {name: statistics.median(run["steps_per_s"] for run in runs) for name, runs in told.items()}
    command = "python benchmarks/write.py" + "".join(f" {word}" for word in sys.argv[1:])
    complete = not (args.quick or args.only)
    title = "Write throughput" + (" (quick: not a measurement)" if args.quick else "")
    passed = report.publish("write", title, command, rows(medians), {"runs": told}, keep=complete)
    return 0 if passed or args.quick else 1


def rows(median: dict[str, float]) -> list[report.Row]:
    """The targets of the issue, for the series that ran."""
    table = []
    if "ours one" in median:
        one, many, bulk = median["ours one"], median["ours threads"], median["ours bulk"]
        several = max(("mlmd WAL", "mlmd WAL 2 processes", "mlmd WAL 4 processes"), key=median.__getitem__)
        what = "SQLite, 1 caller"
        table += [
            report.at_least(what, one, "ml-metadata as shipped", median["mlmd"], 3),
            report.at_least(what, one, "ml-metadata in WAL", median["mlmd WAL"], 1.5),
            report.at_least(what, one, "C limit, batch 1", median["C 1"], 0.6),
        ]
        what = "SQLite, 64 callers"
        table += [
            report.at_least(what, many, f"ml-metadata's best ({several.removeprefix('mlmd ')})", median[several], 6),
            report.at_least(what, many, "C limit, batch 64", median["C 64"], 0.4),
        ]
        what = "SQLite, 64 steps a change"
        table += [
            report.at_least(what, bulk, "put_lineage_subgraph, WAL, 64 steps a call", median["mlmd subgraph"], 2),
            report.at_least(what, bulk, "C limit, batch 64", median["C 64"], 0.5),
        ]
    if "ours PG one" in median:
        one, many = median["ours PG one"], median["ours PG threads"]
        table += [
            report.at_least("PostgreSQL, 1 caller", one, "pgbench, 1 client", median["pgbench 1"], 0.6),
            report.at_least("PostgreSQL, 64 callers", many, "pgbench, 16 clients", median["pgbench 16"], 1.5),
        ]
    return table


def sqlite_series(folder: Path, scale: float) -> Series:
    """Every SQLite measurement by name, in the order of a round; files are made and preloaded here."""
    python, limit = _mlmd_python(), _compile_limit(folder)
    ours, peer, c = folder / "ours.db", folder / "mlmd.db", folder / "c.db"
    preload = int(PRELOAD_STEPS * scale * (0.1 if scale < 1 else 1))
    if not ours.exists():
        _say(f"preloading our file with {preload:,} steps")
        _json([sys.executable, HERE / "write_ours.py", f"sqlite:///{ours}", "one", "1", "--preload", preload])
    if not peer.exists():
        _say(f"preloading ml-metadata's file with {preload:,} steps")
        _json([python, HERE / "peers/mlmd_write.py", peer, "put", "1", "--preload", preload])
    if not c.exists():
        _say(f"preloading the C limit's file with {preload:,} steps")
        _json([limit, c, "FULL", "64", "1", preload])

    def mlmd(mode: str, steps: int, *options: object) -> Callable[[], dict[str, float]]:
        return lambda: _json([python, HERE / "peers/mlmd_write.py", peer, mode, int(steps * scale), *options])

    def c_limit(batch: int, steps: int) -> Callable[[], dict[str, float]]:
        return lambda: _json([limit, c, "FULL", batch, int(steps * scale)])

    def clew(mode: str, steps: int) -> Callable[[], dict[str, float]]:
        return lambda: _json([sys.executable, HERE / "write_ours.py", f"sqlite:///{ours}", mode, int(steps * scale)])

    return {
        "mlmd": mlmd("put", 400),
        "ours one": clew("one", 3000),
        "mlmd WAL": mlmd("put", 800, "--wal"),
        "C 1": c_limit(1, 3000),
        "mlmd WAL 2 processes": mlmd("put", 300, "--wal", "--processes", 2),
        "ours threads": clew("threads", 12_800),
        "mlmd WAL 4 processes": mlmd("put", 120, "--wal", "--processes", 4),
        "C 64": c_limit(64, 12_800),
        "mlmd subgraph": mlmd("subgraph", 3200, "--wal"),
        "ours bulk": clew("bulk", 12_800),
    }


def postgres_series(cluster: Any, folder: Path, scale: float) -> Series:
    """Every PostgreSQL measurement by name; one cluster, synchronous_commit on."""
    peer_url = cluster.create_database("peer")
    script = folder / "publish.sql"
    script.write_text("SELECT publish_step();\n")
    subprocess.run(
        [cluster.bin / "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", HERE / "peers/postgres_unit.sql", peer_url],
        check=True, env=cluster.environment,
    )  # fmt: skip
    url = cluster.create_database("ours")

    def pgbench(clients: int) -> Callable[[], dict[str, float]]:
        seconds = max(2, int(6 * scale))
        command = [
            cluster.bin / "pgbench", "-n", "-M", "prepared", "-c", clients, "-j", 1, "-T", seconds,
            "-f", script, peer_url,
        ]  # fmt: skip
        return lambda: _pgbench([str(word) for word in command], cluster.environment)

    def clew(mode: str, steps: int) -> Callable[[], dict[str, float]]:
        return lambda: _json([sys.executable, HERE / "write_ours.py", url, mode, int(steps * scale)])

    return {
        "pgbench 1": pgbench(1),
        "ours PG one": clew("one", 4000),
        "pgbench 16": pgbench(16),
        "ours PG threads": clew("threads", 25_600),
    }


def _rounds(series: Series, rounds: int) -> dict[str, list[dict[str, float]]]:
    told: dict[str, list[dict[str, float]]] = {name: [] for name in series}
    for turn in range(rounds):
        for name, measure in series.items():
            told[name].append(measure())
            _say(f"round {turn + 1}/{rounds}  {name}: {told[name][-1]['steps_per_s']:,.0f} steps/s")
    return told


def _mlmd_python() -> Path:
    """The interpreter of a venv that holds ml-metadata; made when missing."""
    venv = BENCH.parent / "mlmd"
    python = venv / "bin/python"
    if not python.exists():
        uv = shutil.which("uv", path=f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}")
        if uv is None:
            raise SystemExit("uv is missing: run `make setup`")
        _say(f"making a venv for {MLMD}")
        subprocess.run([uv, "venv", "--quiet", "--python", "3.11", str(venv)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), MLMD], check=True)
    return python


def _compile_limit(folder: Path) -> Path:
    program = folder / "sqlite_limit"
    source = HERE / "peers/sqlite_limit.c"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        done = subprocess.run(
            ["cc", "-O2", str(source), "-lsqlite3", "-o", str(program)], capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"the C limit needs a C compiler and libsqlite3-dev: {done.stderr[-300:]}")
    return program


def _json(command: list[object]) -> dict[str, float]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode or not done.stdout.strip():
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def _pgbench(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    tps = next(line for line in done.stdout.splitlines() if line.startswith("tps"))
    return {"steps_per_s": float(tps.split()[2])}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
