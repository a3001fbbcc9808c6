"""OpenLineage events a second, each durable before it is answered: single POSTs by 8 clients, and batches of 500.

    python benchmarks/openlineage.py [--seconds 10]

Server and clients are processes of this machine. A run is a START and a COMPLETE of one of 50 jobs with an input, an
output, their schemas and a column lineage.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import report

CLIENTS, BATCH, JOBS = 8, 500, 50
TARGETS = {"single": 1500, "batch": 8000}
WHAT = {"single": f"events posted singly by {CLIENTS} clients", "batch": f"events in batches of {BATCH}"}
START = datetime(2026, 1, 1, tzinfo=UTC)


def run_events(number: int) -> list[dict[str, Any]]:
    job = number % JOBS
    fields = [{"name": f"column_{n}", "type": "bigint"} for n in range(10)]
    source = {"namespace": "s3://lake", "name": f"raw/{job}"}
    told = {f["name"]: {"inputFields": [{**source, "field": f["name"]}]} for f in fields}
    out = {"schema": {"fields": fields}, "columnLineage": {"fields": told}}
    run, began = str(uuid.uuid4()), START + timedelta(seconds=number)

    def event(state: str, at: datetime, outputs: list[Any]) -> dict[str, Any]:
        return {
            "eventType": state, "eventTime": at.isoformat(), "producer": "https://example.org/bench",
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": run, "facets": {"nominalTime": {"nominalStartTime": START.isoformat()}}},
            "job": {"namespace": "bench", "name": f"job_{job}", "facets": {}},
            "inputs": [{**source, "facets": {"schema": {"fields": fields}}}], "outputs": outputs,
        }  # fmt: skip

    written = {"namespace": "s3://lake", "name": f"clean/{job}", "facets": out}
    return [event("START", began, []), event("COMPLETE", began + timedelta(milliseconds=900), [written])]


def send(port: int, path: str, first: int, seconds: float, size: int, sent: Any) -> None:
    connection, number, count = http.client.HTTPConnection("127.0.0.1", port), first, 0
    bodies: list[bytes] = []
    made = 0
    while made < (3000 if size == 1 else 40):  # made before the clock starts
        events = [event for n in range(number, number + max(1, size // 2)) for event in run_events(n)]
        bodies += [orjson.dumps(event) for event in events] if size == 1 else [orjson.dumps(events)]
        number, made = number + max(1, size // 2), made + 1
    end = time.perf_counter() + seconds
    for body in bodies:
        if time.perf_counter() > end:
            break
        connection.request("POST", path, body, {"content-type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        assert answer.status in (201, 204), answer.status
        count += size
    sent.put((count, time.perf_counter() - end + seconds))


def measure(port: int, kind: str, seconds: float) -> float:
    size, clients = (1, CLIENTS) if kind == "single" else (BATCH, 2)
    path = "/api/v1/lineage" if kind == "single" else "/api/v1/lineage/batch"
    sent: Any = multiprocessing.Queue()
    offset = 10_000_000 if kind == "batch" else 0
    workers = [
        multiprocessing.Process(target=send, args=(port, path, offset + n * 100_000, seconds, size, sent))
        for n in range(clients)
    ]
    for worker in workers:
        worker.start()
    counts = [sent.get() for _ in workers]
    for worker in workers:
        worker.join()
    return sum(count / took for count, took in counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory(dir=os.environ.get("CLEW_BENCH_DIR")) as home:
        command = [sys.executable, "-m", "clew", "up", "--home", home, "--port", "0", "--grpc-port", "0"]
        server = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        try:
            assert server.stderr is not None
            port = int(server.stderr.readline().split("http://127.0.0.1:")[1].split()[0])
            rows = []
            for kind, target in TARGETS.items():
                rate = measure(port, kind, seconds)
                rows.append(
                    report.Row(WHAT[kind], f"{rate:,.0f} events/s", "", None, f">= {target:,} events/s", rate >= target)
                )
        finally:
            server.terminate()
            server.wait(30)
    report.publish("openlineage", "OpenLineage events", "python benchmarks/openlineage.py", rows, {})


if __name__ == "__main__":
    main()
