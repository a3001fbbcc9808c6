"""A store of ML Metadata moves in: nodes a second, without and with the proof.

    python benchmarks/mlmd_import.py [--quick] [--artifacts N] [--keep]

The store is written in SQL, shaped as pipelines leave one: a third as many executions as artifacts, a run for each
hundred of them, every execution with three outputs and two inputs, every node in its run, four properties a node.
It is moved by `clew import mlmd` into a fresh home; both are in .bench/mlmd-import, and so is the report.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from clew.collectors.mlmd.schema import INDEXES, NEWEST, TABLES, TYPE_KIND
from clew.metadata.types import SIMPLE_TYPES

HERE = Path(__file__).parent
BENCH = HERE.parent / ".bench" / "mlmd-import"
ARTIFACTS, QUICK = 300_000, 15_000
TARGET = 20_000
PIPELINES, EXECUTIONS_A_RUN = 10, 100
BEGAN_MS = 1_700_000_000_000
DATASET, MODEL, WORK, PIPELINE, RUN = range(10, 15)


def generate(path: Path, artifacts: int) -> int:
    """Write a store with so many artifacts; returns how many nodes it has."""
    path.unlink(missing_ok=True)
    executions = artifacts // 3
    runs = max(1, executions // EXECUTIONS_A_RUN)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for statement in TABLES:
        connection.execute(statement)
    connection.execute("INSERT INTO MLMDEnv VALUES (?)", (NEWEST,))
    _types(connection)
    _contexts(connection, runs)
    _artifacts(connection, artifacts)
    _executions(connection, executions)
    _edges(connection, artifacts, executions)
    for statement in INDEXES:
        connection.execute(statement)
    connection.execute("COMMIT")
    connection.close()
    return artifacts + executions + PIPELINES + runs


def _types(connection: sqlite3.Connection) -> None:
    names = [(name, TYPE_KIND[kind]) for kind, of in SIMPLE_TYPES for name in of]
    names += [("system.Dataset", 1), ("system.Model", 1), ("system.ContainerExecution", 0)]
    names += [("system.Pipeline", 2), ("system.PipelineRun", 2)]
    connection.executemany("INSERT INTO Type (name, type_kind) VALUES (?, ?)", names)
    properties = [(of, name, kind) for of in (DATASET, MODEL) for name, kind in (("span", 1), ("split", 3))]
    connection.executemany("INSERT INTO TypeProperty VALUES (?, ?, ?)", [*properties, (WORK, "kind", 3)])


def _each(connection: sqlite3.Connection, count: int, insert: str, select: str) -> None:
    """Insert a row for each number i from 1 to ``count``."""
    numbers = f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})"
    connection.execute(f"{numbers} INSERT INTO {insert} SELECT {select}")


def _contexts(connection: sqlite3.Connection, runs: int) -> None:
    columns = "Context (type_id, name, create_time_since_epoch, last_update_time_since_epoch)"
    times = f"{BEGAN_MS} + i, {BEGAN_MS} + i"
    _each(connection, PIPELINES, columns, f"{PIPELINE}, 'pipeline-' || i, {times} FROM n")
    _each(connection, runs, columns, f"{RUN}, 'run-' || i, {times} FROM n")
    _each(connection, runs, "ParentContext", f"i + {PIPELINES}, i % {PIPELINES} + 1 FROM n")


def _artifacts(connection: sqlite3.Connection, count: int) -> None:
    _each(
        connection,
        count,
        "Artifact (type_id, uri, state, name, create_time_since_epoch, last_update_time_since_epoch)",
        f"{DATASET} + i % 2, 's3://bucket/pipelines/run-' || (i / 300) || '/artifact-' || i, 2, "
        f"CASE WHEN i % 2 THEN 'artifact-' || i END, {BEGAN_MS} + i, {BEGAN_MS} + i + 5 FROM n",
    )
    _properties(
        connection,
        "Artifact",
        count,
        {
            "span": (0, "int", "i % 50"),
            "split": (0, "string", '\'["train", "eval"]\''),
            "display_name": (1, "string", "'artifact ' || i"),
            "accuracy": (1, "double", f"i / {count}.0"),
        },
    )


def _properties(
    connection: sqlite3.Connection, table: str, count: int, properties: dict[str, tuple[int, str, str]]
) -> None:
    """Name -> (is it custom, column, value); a node's lie together, as they come when it is put."""
    columns = ("int", "double", "string", "bool")
    selects = [
        f"SELECT i, '{name}', {is_custom}, {', '.join(value if c == column else 'NULL' for c in columns)} FROM n"
        for name, (is_custom, column, value) in properties.items()
    ]
    _each(
        connection,
        count,
        f"{table}Property ({table.lower()}_id, name, is_custom_property, {', '.join(f'{c}_value' for c in columns)})",
        f"* FROM ({' UNION ALL '.join(selects)}) ORDER BY 1",
    )


def _executions(connection: sqlite3.Connection, count: int) -> None:
    _each(
        connection,
        count,
        "Execution (type_id, last_known_state, name, create_time_since_epoch, last_update_time_since_epoch)",
        f"{WORK}, 3, 'execution-' || i, {BEGAN_MS} + i, {BEGAN_MS} + i + 9 FROM n",
    )
    _properties(
        connection,
        "Execution",
        count,
        {
            "kind": (0, "string", "'container'"),
            "pod_name": (1, "string", "'pod-' || i"),
            "parent_dag_id": (1, "int", "i / 10"),
            "cached": (1, "bool", "i % 2"),
        },
    )


def _edges(connection: sqlite3.Connection, artifacts: int, executions: int) -> None:
    inputs = (
        f"SELECT i, 3 * (i - back.value), 3, {BEGAN_MS} + i FROM n, json_each('[1, 2]') AS back WHERE i > back.value"
    )
    outputs = f"SELECT i, 3 * i - back.value, 4, {BEGAN_MS} + i FROM n, json_each('[2, 1, 0]') AS back"
    columns = "Event (execution_id, artifact_id, type, milliseconds_since_epoch)"
    _each(connection, executions, columns, f"* FROM ({inputs} UNION ALL {outputs}) ORDER BY 1, 3")
    connection.execute(
        "INSERT INTO EventPath SELECT id, 0, NULL, iif(type = 3, 'input', 'output') FROM Event "
        "UNION ALL SELECT id, 1, 0, NULL FROM Event ORDER BY 1, 2"
    )
    run_of = f"min((i - 1) / {{}}, {max(1, executions // EXECUTIONS_A_RUN) - 1}) + {PIPELINES + 1}"
    of_artifact, of_execution = run_of.format(3 * EXECUTIONS_A_RUN), run_of.format(EXECUTIONS_A_RUN)
    _each(connection, artifacts, "Attribution (context_id, artifact_id)", f"{of_artifact}, i FROM n")
    _each(connection, executions, "Association (context_id, execution_id)", f"{of_execution}, i FROM n")


def measure(artifacts: int) -> tuple[dict[str, float], dict[str, object]]:
    """Generate, move, prove; the figures, and the report of the command."""
    shutil.rmtree(BENCH, ignore_errors=True)
    BENCH.mkdir(parents=True)
    store = BENCH / "metadata.db"
    began = time.perf_counter()
    nodes = generate(store, artifacts)
    generated = time.perf_counter()
    clew = [sys.executable, "-m", "clew", "import", "mlmd", "--home", str(BENCH / "home"), "--json"]
    done = subprocess.run([*clew, "--from", f"sqlite:///{store}"], stdout=subprocess.PIPE, text=True)
    whole_s = time.perf_counter() - generated
    told = json.loads(done.stdout)
    assert done.returncode == 0, told
    figures = {
        "nodes": nodes,
        "generated_s": generated - began,
        "move_s": told["seconds"],
        "whole_s": whole_s,
        "move_nodes_s": nodes / told["seconds"],
        "whole_nodes_s": nodes / whole_s,
        "record_bytes_a_node": (BENCH / "home" / "record.db").stat().st_size / nodes,
    }
    return figures, told


def main() -> None:
    from report import Row, publish

    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} artifacts: a smoke test, nothing is kept")
    parser.add_argument("--artifacts", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="leave the store and the home")
    given = parser.parse_args()
    artifacts = given.artifacts or (QUICK if given.quick else ARTIFACTS)
    figures, told = measure(artifacts)
    rate, whole = figures["move_nodes_s"], figures["whole_nodes_s"]
    rows = [
        Row("moved, every batch durable; without the proof", f"{rate:,.0f} nodes/s", "the issue's limit",
            rate / TARGET, f">= {TARGET:,}/s", rate >= TARGET),
        Row("the whole command: start, move, proof, report", f"{whole:,.0f} nodes/s", "", None, "", True),
    ]  # fmt: skip
    proof = told["proof"]
    assert isinstance(proof, dict)
    differences = proof["difference_count"] + proof["lost_count"]
    rows.append(Row("proof: differences", str(differences), "0", None, "0", proof["ok"]))
    title = f"ML Metadata: a store of {artifacts:,} artifacts moves in ({figures['nodes']:,.0f} nodes)"
    keep = not given.quick and not given.artifacts
    details = {"figures": figures, "added": told["added"], "compared": proof["compared"]}
    reached = publish("mlmd_import", title, "python benchmarks/mlmd_import.py", rows, details, keep=keep)
    for line in proof["compared"]:
        print("  ".join(f"{key} {value}" for key, value in line.items() if value != ""))
    if not given.keep:
        shutil.rmtree(BENCH)
    sys.exit(0 if reached or given.quick else 1)


if __name__ == "__main__":
    main()
