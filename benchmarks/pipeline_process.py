"""Runs in a process that stays: prints, as JSON, the seconds each took.

    python benchmarks/pipeline_process.py FOLDER ROUNDS

FOLDER holds the pipelines (peers/kfp_pipelines.py) and a home. "cold" runs find nothing to reuse, and start and end
their own warm Python; "reused" ones find all.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from clew.executors.pipeline import ir
from clew.executors.pipeline.load import load
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.run import run_pipeline
from clew.settings import load as load_settings
from clew.wiring import Home


def main(folder: Path, rounds: int) -> None:
    """Measure them in turn."""
    home = Home(
        load_settings(home=str(folder / "home-process"), url="", namespace=None, max_parallel=None), create=True
    )
    pipelines = {name: load(folder / f"{name}.yaml") for name in ("twenty", "bare", "packaged")}
    # The first run builds the environment; without a package index there is none, and nothing to measure.
    able = {name: one for name, one in pipelines.items() if run_s(home, one, "warming up") is not None}
    took: dict[str, list[float]] = {}
    for _ in range(rounds):
        for name, pipeline in able.items():
            salt = str(time.time_ns())
            for what in ("cold", "reused"):
                took.setdefault(f"{name}, {what}", []).append(run_s(home, pipeline, salt) or 0.0)
    home.close()
    print(json.dumps(took))


def run_s(home: Home, pipeline: ir.Pipeline, salt: str) -> float | None:
    """Seconds of one run; None when it failed."""
    started = time.perf_counter()
    result = run_pipeline(home.record, home.blobs, pipeline, {}, options=RunOptions(home=home.path, salt=salt))
    return time.perf_counter() - started if result.state == "COMPLETE" else None


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
