"""Whole pipeline runs against ``kfp.local``: cold, all reused, in parallel; from the shell and in a process that stays.

    python benchmarks/pipeline.py [--quick]

Ours is ``clew run``, a new process each time, everything on: the record (synchronous=FULL), fingerprints, verified
hits, bytes kept. The peer runs the same compiled YAML (peers/kfp_local.py). Rounds alternate, medians are told; ours
is repeated within a round, being short.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from report import Row, publish

COMMAND = "python benchmarks/pipeline.py"
HERE = Path(__file__).parent
TASKS = 20
SHELL = {
    "twenty, cold": ("20 independent trivial tasks, cold, from the shell", 2.5),
    "twenty, reused": ("the same, all reused", 0.5),
    "sleepers": ("4 independent tasks that sleep 2 s", 2.5),
    "loop": ("ParallelFor(parallelism=4) over 4 tasks that sleep 2 s", 2.5),
    "thousand, reused": ("ParallelFor over 1,000 trivial tasks, all reused, from the shell", 3),
    "thousand, planned": ("`clew plan` of it", 2),
}
"""What is measured from the shell -> how it is told, seconds it may take."""
STAYING = {
    "twenty, cold": ("the 20, cold, in a process that stays, a task", 0.05),
    "bare, cold": ("20 with install_kfp_package=False, likewise, a task", 0.03),
    "packaged, cold": ("20 with a package set that was built before, likewise, a task", 0.06),
    "twenty, reused": ("the 20, all reused, in a process that stays, the run", 0.05),
}
Seconds = dict[tuple[str, str], list[float]]


def main() -> int:
    """Measure, print, keep; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, nothing kept")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of ours and the peer's, in turn (2)")
    args = parser.parse_args()
    walls: Seconds = defaultdict(list)
    inside: Seconds = defaultdict(list)
    with tempfile.TemporaryDirectory(dir=HERE) as name:
        folder = Path(name)
        run([sys.executable, str(HERE / "peers" / "kfp_pipelines.py"), name])
        thousand(folder, walls, repeat=1 if args.quick else 5)
        for _ in range(1 if args.quick else args.rounds):
            ours(folder, walls, repeat=1 if args.quick else 3)
            staying(folder, inside, rounds=1 if args.quick else 3)
            peer(folder, walls, inside)
    return 0 if tell(walls, inside, keep=not args.quick) else 1


def ours(folder: Path, walls: Seconds, repeat: int) -> None:
    """Each pipeline in a new home, what can be reused then again."""
    for _ in range(repeat):
        for pipeline in ("twenty", "sleepers", "loop"):
            home = folder / "home"
            command = [sys.executable, "-m", "clew", "run", f"{folder}/{pipeline}.yaml", "--home", str(home), "--json"]
            measure(command, pipeline, "clew", walls)
            shutil.rmtree(home)


def thousand(folder: Path, walls: Seconds, repeat: int) -> None:
    """A loop of a thousand that ran before. The peer would run it again: it has no like."""
    options = [f"{folder}/thousand.yaml", "--home", str(folder / "home"), "--json"]
    clew = [sys.executable, "-m", "clew"]
    run([*clew, "run", *options])
    for _ in range(repeat):
        for verb, what in (("run", "reused"), ("plan", "planned")):
            started = time.perf_counter()
            run([*clew, verb, *options])
            walls[f"thousand, {what}", "clew"].append(time.perf_counter() - started)
    shutil.rmtree(folder / "home")


def staying(folder: Path, inside: Seconds, rounds: int) -> None:
    """Ours in a process that stays."""
    told = run([sys.executable, str(HERE / "pipeline_process.py"), str(folder), str(rounds)])
    for what, seconds in json.loads(told).items():
        inside[what, "clew"] += seconds


def peer(folder: Path, walls: Seconds, inside: Seconds) -> None:
    """The peer's, each in a new folder."""
    for pipeline in ("twenty", "bare", "sleepers", "loop"):
        root = folder / "kfp"
        command = [sys.executable, str(HERE / "peers" / "kfp_local.py"), f"{folder}/{pipeline}.yaml", str(root)]
        for what, told in measure(command, pipeline, "kfp.local", walls).items():
            inside[what, "kfp.local"].append(float(told.split()[-1]))
        shutil.rmtree(root)


def measure(command: list[str], pipeline: str, who: str, walls: Seconds) -> dict[str, str]:
    """Time a run, and of the trivial ones a second that can reuse it all; returns what each printed."""
    printed = {}
    for what in (f"{pipeline}, cold", f"{pipeline}, reused") if pipeline in ("twenty", "bare") else (pipeline,):
        started = time.perf_counter()
        printed[what] = run(command)
        walls[what, who].append(time.perf_counter() - started)
    return printed


def run(command: list[str]) -> str:
    """What a process that must succeed printed. Bytecode is kept, as on a user's machine."""
    environ = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


def tell(walls: Seconds, inside: Seconds, *, keep: bool) -> bool:
    """The table."""
    rows = [row(title, walls, what, limit_s) for what, (title, limit_s) in SHELL.items()]
    for what, (title, limit_s) in STAYING.items():
        if (what, "clew") in inside:
            rows.append(row(title, inside, what, limit_s, tasks=TASKS if "a task" in title else 1))
    details = {
        f"{what}, {who}, {where}": [round(s, 3) for s in times]
        for where, seconds in (("shell", walls), ("process", inside))
        for (what, who), times in seconds.items()
    }
    return publish("pipeline", "Pipeline runs, wall time", COMMAND, rows, details, keep=keep)


def row(title: str, seconds: Seconds, what: str, limit_s: float, tasks: int = 1) -> Row:
    """One line of the table; the peer's is empty where it has no like."""
    digits = 3 if limit_s < 0.1 else 2
    mine = statistics.median(seconds[what, "clew"]) / tasks
    against, ratio = "", None
    if (what, "kfp.local") in seconds:
        theirs = statistics.median(seconds[what, "kfp.local"]) / tasks
        against, ratio = f"kfp.local: {theirs:.{digits}f} s", round(theirs / mine, 1)
    return Row(title, f"{mine:.{digits}f} s", against, ratio, f"<= {limit_s:g} s", mine <= limit_s)


if __name__ == "__main__":
    raise SystemExit(main())
