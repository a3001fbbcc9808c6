"""Wall time of whole pipeline runs from the shell, against ``kfp.local``: cold, all reused, and in parallel.

    python benchmarks/pipeline.py [--quick]

Ours is ``clew run``, a new process each time, everything on: the record (synchronous=FULL), fingerprints, verified
hits, bytes kept. The peer runs the same compiled YAML (peers/kfp_local.py). Rounds alternate, medians are told.
"""

from __future__ import annotations

import argparse
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
LIMITS_S = {
    "twenty, cold": 2.5,
    "twenty, all reused": 0.6,
    "chain, cold": 0.0,
    "chain, all reused": 0.6,
    "sleepers": 3.0,
}
TITLES = {
    "twenty, cold": "20 independent trivial tasks, cold",
    "twenty, all reused": "the same, all reused",
    "chain, cold": "20 trivial tasks in a chain, cold",
    "chain, all reused": "the same, all reused",
    "sleepers": "4 independent tasks that sleep 2 s",
}
Walls = dict[tuple[str, str], list[float]]


def main() -> int:
    """Measure, print, keep; 1 when a limit is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, nothing kept")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of ours and the peer's, in turn (3)")
    args = parser.parse_args()
    walls: Walls = defaultdict(list)
    with tempfile.TemporaryDirectory(dir=HERE) as folder:
        subprocess.run([sys.executable, str(HERE / "peers" / "kfp_pipelines.py"), folder], check=True)
        for _ in range(1 if args.quick else args.rounds):
            for pipeline in ("twenty", "chain", "sleepers"):
                ours(Path(folder), pipeline, walls)
                peer(Path(folder), pipeline, walls)
    return 0 if tell(walls, keep=not args.quick) else 1


def ours(folder: Path, pipeline: str, walls: Walls) -> None:
    """Run ours in a new home, then again."""
    home = folder / "home"
    command = [sys.executable, "-m", "clew", "run", str(folder / f"{pipeline}.yaml"), "--home", str(home), "--json"]
    twice(command, pipeline, "clew", walls)
    shutil.rmtree(home)


def peer(folder: Path, pipeline: str, walls: Walls) -> None:
    """Run the peer's in a new folder, then again."""
    root = folder / "kfp"
    command = [sys.executable, str(HERE / "peers" / "kfp_local.py"), str(folder / f"{pipeline}.yaml"), str(root)]
    twice(command, pipeline, "kfp.local", walls)
    shutil.rmtree(root)


def twice(command: list[str], pipeline: str, who: str, walls: Walls) -> None:
    """Time a cold run, and one where all can be reused."""
    if pipeline == "sleepers":
        walls["sleepers", who].append(wall_s(command))
        return
    walls[f"{pipeline}, cold", who].append(wall_s(command))
    again = [wall_s(command) for _ in range(3)]
    walls[f"{pipeline}, all reused", who].append(statistics.median(again))


def wall_s(command: list[str]) -> float:
    """Wall time of a process that must succeed."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True)
    took = time.perf_counter() - started
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return took


def tell(walls: Walls, *, keep: bool) -> bool:
    """The table."""
    rows = []
    for what, limit_s in LIMITS_S.items():
        mine, theirs = (statistics.median(walls[what, who]) for who in ("clew", "kfp.local"))
        target = f"<= {limit_s:g} s" if limit_s else "none"
        ok = not limit_s or mine <= limit_s
        rows.append(
            Row(TITLES[what], f"{mine:.2f} s", f"kfp.local: {theirs:.2f} s", round(theirs / mine, 1), target, ok)
        )
    details = {f"{what}, {who}": [round(s, 3) for s in times] for (what, who), times in walls.items()}
    return publish("pipeline", "Pipeline runs from the shell, wall time", COMMAND, rows, details, keep=keep)


if __name__ == "__main__":
    raise SystemExit(main())
