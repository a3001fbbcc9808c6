"""Wall time of the shell's commands and of `import clew`: a home of a million edges, no server.

    python benchmarks/cli.py [--quick]

The home is filled straight into its tables (the log is left empty: nothing measured here reads it). Each command
runs as a shell runs it, a new process each time, bytecode compiled as pip compiles it; what is told is the median.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import lineage
from report import Row, publish

from clew.graph.protocol import Direction
from clew.graph.sql import SqlEngine
from clew.metadata.change import Change
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.store.columns import EVENT, NODE_TABLES
from clew.metadata.store.sqlite import connect

COMMAND = "python benchmarks/cli.py"
PYTHON = sys.executable
CLEW = Path(PYTHON).with_name("clew")
ARTIFACT_TYPES = {1: "Dataset", 2: "Examples", 3: "Model", 4: "Statistics", 10: "Metrics"}
CHUNK = 100_000


def main() -> int:
    """Measure, print, keep; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the edges, three runs each, nothing kept")
    parser.add_argument("--home", type=Path, help="keep the home here and use it again")
    args = parser.parse_args()
    edges, runs = (100_000, 3) if args.quick else (1_000_000, 15)
    with tempfile.TemporaryDirectory() as folder:
        home = args.home or Path(folder) / "home"
        if not (home / "record.db").exists():
            fill(home, edges)
        with Record.open(home) as record:
            seed, depth, nodes = thousand(record)
            with record.read() as reader:
                held = {kind.value: reader.count(kind) for kind in (Kind.ARTIFACT, Kind.EXECUTION)}
        return 0 if measure(home, (seed, depth, nodes), held, runs, keep=not args.quick) else 1


def measure(home: Path, walk: tuple[NodeRef, int, int], held: dict[str, int], runs: int, *, keep: bool) -> bool:
    """Every command against its limit."""
    seed, depth, nodes = walk
    at = ["--home", str(home)]
    trace = ["trace", str(seed), "--depth", str(depth), "--max-nodes", "2000"]
    clew: dict[str, tuple[list[str], float]] = {
        "clew --help": (["--help"], 0.250),
        "clew ls artifacts": (["ls", "artifacts", *at], 0.4),
        "clew ls executions --type Step --json": (["ls", "executions", "--type", "Step", "--json", *at], 0.4),
        "clew ls artifacts --where": (["ls", "artifacts", "--where", "type = 'Model'", *at], 0.4),
        "clew show ID": (["show", str(seed), *at], 0.4),
        f"clew trace ID, {nodes:,} nodes": ([*trace, *at], 0.4),
        f"clew trace ID --json, {nodes:,} nodes": ([*trace, "--json", *at], 0.4),
        "clew impact ID --depth 8": (["impact", str(seed), "--depth", "8", *at], 0.4),
    }
    commands = {"python": [PYTHON, "-c", "pass"], "import": [PYTHON, "-c", "import clew"]}
    commands |= {what: [str(CLEW), *arguments] for what, (arguments, _) in clew.items()}
    took = rounds(commands, runs)
    importing = statistics.median(b[0] - a[0] for a, b in zip(took["python"], took["import"], strict=True))
    rows = [row("import clew, beyond a bare Python", importing, 0.060)]
    rows += [row(what, statistics.median(wall for wall, _ in took[what]), limit) for what, (_, limit) in clew.items()]
    details = {
        "held": held,
        "trace": {"nodes": nodes, "depth": depth},
        "cpu_ms": {what: round(statistics.median(cpu for _, cpu in times) * 1e3) for what, times in took.items()},
    }
    return publish(
        "cli", f"The command line on a home of {sum(held.values()):,} nodes", COMMAND, rows, details, keep=keep
    )


def row(what: str, seconds: float, limit: float) -> Row:
    """One time against its limit."""
    return Row(what, f"{seconds * 1e3:.0f} ms", f"limit: {limit * 1e3:.0f} ms", None, "<= limit", seconds <= limit)


def rounds(commands: dict[str, list[str]], runs: int) -> dict[str, list[tuple[float, float]]]:
    """(wall, processor) seconds of each command, by turns, so that a busy minute strikes all of them alike.

    The first round, which compiles bytecode and warms the caches of the disk, does not count.
    """
    environ = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE" and not k.startswith("CLEW_")}
    took: dict[str, list[tuple[float, float]]] = {what: [] for what in commands}
    for _ in range(runs + 1):
        for what, command in commands.items():
            before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
            wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
            took[what].append((wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return {what: times[1:] for what, times in took.items()}


def thousand(record: Record) -> tuple[NodeRef, int, int]:
    """An artifact, and the depth at which about a thousand nodes it was made from are reached; and how many."""
    engine = SqlEngine(record)
    with record.read() as reader:
        models = reader.artifacts(type="Model", descending=True, limit=40).items
    best = (models[0].ref, 0, 0)
    for model in models:
        for depth in range(4, 400, 12):
            counts = engine.counts([model.ref], Direction.UP, depth=depth)
            nodes = counts.artifacts + counts.executions
            if abs(nodes - 1000) < abs(best[2] - 1000):
                best = (model.ref, depth, nodes)
            if nodes > 1000 or not counts.partial:
                break
        if 900 <= best[2] <= 1100:
            break
    return best


def fill(home: Path, edges: int) -> None:
    """A record of about ``edges`` events."""
    made = lineage.generate(edges)
    with Record.open(home) as record:
        change = Change()
        puts = {n: change.type(NodeType(Kind.ARTIFACT, name)) for n, name in ARTIFACT_TYPES.items()}
        step = change.type(NodeType(Kind.EXECUTION, "Step"))
        receipt = record.commit(change)
        types = {number: receipt.id(put) for number, put in puts.items()}
        step_type = receipt.id(step)
    connection = connect(home / "record.db")
    insert(connection, "artifact", NODE_TABLES["artifact"], artifacts(made, types))
    insert(connection, "execution", NODE_TABLES["execution"], executions(made, step_type))
    insert(connection, "event", EVENT, events(made))
    connection.execute(
        "UPDATE head SET next_artifact = ?, next_execution = ? WHERE id = 1", (made.artifacts + 1, made.executions + 1)
    )
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()


def insert(connection: Any, table: str, columns: Sequence[str], rows: Iterator[dict[str, Any]]) -> None:
    """Rows into a table, a chunk a transaction."""
    sql = f"INSERT INTO {table}({','.join(columns)}) VALUES ({','.join('?' * len(columns))})"
    while chunk := [tuple(row.get(c) for c in columns) for _, row in zip(range(CHUNK), rows, strict=False)]:
        connection.execute("BEGIN")
        connection.executemany(sql, chunk)
        connection.execute("COMMIT")


def artifacts(made: lineage.Lineage, types: dict[int, int]) -> Iterator[dict[str, Any]]:
    """Rows of artifacts, as a pipeline leaves them."""
    for i, kind in enumerate(made.artifact_types.tolist()):
        uri = f"s3://lake/{ARTIFACT_TYPES[kind].lower()}/{i:07d}"
        yield {
            "id": i + 1, "type_id": types[kind], "namespace": "default", "uri": uri, "location": uri, "state": 2,
            "digest": f"sha256:{i:064x}", "size_bytes": i, "properties": None,
            "custom_properties": f'{{"display_name":"output-{i % 7}","accuracy":0.{i % 1000:03d},"rows":{i}}}',
            "created_ms": lineage.START_MS + i, "updated_ms": lineage.START_MS + i, "created_seq": 1, "updated_seq": 1,
        }  # fmt: skip


def executions(made: lineage.Lineage, type_id: int) -> Iterator[dict[str, Any]]:
    """Rows of executions."""
    for i in range(made.executions):
        at = lineage.START_MS + i
        yield {
            "id": i + 1, "type_id": type_id, "namespace": "default", "state": 3, "fingerprint": f"sha256:{i:064x}",
            "started_ms": at, "ended_ms": at + 1000 + i % 9000, "properties": None,
            "custom_properties": f'{{"display_name":"step-{i % 12}","task_name":"step-{i % 12}","seed":{i}}}',
            "created_ms": at, "updated_ms": at, "created_seq": 1, "updated_seq": 1,
        }  # fmt: skip


def events(made: lineage.Lineage) -> Iterator[dict[str, Any]]:
    """Rows of events, in the order of their key."""
    columns = (made.event_execution.tolist(), made.event_type.tolist(), made.event_artifact.tolist())
    for execution, kind, artifact in zip(*columns, strict=True):
        yield {
            "execution_id": execution, "type": kind, "artifact_id": artifact, "path": '["data"]',
            "time_ms": lineage.START_MS + execution, "created_seq": 1, "place": 0,
        }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
