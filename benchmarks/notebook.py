"""What being watched costs: a cell, loading the extension, a script that reads 1,000 files.

    python benchmarks/notebook.py [--quick] [--rounds N]

IPython and papermill are the environment .bench/notebook of the tests. With and without take turns; medians.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

from report import Row, publish

ROOT = Path(__file__).parents[1]
BENCH = ROOT / ".bench" / "watched"
PYTHON = ROOT / ".bench" / "notebook" / "bin" / "python"
CELL_MS, LOAD_MS, OVERHEAD = 2.0, 150.0, 0.10
FILES, LINES = 1000, 2000
CELLS = """
import json, os, sys, time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
run = lambda: shell.run_cell("x = sum(range(10))", store_history=True)
def measure():
    for _ in range(20): run()
    times = []
    for _ in range(300):
        began = time.perf_counter(); run(); times.append((time.perf_counter() - began) * 1000)
    return times
plain = measure()
began = time.perf_counter(); shell.run_line_magic("load_ext", "clew"); load = (time.perf_counter() - began) * 1000
time.sleep(2)
print(json.dumps([plain, measure(), load]))
"""
PARSE = """
import csv, pathlib
total = 0.0
for path in sorted(pathlib.Path(".").glob("*.csv")):
    with path.open(newline="") as stream:
        total += sum(float(row[1]) for row in csv.reader(stream))
print(total)
"""
READ = """
import pathlib
print(sum(len(path.read_bytes()) for path in pathlib.Path(".").glob("*.csv")))
"""


def cells(rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds of a cell without, with, and of loading; medians a round."""
    plain, watched, load = [], [], []
    for number in range(rounds):
        site = f"{ROOT}{os.pathsep}{sysconfig.get_path('purelib')}"
        own = {"PYTHONPATH": site, "CLEW_HOME": str(BENCH / f"home-{number}"), "IPYTHONDIR": str(BENCH / "ipython")}
        done = subprocess.run([PYTHON, "-c", CELLS], env=os.environ | own, check=True, capture_output=True, text=True)
        without, with_, took = json.loads(done.stdout.strip().splitlines()[-1])
        plain.append(statistics.median(without))
        watched.append(statistics.median(with_))
        load.append(took)
    return plain, watched, load


def script(text: str, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of a script without and with `clew exec`."""
    (BENCH / "data" / "script.py").write_text(text)
    plain, watched = [], []
    bare = [sys.executable, "script.py"]
    clew = [str(Path(sys.executable).with_name("clew")), "exec", "-q", "--home", str(BENCH / "exec"), "--", *bare]
    for _ in range(rounds + 1):
        plain.append(seconds(bare))
        watched.append(seconds(clew))
    return plain[1:], watched[1:]


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, cwd=BENCH / "data", capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    """Measure; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    rounds = 2 if chosen.quick else chosen.rounds
    if not PYTHON.exists():
        print(f"{PYTHON} is missing: the tests make it (pytest tests/collectors/watch)")
        return 1
    shutil.rmtree(BENCH, ignore_errors=True)
    (BENCH / "data").mkdir(parents=True)
    lines = "".join(f"{n},{n * 0.37:.6f},some words of text\n" for n in range(LINES))
    for number in range(FILES):
        (BENCH / "data" / f"{number:04d}.csv").write_text(f"{number},1.0,x\n" + lines)
    try:
        plain, watched, load = cells(rounds)
        parsed, read = script(PARSE, rounds), script(READ, rounds)
    finally:
        shutil.rmtree(BENCH, ignore_errors=True)
    added = statistics.median(watched) - statistics.median(plain)
    loaded = statistics.median(load)
    without, within = (statistics.median(one) for one in parsed)
    more = within / without - 1
    bare, bare_watched = (statistics.median(one) for one in read)
    rows = [
        Row("added to a cell without I/O", f"{added:.2f} ms", "", None, f"<= {CELL_MS:g} ms", added <= CELL_MS),
        Row("%load_ext clew", f"{loaded:.0f} ms", "", None, f"<= {LOAD_MS:g} ms", loaded <= LOAD_MS),
        Row(
            "clew exec, a script that parses 1,000 CSV files", f"{within:.2f} s", f"without: {without:.2f} s",
            round(1 + more, 3), "<= 1.1 x", more <= OVERHEAD,
        ),
        Row(
            "clew exec, a script that only reads their bytes", f"{bare_watched:.2f} s", f"without: {bare:.2f} s",
            round(bare_watched / bare, 2), "", True,
        ),
    ]  # fmt: skip
    details = {"cell_ms": [plain, watched], "load_ms": load, "parse_s": parsed, "read_s": read}
    command = "python benchmarks/notebook.py"
    good = publish("notebook", "Notebooks and scripts", command, rows, details, keep=not chosen.quick)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
