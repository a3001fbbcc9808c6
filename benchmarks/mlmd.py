"""ML Metadata on the wire: the original client on Clew and on its own C++ library behind gRPC, call by call in turn.

    python benchmarks/mlmd.py [--quick] [--preload N] [--seconds S]
    python benchmarks/mlmd.py --growth [--preload N]      ours with N artifacts (300,000) against ours with 10,000

Both stores are SQLite files on one disk, preloaded alike (100,000 artifacts; --quick 2,000). The peer is the library
with one lasting store (peers/mlmd_proxy.py), its best case. Floors are what the wire and the client cost whoever
answers: an empty call, and the client alone with a lineage answer already in its hands.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import report
import write

HERE = Path(__file__).parent
BENCH = HERE.parent / ".bench" / "mlmd-wire"
TARGETS = {"read": 1.0, "write": 0.6, "list": 0.1, "lineage: chain": 0.2, "lineage: tree": 0.33}
"""What begins so must take at most this part of the peer's time."""
SMALL, GROWTH = 10_000, 1.3
SERVE = """
import signal, sys
from clew.api.mlmd.server import GrpcServer
from clew.api.service import Services
from clew.graph.embedded import EmbeddedEngine
from clew.metadata.record import Record
record = Record.open(sys.argv[1])
server = GrpcServer(Services(record, EmbeddedEngine(record)), "127.0.0.1:0")
print(server.port, flush=True)
signal.sigwait({signal.SIGTERM})
server.stop()
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small sizes: a smoke test, not a measurement")
    parser.add_argument("--growth", action="store_true", help="compare ours when large with ours when small")
    parser.add_argument("--preload", type=int, default=0, metavar="N")
    parser.add_argument("--seconds", type=float, default=0, metavar="S")
    args = parser.parse_args()
    preload = args.preload or (2000 if args.quick else 300_000 if args.growth else 100_000)
    seconds = args.seconds or (0.5 if args.quick else 3)
    shutil.rmtree(BENCH, ignore_errors=True)
    BENCH.mkdir(parents=True)
    python = write._mlmd_python()
    ours = [sys.executable, "-c", SERVE, str(BENCH / "ours")]
    theirs = [str(python), str(HERE / "peers/mlmd_proxy.py"), str(BENCH / "theirs.db")]
    if args.growth:
        theirs = [sys.executable, "-c", SERVE, str(BENCH / "small")]
    with serving(ours) as our_port, serving(theirs) as their_port:
        client = [str(python), str(HERE / "peers/mlmd_client.py"), our_port, their_port]
        sizes = [str(preload), str(SMALL)] if args.growth else [str(preload)]
        done = subprocess.run(
            [*client, "--preload", *sizes, "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True, check=True
        )
    told: dict[str, dict[str, float]] = json.loads(done.stdout.strip().splitlines()[-1])
    command = "python benchmarks/mlmd.py" + "".join(f" {word}" for word in sys.argv[1:])
    name, title, table = "mlmd", f"ML Metadata's client, {preload:,} artifacts", rows
    if args.growth:
        name, title, table = "mlmd_growth", f"The wire, {preload:,} artifacts against {SMALL:,}", growth_rows
    title += " (quick: not a measurement)" if args.quick else ""
    passed = report.publish(name, title, command, table(told), {"measured": told}, keep=not args.quick)
    return 0 if passed or args.quick else 1


@contextmanager
def serving(command: list[str]) -> Iterator[str]:
    """A server that prints its port, while it runs."""
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(30)


def rows(told: dict[str, dict[str, float]]) -> list[report.Row]:
    table = []
    for what, found in told.items():
        ours, theirs = found["ours"], found["theirs"]
        if what.startswith("threads") and what.endswith("empty"):
            row = report.Row(
                what,
                f"{ours:,.0f} calls/s",
                f"library: {theirs:,.0f} calls/s",
                round(ours / theirs, 2),
                "a floor",
                True,
            )
            table.append(row)
            continue
        if what.startswith("threads"):
            table.append(report.at_least(what, ours, "library", theirs, 2, "calls/s"))
            continue
        wanted = next((part for start, part in TARGETS.items() if what.startswith(start)), None)
        target = f"<= {wanted} x" if wanted else "a floor"
        ok = wanted is None or ours <= wanted * theirs
        table.append(
            report.Row(what, f"{ours:.2f} ms", f"library: {theirs:.2f} ms", round(ours / theirs, 2), target, ok)
        )
    return table


def growth_rows(told: dict[str, dict[str, float]]) -> list[report.Row]:
    """The large store's times against the small one's: what is found by an index must not slow down."""
    table = []
    for what, found in told.items():
        if what.startswith(("read", "list", "lineage", "write")):
            large, small = found["ours"], found["theirs"]
            figures = f"{large:.2f} ms", f"small: {small:.2f} ms", round(large / small, 2)
            table.append(report.Row(what, *figures, f"<= {GROWTH} x", large <= GROWTH * small))
    return table


if __name__ == "__main__":
    sys.exit(main())
