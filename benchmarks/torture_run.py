"""A pipeline run killed amid its steps and started again: it ends well, and reuses what had ended."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from torture_check import Tally

from clew.metadata.ids import Kind
from clew.metadata.record import Record
from clew.metadata.replay import differences

STEPS = 5
STEP_S = 0.25


def kill_pipelines(folder: Path, rounds: int, rng: random.Random) -> Tally:
    """Kill ``clew run`` (alone, or with its steps), run again, compare with a run nobody disturbed."""
    tally, pipeline = Tally(), folder / "pipeline.yaml"
    _compile(pipeline)
    undisturbed = _run(folder / "calm", pipeline)
    for n in range(rounds):
        home = folder / f"home{n}"
        started = _start(home, pipeline)
        time.sleep(rng.uniform(0.8, 0.8 + STEPS * STEP_S))
        _kill(started, with_steps=n % 2 == 0)
        again = _run(home, pipeline)
        if again["state"] != "COMPLETE" or _values(again) != _values(undisturbed):
            tally.note("other", f"run again: {again['state']}, {_values(again)} for {_values(undisturbed)}")
        with Record.open(home) as record, record.read() as reader:
            for text in differences(reader):
                tally.note("replay", text)
            tally.changes += reader.seq
            done = [e for e in reader.executions(limit=10_000).items if e.state == 3 and e.fingerprint]
            if len({e.fingerprint for e in done}) != len(done):
                tally.note(
                    "twice", f"{len(done)} steps complete, {len({e.fingerprint for e in done})} of them different"
                )
            tally.acknowledged += reader.count(Kind.EXECUTION)
        third = _run(home, pipeline)
        if not all(task["cached"] for task in third["tasks"] if task["kind"] == "container"):
            tally.note("other", "a third run did not reuse every step")
        tally.rounds += 1
    return tally


def _compile(target: Path) -> None:
    source = target.with_suffix(".py")
    source.write_text(f"""
from kfp import compiler, dsl

@dsl.component
def add(number: int, other: int) -> int:
    import time
    time.sleep({STEP_S})
    return number + other

@dsl.pipeline(name="torture")
def pipeline(start: int = 1) -> int:
    value = add(number=start, other=1)
    for n in range({STEPS - 1}):
        value = add(number=value.output, other=n)
    return value.output

compiler.Compiler().compile(pipeline, {str(target)!r})
""")
    subprocess.run([sys.executable, "-W", "ignore", str(source)], check=True, capture_output=True)


def _start(home: Path, pipeline: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "clew", "run", str(pipeline), "--json", "--home", str(home)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def _run(home: Path, pipeline: Path) -> dict[str, object]:
    out, _ = _start(home, pipeline).communicate(timeout=120)
    told: dict[str, object] = json.loads(out)
    return told


def _kill(process: subprocess.Popen[str], *, with_steps: bool) -> None:
    import psutil

    with suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for child in family if with_steps else []:
            with suppress(psutil.NoSuchProcess):
                child.kill()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL) if with_steps else None
    process.communicate()


def _values(run: dict[str, object]) -> object:
    return run["outputs"]
