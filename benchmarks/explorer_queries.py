"""What the explorer asks of GraphQL on a record of a million nodes: time inside the server, HTTP apart.

    python benchmarks/explorer_queries.py [--quick] [--rounds N] [--fresh]

The record holds generated lineage (lineage.py) and 500 runs of ten tasks with 50 metrics each; it is kept in
.bench/explorer. One process, one question at a time, the embedded engine loaded; the last rows ask of an earlier
moment, which the SQL engine answers.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import lineage
import report
from lineage_home import home_of

from clew.api.graphql.execute import GraphQLService, Request
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.graph.embedded import EmbeddedEngine
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState

BENCH = Path(__file__).parent.parent / ".bench"
RUNS, TASKS, METRICS = 500, 10, 50
DRAW = """query($of: [ID!]!, $at: AsOf) { lineage(of: $of, direction: BOTH, depth: 1, maxNodes: 60, asOf: $at) {
    nodes { id kind depth rank order parents children node { type name state createdMs } }
    edges { execution artifact type } totalNodes partial
    upstream { total depth partial } downstream { total depth partial } } }"""
EXPAND = """query($of: ID!, $by: NeighbourOrder!, $drawn: [ID!]!, $at: AsOf) {
    neighbours(of: $of, direction: DOWN, by: $by, first: 20, among: $drawn, omit: $drawn, asOf: $at) {
    nodes { id rank order parents children node { type name state } } edges { execution artifact type }
    total byType { count } byState { count } pageInfo { hasNextPage endCursor } } }"""
REDRAW = """query($ids: [ID!]!) { subgraph(ids: $ids) {
    nodes { id rank order parents children node { type name state } } edges { execution artifact type } } }"""
ACTIVITY = """query($since: Int64!, $until: Int64!) { activity(sinceMs: $since, untilMs: $until, buckets: 48) {
    buckets { fromMs kind type state count } } }"""
TABLE = "query($of: [ID!]!) { table(of: $of) { rows names columns { section name kind min max values } hidden } }"
SERIES = "query($of: [ID!]!) { series(of: $of) { series { node metric x y } } }"


def main() -> int:
    """Prepare, measure, publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke test, not a measurement")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--fresh", action="store_true", help="make the record again")
    args = parser.parse_args()
    folder = BENCH / ("explorer-quick" if args.quick else "explorer")
    if args.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    record = Record.open(prepared(folder, 20_000 if args.quick else 1_500_000))
    engine = EmbeddedEngine(record)
    rows, details = [], {}
    try:
        ask = Asker(GraphQLService(Services(record, engine), ApiSettings()))
        for what, target, query, variables in questions(record):
            times, busy = ask.timed(query, variables, args.rounds)
            took, cpu = statistics.median(times), statistics.median(busy)
            details[what] = {"median_ms": round(took, 2), "max_ms": round(max(times), 2), "cpu_ms": round(cpu, 2)}
            limit = f"<= {target:g} ms" if target else ""
            rows.append(
                report.Row(
                    what, f"{took:.1f} ms, {cpu:.1f} ms of them CPU", "", None, limit, not target or took <= target
                )
            )
    finally:
        engine.close()
        record.close()
    command = "python benchmarks/explorer_queries.py" + "".join(f" {word}" for word in sys.argv[1:])
    title = "What the explorer asks, a million nodes"
    passed = report.publish("explorer_queries", title, command, rows, details, keep=not args.quick)
    return 0 if passed or args.quick else 1


class Asker:
    """Asks in this process."""

    def __init__(self, service: GraphQLService) -> None:
        self.service = service

    def timed(self, query: str, variables: dict[str, Any], rounds: int) -> tuple[list[float], list[float]]:
        """Milliseconds of each round, and those of CPU; the first, which warms the caches, does not count."""
        times, busy = [], []
        for _ in range(rounds + 1):
            began, began_cpu = time.perf_counter(), time.thread_time()
            body = self.service.answer(Request(query, variables), "bench").body
            times.append((time.perf_counter() - began) * 1000)
            busy.append((time.thread_time() - began_cpu) * 1000)
            assert "errors" not in body, body["errors"]
        return times[1:], busy[1:]


def questions(record: Record) -> list[tuple[str, float, str, dict[str, Any]]]:
    """What is asked, in how many ms it must be answered (0: told only), the query, its variables."""
    with record.read() as reader:
        hub, readers = reader.query(
            "SELECT artifact_id, COUNT(*) FROM event WHERE type = 3 GROUP BY 1 ORDER BY 2 DESC LIMIT 1"
        )[0]
        artifacts = reader.query("SELECT COUNT(*) FROM artifact WHERE created_seq = 1")[0][0]
        nodes = artifacts + reader.query("SELECT COUNT(*) FROM execution WHERE created_seq = 1")[0][0]
        runs = [f"context:{id}" for (id,) in reader.query("SELECT id FROM context ORDER BY id")]
    of, small = f"artifact:{hub}", f"artifact:{artifacts // 2}"
    drawn = [f"artifact:{id}" for id in range(1, 300)]
    some = [f"artifact:{artifacts // 3 + i}" for i in range(1000)] + [
        f"execution:{nodes // 8 + i}" for i in range(1000)
    ]
    whole = {"since": lineage.START_MS, "until": lineage.START_MS + artifacts + 1}
    past = {"at": {"seq": 1}}
    hub_words = f"the hub ({readers:,} neighbours)"
    return [
        ("draw a node +-1 hop, counts up and down", 50, DRAW, {"of": [small]}),
        (f"draw {hub_words}, all that was made of it counted", 200, DRAW, {"of": [of]}),
        ("expand a node", 50, EXPAND, {"of": small, "by": "RECENT", "drawn": drawn}),
        *(
            (f"expand {hub_words}, {by}", 0, EXPAND, {"of": of, "by": by, "drawn": drawn})
            for by in ("RECENT", "NAME", "FAN_OUT")
        ),
        ("draw 2,000 nodes again", 0, REDRAW, {"ids": some}),
        (f"activity of {nodes:,} nodes in 48 buckets", 300, ACTIVITY, whole),
        (f"table of {RUNS} runs x {METRICS} metrics", 700, TABLE, {"of": runs}),
        (f"look for curves in {RUNS} runs", 0, SERIES, {"of": runs}),
        ("earlier moment: draw a node +-1 hop", 0, DRAW, {"of": [small], **past}),
        (f"earlier moment: draw {hub_words}", 0, DRAW, {"of": [of], **past}),
        (f"earlier moment: expand {hub_words}", 0, EXPAND, {"of": of, "by": "RECENT", "drawn": drawn, **past}),
    ]


def prepared(folder: Path, edges: int) -> Path:
    """The home, with its runs."""
    home = home_of(folder, edges)
    if not (home / "runs").exists():
        record = Record.open(home)
        dice = random.Random(7)
        for number in range(RUNS):
            record.commit(run(number, dice))
        record.close()
        (home / "runs").touch()
    return home


def run(number: int, dice: random.Random) -> Change:
    """A run of ten tasks: each is told two parameters, puts out a score and three data sets, the last one metrics."""
    change = Change(actor="bench")
    step = change.type(NodeType(Kind.EXECUTION, "system.ContainerExecution"))
    data = change.type(NodeType(Kind.ARTIFACT, "system.Dataset"))
    metrics = change.type(NodeType(Kind.ARTIFACT, "system.Metrics"))
    given = {f"p{i}": dice.random() for i in range(10)}
    group = change.context(
        change.type(NodeType(Kind.CONTEXT, "system.PipelineRun")),
        name=f"run-{number}",
        custom_properties={"display_name": f"try {number}", "clew.parameters": given, "clew.state": "COMPLETE"},
    )
    for task in range(TASKS):
        told = {"clew.path": f"task{task}", "inputs": {"a": 1, "b": number}, "outputs": {"score": dice.random()}}
        work = change.execution(
            step, state=ExecutionState.COMPLETE, custom_properties=told, started_ms=1, ended_ms=number + 2
        )
        change.associate(group, work)
        for place in range(3):
            made = change.artifact(data, custom_properties={"display_name": "data", "rows": place})
            change.event(made, work, EventType.OUTPUT, path=(f"out{place}",))
    scores = {f"m{i}": dice.random() for i in range(METRICS)}
    change.event(
        change.artifact(metrics, custom_properties={"display_name": "metrics", **scores}),
        work,
        EventType.OUTPUT,
        path=("metrics",),
    )
    return change


if __name__ == "__main__":
    raise SystemExit(main())
