"""A run killed again and again and resumed each time: it ends, nothing done is lost, half there, or done twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from torture_check import Tally
from torture_run import _kill

from clew.executors.runs.kept import Run
from clew.executors.runs.task import RunTask, tasks_of
from clew.metadata.blobs.local import LocalStore
from clew.metadata.errors import TypeNotFound
from clew.metadata.record import Record
from clew.metadata.replay import differences

KILLS_A_RUN = 10
LONGEST_S = 1.6
"""Latest moment of a kill after the start: about as long as a run that nobody disturbs."""
_DONE = ("COMPLETE", "CACHED")

SOURCE = """
from kfp import dsl

@dsl.component
def work(name: str, told: str, out: dsl.Output[dsl.Dataset]) -> str:
    import time
    with open(told, "a") as log:
        log.write(name + "\\n")
    with open(out.path, "w") as target:
        for part in range(64):
            target.write((name + " ") * 500)
            if part % 16 == 0:
                time.sleep(0.02)
    return name

@dsl.component
def join(name: str, told: str, parts: dsl.Input[list[dsl.Dataset]], out: dsl.Output[dsl.Dataset]) -> int:
    with open(told, "a") as log:
        log.write(name + "\\n")
    with open(out.path, "w") as target:
        for part in parts:
            target.write(open(part.path).read())
    return len(parts)

@dsl.pipeline(name="inner")
def inner(told: str) -> str:
    first = work(name="inner-1", told=told).set_caching_options(False)
    return work(name="inner-2", told=told).after(first).outputs["Output"]

@dsl.pipeline(name="resumed")
def resumed(told: str) -> int:
    first = work(name="first", told=told)
    second = work(name="second", told=told).set_caching_options(False).after(first)
    nested = inner(told=told).after(second)
    with dsl.ParallelFor(["x", "y", "z"]) as item:
        one = work(name=item, told=told)
        work(name=f"last-{item}", told=told).after(one).set_caching_options(False)
    last = join(name="join", told=told, parts=dsl.Collected(one.outputs["out"])).after(nested)
    return last.outputs["Output"]
"""


def kill_resumed(folder: Path, kills: int, rng: random.Random) -> Tally:
    """Kill ``clew run`` at a random moment, resume what it was, until ``kills`` are done and each run has ended."""
    tally, pipeline = Tally(), folder / "resumed.py"
    pipeline.write_text(SOURCE)
    source = _compiled(pipeline)
    homes = 0
    while tally.rounds < kills:
        homes += 1
        _one_run(folder / f"home{homes}", source, min(KILLS_A_RUN, kills - tally.rounds), rng, tally, homes % 2 == 0)
        print(f"resume: {tally.rounds} of {kills} kills, {tally.differences} differences", file=sys.stderr, flush=True)
    return tally


def _one_run(home: Path, source: Path, kills: int, rng: random.Random, tally: Tally, cached: bool) -> None:
    """One pipeline, killed ``kills`` times at most, then left alone."""
    told = home.with_suffix(".told")
    for n in range(kills):
        before, done = len(_lines(told)), _done(home)
        process = _start(home, source, told, cached)
        time.sleep(rng.uniform(0.1, LONGEST_S))
        _kill(process, with_steps=n % 2 == 0)
        tally.rounds += 1
        _nothing_done_ran(_lines(told)[before:], done, tally)
    before, done = len(_lines(told)), _done(home)
    process = _start(home, source, told, cached)
    out, _ = process.communicate(timeout=120)
    last = json.loads(out)
    if (last["state"], last["outputs"]) != ("COMPLETE", {"Output": 3}):
        tally.note("other", f"the last run ended {last['state']}: {last['outputs']}")
    _nothing_done_ran(_lines(told)[before:], done, tally)
    _everything_is_there(home, last["run"], tally)


def _nothing_done_ran(ran: list[str], done: set[str], tally: Tally) -> None:
    for name in sorted(done & set(ran)):
        tally.note("twice", f"{name} ran after it was recorded as done")


def _everything_is_there(home: Path, last: str, tally: Tally) -> None:
    """What the record says was made exists, whole; the run shows every task done; the log tells the same."""
    store = LocalStore(home / "blobs")
    with Record.open(home) as record, record.read() as reader:
        for text in differences(reader):
            tally.note("replay", text)
        tally.changes += int(reader.seq)
        for artifact in reader.artifacts(limit=10_000).items:
            path = Path((artifact.uri or "").removeprefix("file://"))
            if not path.is_file():
                tally.note("lost", f"artifact:{artifact.id} is gone from {path}")
            elif path.stat().st_size != artifact.size_bytes:
                tally.note("half", f"artifact:{artifact.id} has {path.stat().st_size} of {artifact.size_bytes} bytes")
            elif artifact.digest is not None and store.verify(artifact.digest).size_bytes != artifact.size_bytes:
                tally.note("half", f"the blob of artifact:{artifact.id} is not whole")
        for run in reader.contexts(type="system.PipelineRun", limit=10_000).items:
            tasks = tasks_of(list(reader.executions(context_id=run.id, limit=10_000).items))
            tally.acknowledged += sum(task.state in _DONE for task in tasks)
            for task in tasks:
                if Run(run).id == last and task.state not in _DONE:
                    tally.note("lost", f"{task.path} of the last run is {task.state}")
                elif Run(run).state == "RUNNING" or task.state == "RUNNING":
                    tally.note("other", f"{task.path} of run {Run(run).id} is still {task.state}")
                elif task.kind == "container" and task.state in _DONE:
                    _has_outputs(reader.events_of_executions([task.execution.id]), task, tally)


def _has_outputs(events: list[object], task: RunTask, tally: Tally) -> None:
    if not any(event.type.name == "OUTPUT" for event in events):
        tally.note("half", f"{task.path} is {task.state} without its output")


def _done(home: Path) -> set[str]:
    """Names of the steps that the runs so far have recorded as done."""
    done: set[str] = set()
    for task in _tasks(home):
        given = task.execution.custom_properties.get("inputs", {})
        if task.kind == "container" and isinstance(given, dict) and task.state in _DONE:
            done.add(str(given["name"]))
    return done


def _tasks(home: Path) -> Iterator[RunTask]:
    for run in _runs(home):
        with Record.open(home) as record, record.read() as reader:
            yield from tasks_of(list(reader.executions(context_id=run.context.id, limit=10_000).items))


def _runs(home: Path) -> list[Run]:
    """Newest first."""
    if not (home / "record.db").exists():
        return []
    with Record.open(home) as record, record.read() as reader:
        try:
            return [Run(c) for c in reader.contexts(type="system.PipelineRun", descending=True, limit=10_000).items]
        except TypeNotFound:
            return []


def _start(home: Path, source: Path, told: Path, cached: bool) -> subprocess.Popen[str]:
    """The first run, or the one that resumes the newest."""
    runs = _runs(home)
    what = ["--resume", runs[0].id] if runs else [str(source), "-p", f"told={told}"]
    off = [] if runs or cached else ["--no-cache"]
    command = [sys.executable, "-m", "clew", "run", *what, *off, "--json", "--home", str(home)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )


def _compiled(source: Path) -> Path:
    target = source.with_suffix(".yaml")
    script = Path(__file__).parents[1] / "executors" / "runs" / "compile_source.py"
    subprocess.run([sys.executable, str(script), str(source), "resumed", str(target)], check=True)
    return target


def _lines(told: Path) -> list[str]:
    return told.read_text().split() if told.exists() else []
