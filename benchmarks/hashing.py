"""A large artifact is hashed, beside ``sha256sum``; and looked at again, unchanged.

    python benchmarks/hashing.py [--quick] [--rounds N]

The file is of random bytes, in .bench/hashing and in the page cache, so that the processor is measured and not the
disk. The two take turns; medians.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from report import Row, publish

from clew.executors.hashed import Hashed
from clew.metadata.blobs.tree import digest_of_path

BENCH = Path(__file__).parents[1] / ".bench" / "hashing"
SIZE, QUICK = 1 << 30, 1 << 27
FACTOR, AGAIN_S = 1.3, 0.01
SETTLED_S = 2.1


def seconds(act: Callable[[], object]) -> float:
    """How long ``act`` takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def main() -> int:
    """Measure; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    size = QUICK if chosen.quick else SIZE
    shutil.rmtree(BENCH, ignore_errors=True)
    BENCH.mkdir(parents=True)
    file = BENCH / "artifact"
    with file.open("wb") as out:
        for _ in range(size >> 20):
            out.write(os.urandom(1 << 20))
    time.sleep(SETTLED_S)
    ours, theirs, again = [], [], []
    try:
        for number in range(chosen.rounds):
            theirs.append(seconds(lambda: subprocess.run(["sha256sum", file], check=True, capture_output=True)))
            ours.append(seconds(lambda: digest_of_path(file)))
            hashed = Hashed(BENCH / f"kept-{number}")
            hashed.digest_of(file)
            again.append(seconds(lambda kept=hashed: kept.digest_of(file)))  # type: ignore[misc]
    finally:
        shutil.rmtree(BENCH, ignore_errors=True)
    mine, peer, unchanged = map(statistics.median, (ours, theirs, again))
    ratio = mine / peer
    name = f"{size >> 20} MiB"
    rows = [
        Row(f"hash {name}", f"{mine:.2f} s", f"sha256sum: {peer:.2f} s", ratio, f"<= {FACTOR} x", ratio <= FACTOR),
        Row(f"look at {name} again", f"{unchanged * 1000:.2f} ms", "", None, f"<= {AGAIN_S} s", unchanged <= AGAIN_S),
    ]
    details = {"seconds": {"ours": ours, "sha256sum": theirs, "unchanged": again}}
    good = publish("hashing", "Hashing", "python benchmarks/hashing.py", rows, details, keep=not chosen.quick)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
