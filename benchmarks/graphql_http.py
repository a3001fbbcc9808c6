"""GraphQL over HTTP: ``lineage`` of 60 nodes with 6 fields each, asked over a loopback connection of a real server.

    python benchmarks/graphql_http.py [--quick] [--requests N] [--fresh]

The record holds 200,000 edges beside the lineage (kept in .bench/graphql). One client on one kept connection, then
eight at once. (Not called graphql.py: beside it no script could import graphql-core.)
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import report

from clew.metadata.change import Change, NodePut, TypePut
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType

BENCH = Path(__file__).parent.parent / ".bench"
TARGET_MS = 6.0
STEPS = 20
SERVE = """
import sys, uvicorn, socket
from pathlib import Path
from clew.api.app import create_app
from clew.api.service import Services
from clew.graph.embedded import EmbeddedEngine
from clew.metadata.record import Record
record = Record.open(sys.argv[1])
app = create_app(Services(record, EmbeddedEngine(record)))
listening = socket.create_server(("127.0.0.1", 0))
listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as clew up does
print(listening.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False)).run(sockets=[listening])
"""
QUERIES = {
    "lineage, 60 nodes x 6 fields": """query($of: [ID!]!) {
        lineage(of: $of) { totalNodes partial nodes { depth node { id type name state namespace createdMs } } } }""",
    "the same, with edges and the fields of each kind": """query($of: [ID!]!) {
        lineage(of: $of) { totalNodes nodes { depth node { id type name state createdMs
          ... on Artifact { uri digest } ... on Execution { fingerprint endedMs } } }
          edges { execution artifact type } } }""",
    "ids only": "query($of: [ID!]!) { lineage(of: $of) { nodes { id depth } } }",
}


def main() -> int:
    """Prepare, measure, publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke test, not a measurement")
    parser.add_argument("--requests", type=int, default=0)
    parser.add_argument("--fresh", action="store_true", help="make the record again")
    args = parser.parse_args()
    requests = args.requests or (200 if args.quick else 3000)
    folder = BENCH / ("graphql-quick" if args.quick else "graphql")
    if args.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    seed = prepared(folder, 500 if args.quick else 40_000)
    rows, details = [], {}
    with served(folder) as url:
        for what, query in QUERIES.items():
            body = json.dumps({"query": query, "variables": {"of": [seed]}}).encode()
            times = asked(url, body, requests)
            details[what] = figures(times)
            is_goal = what.startswith("lineage, 60")
            p50, p99 = details[what]["p50_ms"], details[what]["p99_ms"]
            ok = p50 <= TARGET_MS or not is_goal
            target = f"p50 <= {TARGET_MS:g} ms" if is_goal else ""
            rows.append(report.Row(what, f"p50 {p50:.2f} ms, p99 {p99:.2f} ms", "", None, target, ok))
        body = json.dumps({"query": next(iter(QUERIES.values())), "variables": {"of": [seed]}}).encode()
        rate = throughput(url, body, requests, clients=8)
        details["eight clients"] = {"requests_per_s": rate}
        rows.append(report.Row("the first, 8 clients at once", f"{rate:,.0f} requests/s", "", None, "", True))
    command = "python benchmarks/graphql_http.py" + "".join(f" {word}" for word in sys.argv[1:])
    passed = report.publish("graphql", "GraphQL over HTTP", command, rows, details, keep=not args.quick)
    return 0 if passed or args.quick else 1


def prepared(folder: Path, steps: int) -> str:
    """A record of ``steps`` steps beside a lineage of 60 nodes; the id of its last artifact."""
    note = folder / "seed"
    if note.is_file():
        return note.read_text()
    folder.mkdir(parents=True, exist_ok=True)
    record = Record.open(folder)
    try:
        crowd(record, steps)
        seed = line(record)
    finally:
        record.close()
    note.write_text(seed)
    return seed


def crowd(record: Record, steps: int) -> None:
    """Steps that read two recent artifacts and write two: five edges each, with a context for every hundred."""
    for first in range(0, steps, 500):
        change = Change(actor="bench")
        data, work = types(change)
        recent: list[NodePut] = []
        for number in range(first, min(first + 500, steps)):
            run = change.execution(work, name=f"step-{number}", state=ExecutionState.COMPLETE)
            for source in recent[-3:]:
                change.event(source, run, EventType.INPUT)
            for place in range(2):
                made = change.artifact(data, name=f"step-{number}.{place}", uri=f"s3://lake/{number}/{place}")
                change.event(made, run, EventType.OUTPUT)
                recent.append(made)
        record.commit(change)


def line(record: Record) -> str:
    """STEPS steps in a row, each also reading a raw artifact: 3 x STEPS nodes; the id of the last artifact."""
    change = Change(actor="bench")
    data, work = types(change)
    last: NodePut | None = None
    for number in range(STEPS):
        run = change.execution(work, name=f"line-{number}", state=ExecutionState.COMPLETE, ended_ms=number)
        raw = change.artifact(data, name=f"raw-{number}", uri=f"s3://lake/raw/{number}", state=ArtifactState.LIVE)
        change.event(raw, run, EventType.INPUT, path=("raw",))
        if last is not None:
            change.event(last, run, EventType.INPUT, path=("last",))
        last = change.artifact(data, name=f"line-{number}", state=ArtifactState.LIVE, properties={"rows": number})
        change.event(last, run, EventType.OUTPUT, path=("out",))
    assert last is not None
    return f"artifact:{record.commit(change).id(last)}"


def types(change: Change) -> tuple[TypePut, TypePut]:
    """The two types of every step."""
    data = change.type(NodeType(Kind.ARTIFACT, "Data", properties={"rows": PropertyType.INT}))
    return data, change.type(NodeType(Kind.EXECUTION, "Work"))


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """URL of a server process on the record in ``folder``."""
    process = subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}"
        for _ in range(600):
            try:
                connection = connect(url)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    break
            except OSError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def connect(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)


def asked(url: str, body: bytes, requests: int) -> list[float]:
    """Seconds of each request on one kept connection, the first fifth left out."""
    connection, times = connect(url), []
    for number in range(requests + requests // 5):
        began = time.perf_counter()
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
        answer = connection.getresponse().read()
        times.append(time.perf_counter() - began)
        if number == 0:
            assert b"errors" not in answer, answer[:500]
            lineage = json.loads(answer)["data"]["lineage"]
            assert len(lineage["nodes"]) == 3 * STEPS, len(lineage["nodes"])
    return times[requests // 5 :]


def throughput(url: str, body: bytes, requests: int, clients: int) -> float:
    """Requests a second of ``clients`` connections together."""
    began = time.perf_counter()
    threads = [threading.Thread(target=asked, args=(url, body, requests // clients)) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = clients * (requests // clients + requests // clients // 5)
    return sent / (time.perf_counter() - began)


def figures(times: list[float]) -> dict[str, float]:
    """Percentiles in milliseconds."""
    cuts = statistics.quantiles(times, n=100)
    return {
        "p50_ms": round(cuts[49] * 1000, 3),
        "p95_ms": round(cuts[94] * 1000, 3),
        "p99_ms": round(cuts[98] * 1000, 3),
        "requests": len(times),
    }


if __name__ == "__main__":
    raise SystemExit(main())
