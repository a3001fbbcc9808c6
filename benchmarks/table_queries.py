"""What tables, the palette and the log ask of GraphQL on a record of a million nodes: time inside the server.

    python benchmarks/table_queries.py [--quick] [--rounds N] [--fresh]

Generated lineage (lineage.py) whose nodes have names, states and namespaces, and a log of 200,000 changes; kept in
.bench/tables. One process, one question at a time. A page is the first 50 rows.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import report
from explorer_queries import Asker
from lineage_home import home_of

from clew.api.graphql.execute import GraphQLService
from clew.api.service import Services
from clew.api.settings import ApiSettings
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record
from clew.metadata.store.sqlite import connect

BENCH = Path(__file__).parent.parent / ".bench"
TARGET_MS = 150.0
CHANGES = 200_000
PAGE = """query($w: String, $f: OrderField!, $d: OrderDirection!) {
    artifacts(where: $w, orderBy: {field: $f, direction: $d}, first: 50) {
      nodes { id type name state namespace uri createdMs } pageInfo { hasNextPage endCursor } } }"""
COUNT = "query($w: String) { artifacts(where: $w, first: 0) { totalCount } }"
SEARCH = "query($text: String!) { search(text: $text) { hits { node { id type name state } matched } partial } }"
HELP = "query($t: String!, $c: Int!) { filterHelp(text: $t, kind: ARTIFACT, cursor: $c) { ok suggestions { text } } }"
LOG = """query($actor: String, $touching: ID) {
    changes(actor: $actor, touching: $touching, direction: DESC, first: 50) {
    nodes { seq timeMs actor touched(first: 10) } pageInfo { hasNextPage endCursor } } }"""
NARROWED = (
    ("everything", None, TARGET_MS),
    ("a type (54% of them)", "type = 'mlmd.Model' OR type_id = 2", TARGET_MS),
    ("a state (10%)", "state = PENDING", TARGET_MS),
    ("a state of nobody", "state = ABANDONED", TARGET_MS),
    ("a namespace (57 nodes)", "namespace = 'rare'", TARGET_MS),
    ("a part of the name (48 nodes)", "name LIKE '%beef%'", TARGET_MS),
    ("a property (all but some)", "custom_properties.rows.int_value > 10", TARGET_MS),
    ("a property (3 nodes)", "custom_properties.rows.int_value < 10", 0),
)
ORDERS = (("CREATED", "DESC"), ("UPDATED", "DESC"), ("ID", "ASC"), ("NAME", "ASC"))
_NAME = "printf('%08x-%d', (id * 2654435761) % 4294967296, id)"
_VARY = (
    f"UPDATE artifact SET name = {_NAME}, state = CASE WHEN id % 10 = 7 THEN 1 ELSE 2 END, "
    "namespace = CASE WHEN id % 10 = 3 THEN 'team-b' WHEN id % 10007 = 0 THEN 'rare' ELSE 'default' END",
    f"UPDATE execution SET name = {_NAME}, state = CASE WHEN id % 500 = 0 THEN 4 ELSE 3 END",
)


def main() -> int:
    """Prepare, measure, publish."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke test, not a measurement")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--fresh", action="store_true", help="make the record again")
    args = parser.parse_args()
    folder = BENCH / ("tables-quick" if args.quick else "tables")
    if args.fresh:
        shutil.rmtree(folder, ignore_errors=True)
    record = Record.open(prepared(folder, 20_000 if args.quick else 1_500_000))
    rows, details = [], {}
    try:
        ask = Asker(GraphQLService(Services(record, SqlEngine(record)), ApiSettings()))
        for what, target, query, variables in questions(record):
            times, busy = ask.timed(query, variables, args.rounds)
            took, cpu = statistics.median(times), statistics.median(busy)
            details[what] = {"median_ms": round(took, 2), "max_ms": round(max(times), 2), "cpu_ms": round(cpu, 2)}
            limit = f"<= {target:g} ms" if target else ""
            ours = f"{took:.1f} ms, {cpu:.1f} ms of them CPU"
            rows.append(report.Row(what, ours, "", None, limit, not target or took <= target))
    finally:
        record.close()
    command = "python benchmarks/table_queries.py" + "".join(f" {word}" for word in sys.argv[1:])
    title = "What tables, search and the log ask, a million nodes"
    passed = report.publish("table_queries", title, command, rows, details, keep=not args.quick)
    return 0 if passed or args.quick else 1


def questions(record: Record) -> Iterator[tuple[str, float, str, dict[str, Any]]]:
    """What is asked, in how many ms it must be answered (0: told only), the query, its variables."""
    with record.read() as reader:
        artifacts = reader.query("SELECT COUNT(*) FROM artifact")[0][0]
    for what, where, target in NARROWED:
        for field, direction in ORDERS:
            yield f"page of {what}, by {field} {direction}", target, PAGE, {"w": where, "f": field, "d": direction}
    for field in ("TYPE", "STATE", "SIZE"):
        yield f"page of everything, by {field} DESC", 0, PAGE, {"w": None, "f": field, "d": "DESC"}
    for what, where, target in NARROWED:
        yield f"count of {what}, of {artifacts:,}", target if "property" not in what else 0, COUNT, {"w": where}
    for what, text in (
        ("an id", "artifact:77"),
        ("a digest's beginning", f"sha256:{artifacts:064x}"[:70]),
        ("a part of a few names", "beef"),
        ("an address", "s3a://bucket/run/6345/out3/"),
        ("what no node has", "no such thing"),
    ):
        yield f"search for {what}", 250, SEARCH, {"text": text}
    yield "complete a filter", 50, HELP, {"t": "type = 'mlmd.Model' AND acc", "c": 27}
    yield "log, newest first", 50, LOG, {}
    yield "log, what became of a node", 50, LOG, {"touching": "artifact:77"}
    yield f"log, an actor who made 2 of {CHANGES:,} changes", 500, LOG, {"actor": "rare"}


def prepared(folder: Path, edges: int) -> Path:
    """The home, its nodes varied, its log filled."""
    home = home_of(folder, edges)
    if (home / "varied").exists():
        return home
    connection = connect(home / "record.db")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("BEGIN")
    for statement in _VARY:
        connection.execute(statement)
    log = '[["a",77,2,"default","a name",null,"s3://bucket/key",true,2,null,1000,null,{"rows":1},1600000000000]]'
    connection.executemany(
        "INSERT INTO change(seq, time_ms, actor, namespace, ops, digest) VALUES(?, ?, ?, 'default', ?, ?)",
        (
            (seq, 1_600_000_000_000 + seq, "rare" if seq % 100_000 == 9 else f"bot-{seq % 7}", log.encode(), b"-" * 32)
            for seq in range(2, CHANGES + 2)
        ),
    )
    connection.execute("UPDATE head SET seq = ?", (CHANGES + 1,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    (home / "varied").touch()
    return home


if __name__ == "__main__":
    raise SystemExit(main())
