"""MLflow's protocol: the same requests to Clew and to ``mlflow server`` over SQLite, by turns, on one disk.

    python benchmarks/mlflow_http.py [--quick] [--runs N] [--points N] [--seconds S]

Both servers are asked over HTTP by one client that keeps its connection. Before the searches, both stores are filled
alike, straight into their tables (100,000 runs with 3 metrics, 3 parameters and a name; --quick 5,000), and one
metric's history in ours (1,000,000 points; --quick 100,000). Rates are medians of rounds A, B, A, B.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import report

HERE = Path(__file__).parent
BENCH = HERE.parent / ".bench" / "mlflow-http"
PEER = HERE.parent / ".bench" / "mlflow-3.17"
API = "/api/2.0/mlflow/"
SERVE = """
import sys
from pathlib import Path
import uvicorn
from clew.api.app import create_app
from clew.settings import Settings
from clew.wiring import Home
home = Home(Settings(home=Path(sys.argv[1])), create=True)
uvicorn.run(create_app(home.services()), port=int(sys.argv[2]), log_level="warning", access_log=False)
"""
ROUNDS = 4


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke test, not a measurement")
    parser.add_argument("--runs", type=int, default=0, metavar="N")
    parser.add_argument("--points", type=int, default=0, metavar="N")
    parser.add_argument("--seconds", type=float, default=0, metavar="S")
    args = parser.parse_args()
    runs = args.runs or (5_000 if args.quick else 100_000)
    points = args.points or (100_000 if args.quick else 1_000_000)
    seconds = args.seconds or (0.5 if args.quick else 2.0)
    shutil.rmtree(BENCH, ignore_errors=True)
    BENCH.mkdir(parents=True)
    ours, theirs = [sys.executable, "-c", SERVE, str(BENCH / "home")], peer_command(BENCH / "peer.db")
    # Started once, so that both have their tables; then filled, and started again.
    for command in (ours, theirs):
        with serving(command) as client:
            post(client, "experiments/search", {"max_results": 1})
    fill_ours(BENCH / "home" / "tracking.db", runs, points)
    fill_theirs(BENCH / "peer.db", runs)
    with serving(ours) as one, serving(theirs) as other:
        rows = [
            report.at_least(what, *by_turns(work, one, other, seconds), factor=factor, unit=unit)
            for what, work, factor, unit in WORKS
        ]
        took = history(one)
    rows.append(
        report.Row(
            f"history of {points:,} points, thinned to 2,000",
            f"{took:,.0f} ms",
            "limit",
            None,
            "<= 100 ms",
            took <= 100,
        )
    )
    command = "python benchmarks/mlflow_http.py" + (" --quick" if args.quick else "")
    ok = report.publish(
        "mlflow_http",
        f"MLflow's protocol, {runs:,} runs",
        command,
        rows,
        {"runs": runs, "points": points},
        keep=not args.quick,
    )
    return 0 if ok else 1


def peer_command(database: Path) -> list[str]:
    """How a real server is started. Its environment is the one the tests make."""
    python = PEER / "bin" / "python"
    if not python.exists():
        sys.exit("mlflow is missing: run `pytest tests/api/mlflow/test_mlflow_differential.py` once, which installs it")
    return [
        str(python),
        "-m",
        "mlflow",
        "server",
        "--backend-store-uri",
        f"sqlite:///{database}",
        "--workers",
        "1",
        "--port",
    ]


@contextmanager
def serving(command: list[str]) -> Iterator[httpx.Client]:
    """A server on a free port, and a client of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with (BENCH / "log").open("ab") as log:
        server = subprocess.Popen([*command, str(port)], stdout=log, stderr=log, cwd=BENCH, env=quiet)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=300) as client:
            deadline = time.monotonic() + 90
            while True:
                try:
                    if client.get("/health").status_code == 200:
                        break
                except httpx.TransportError:
                    if time.monotonic() > deadline or server.poll() is not None:
                        raise
                    time.sleep(0.1)
            yield client
    finally:
        server.terminate()
        server.wait(30)


def post(client: httpx.Client, name: str, body: dict[str, Any]) -> dict[str, Any]:
    """Call an endpoint."""
    answer = client.post(API + name, content=json.dumps(body), headers={"content-type": "application/json"})
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def start(client: httpx.Client) -> str:
    """A run to log to."""
    body = {"experiment_id": "0", "start_time": 1, "run_name": "bench"}
    return str(post(client, "runs/create", body)["run"]["info"]["run_id"])


def log_batch(client: httpx.Client, run: str, number: int) -> None:
    """A thousand points of ten metrics."""
    at = number * 100
    points = [{"key": f"m{n % 10}", "value": n * 0.5, "timestamp": at + n, "step": at + n // 10} for n in range(1000)]
    post(client, "runs/log-batch", {"run_id": run, "metrics": points})


def log_metric(client: httpx.Client, run: str, number: int) -> None:
    """One point."""
    post(client, "runs/log-metric", {"run_id": run, "key": "loss", "value": 0.5, "timestamp": number, "step": number})


def whole_run(client: httpx.Client, _: str, number: int) -> None:
    """A run with ten parameters and ten metrics, from its start to its end."""
    run = start(client)
    params = [{"key": f"p{n}", "value": str(n)} for n in range(10)]
    post(client, "runs/log-batch", {"run_id": run, "params": params})
    metrics = [{"key": f"m{n}", "value": float(n), "timestamp": 1, "step": 0} for n in range(10)]
    post(client, "runs/log-batch", {"run_id": run, "metrics": metrics})
    post(client, "runs/update", {"run_id": run, "status": "FINISHED", "end_time": 2})


def search(client: httpx.Client, _: str, number: int) -> None:
    """The first hundred by a metric, of those that a metric and a parameter select."""
    body = {
        "experiment_ids": ["1"],
        "filter": f"metrics.m0 > 0.{number % 5 + 1} AND params.p0 = '{number % 10}'",
        "order_by": ["metrics.m1 DESC"],
        "max_results": 100,
    }
    found = post(client, "runs/search", body)
    assert len(found["runs"]) == 100, len(found["runs"])


def search_newest(client: httpx.Client, _: str, number: int) -> None:
    """The same, the newest first."""
    body = {"experiment_ids": ["1"], "filter": f"metrics.m0 > 0.5 AND params.p0 = '{number % 10}'", "max_results": 100}
    post(client, "runs/search", body)


Work = Callable[[httpx.Client, str, int], None]
WORKS: tuple[tuple[str, Work, float, str], ...] = (
    ("log_batch of 1,000 metrics", log_batch, 5.0, "calls/s"),
    ("log_metric, one by one", log_metric, 2.0, "calls/s"),
    ("a run with 10 parameters and 10 metrics", whole_run, 3.0, "runs/s"),
    ("search by a metric and a parameter, ordered by a metric, first 100", search, 10.0, "calls/s"),
    ("search by a metric and a parameter, newest first, first 100", search_newest, 10.0, "calls/s"),
)


def by_turns(work: Work, one: httpx.Client, other: httpx.Client, seconds: float) -> tuple[float, str, float]:
    """Calls a second of ours, the peer's name, and its rate."""
    runs = {id(client): start(client) for client in (one, other)}
    rates: dict[int, list[float]] = {id(one): [], id(other): []}
    numbers = {id(one): 0, id(other): 0}
    for turn in range(ROUNDS):
        client = (one, other)[turn % 2]
        key, began, done = id(client), time.perf_counter(), 0
        while time.perf_counter() - began < seconds or not done:
            work(client, runs[key], numbers[key])
            numbers[key] += 1
            done += 1
        rates[key].append(done / (time.perf_counter() - began))
    return statistics.median(rates[id(one)]), "mlflow server", statistics.median(rates[id(other)])


def history(client: httpx.Client) -> float:
    """Milliseconds that a history takes, the median of five."""
    took = []
    for _ in range(5):
        began = time.perf_counter()
        query: dict[str, Any] = {"run_ids": f"{0:032x}", "metric_key": "long", "max_results": 2000}
        found = client.get(API + "metrics/get-history-bulk-interval", params=query).json()
        assert len(found["metrics"]) == 2000
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def values(runs: int) -> Iterator[tuple[int, str, list[float]]]:
    """Number, id and three metrics of each run, the same for both."""
    chance = random.Random(7)
    for number in range(runs):
        yield number, f"{number:032x}", [chance.random() for _ in range(3)]


def fill_ours(path: Path, runs: int, points: int) -> None:
    """Straight into the tables."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute("INSERT INTO ml_experiment VALUES (1, 'default', 'many', 'mlflow-artifacts:/1', 'active', 1, 1, 0)")
    for number, run, metrics in values(runs):
        n = number + 1_000_000
        db.execute(
            "INSERT INTO ml_run VALUES (?, ?, 1, ?, 'u', 'FINISHED', ?, ?, 'mlflow-artifacts:/1/x', 'active', 0)",
            (n, run, f"r{number}", number, number + 1),
        )
        db.execute("INSERT INTO ml_tag VALUES (?, 'mlflow.runName', ?)", (n, f"r{number}"))
        db.executemany("INSERT INTO ml_param VALUES (?, ?, ?)", [(n, f"p{i}", str(number % 10 + i)) for i in range(3)])
        db.executemany(
            "INSERT INTO ml_latest VALUES (?, ?, ?, 0, 1, 0)", [(n, f"m{i}", v) for i, v in enumerate(metrics)]
        )
    db.execute("INSERT INTO ml_metric VALUES (1000, 'long')")
    rows = ((1_000_000, 1000, i, 1_700_000_000_000 + i, i * 0.5) for i in range(points))
    db.executemany("INSERT INTO ml_point VALUES (?, ?, ?, ?, ?, 0)", rows)
    db.commit()
    db.close()


def fill_theirs(path: Path, runs: int) -> None:
    """The same into MLflow's."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA synchronous = OFF")
    db.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, "
        "last_update_time, workspace) VALUES (1, 'many', 'mlflow-artifacts:/1', 'active', 1, 1, 'default')"
    )
    for number, run, metrics in values(runs):
        db.execute(
            "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage, "
            "artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', 'u', 'FINISHED', ?, ?, 'active', "
            "'mlflow-artifacts:/1/x', 1)",
            (run, f"r{number}", number, number + 1),
        )
        db.execute("INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)", (f"r{number}", run))
        params = [(f"p{i}", str(number % 10 + i), run) for i in range(3)]
        db.executemany("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)", params)
        db.executemany(
            "INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, 1, 0, 0, ?)",
            [(f"m{i}", v, run) for i, v in enumerate(metrics)],
        )
    db.commit()
    db.close()


if __name__ == "__main__":
    sys.exit(main())
