"""Resume, retry and clone: what is taken over, what runs again, and what the record says of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clew.executors.pipeline.load import load
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.executors.runs.about import About
from clew.executors.runs.again import cloned, resumed, retried, with_dependents
from clew.executors.runs.cancel import ask_to_cancel
from clew.executors.runs.find import RunFilter, run_named
from clew.executors.runs.keeper import Keeper
from clew.executors.runs.kept import KEPT_OPTIONS, Run
from clew.executors.runs.service import RunService
from clew.metadata.errors import Conflict, Invalid, NotFound, UsageError
from clew.metadata.record import Record

STEPS = """
from kfp import compiler, dsl

@dsl.component
def step(name: str, told: str, flag: str) -> str:
    import os
    with open(told, "a") as out:
        out.write(name + "\\n")
    if os.path.exists(flag + "." + name):
        raise SystemExit(name + " is told to fail")
    return name

@dsl.component
def write(told: str, out: dsl.Output[dsl.Dataset]):
    with open(told, "a") as log:
        log.write("write\\n")
    with open(out.path, "w") as target:
        target.write("bytes")

@dsl.component
def read(data: dsl.Input[dsl.Dataset], told: str) -> str:
    with open(told, "a") as log:
        log.write("read\\n")
    return open(data.path).read()

@dsl.pipeline(name="inner")
def inner(told: str, flag: str) -> str:
    one = step(name="inner-one", told=told, flag=flag)
    two = step(name="inner-two", told=told, flag=flag).after(one)
    return two.output

@dsl.pipeline(name="resumable")
def resumable(told: str, flag: str = "none") -> str:
    a = step(name="a", told=told, flag=flag).set_caching_options(False)
    b = step(name="b", told=told, flag=flag).set_caching_options(False).after(a)
    made = write(told=told)
    seen = read(data=made.outputs["out"], told=told)
    step(name="whatever", told=told, flag=flag).after(b).ignore_upstream_failure()
    nested = inner(told=told, flag=flag).after(b)
    with dsl.ParallelFor(["x", "y"]) as item:
        step(name=item, told=told, flag=flag)
    return seen.output

compiler.Compiler().compile(resumable, "{target}")
"""


@pytest.fixture(scope="module")
def resumable(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("resumable")
    target = folder / "resumable.yaml"
    (folder / "source.py").write_text(STEPS.replace("{target}", str(target)))
    subprocess.run([sys.executable, "-W", "ignore", str(folder / "source.py")], check=True, timeout=120)
    return target


class Runs:
    """A home in which the pipeline above runs and runs again."""

    def __init__(self, folder: Path, pipeline: Path, record: Record, store: Any) -> None:
        self.told, self.flag = folder / "told", folder / "flag"
        self.pipeline = pipeline
        self.record, self.store = record, store
        self.options = RunOptions(home=folder / "home", step_timeout_s=60.0)

    def first(self, **options: Any) -> RunResult:
        given = {"told": str(self.told), "flag": str(self.flag)}
        return run_pipeline(self.record, self.store, self.pipeline, given, options=replace(self.options, **options))

    def again(self, how: Any, run: str, *more: Any) -> RunResult:
        what = how(self.record, self.store, run, self.options, *more)
        return run_pipeline(self.record, self.store, what.pipeline, what.parameters, options=what.options)

    def ran(self) -> list[str]:
        """What ran since the last time this was asked."""
        lines = sorted(self.told.read_text().split()) if self.told.exists() else []
        self.told.write_text("")
        return lines

    def fail(self, name: str, wanted: bool = True) -> None:
        flag = self.flag.with_name(f"flag.{name}")
        flag.touch() if wanted else flag.unlink()

    def run(self, id: str) -> Run:
        with self.record.read() as reader:
            return run_named(reader, id)


@pytest.fixture
def runs(bench: Any, tmp_path: Path, resumable: Path) -> Runs:
    return Runs(tmp_path, resumable, bench.record, bench.store)


def test_a_resumed_run_takes_over_what_was_done_even_without_the_cache(runs: Runs) -> None:
    runs.fail("b")
    first = runs.first(cache="off")
    assert first.state == "FAILED"
    assert runs.ran() == ["a", "b", "read", "whatever", "write", "x", "y"]
    runs.fail("b", wanted=False)
    second = runs.again(resumed, first.run)
    assert (second.state, second.outputs) == ("COMPLETE", {"Output": "bytes"})
    assert runs.ran() == ["b", "inner-one", "inner-two", "whatever"]
    states = {task.name: task.state for task in second.tasks if task.kind == "container"}
    assert (states["step"], states["step-2"], states["for-loop-2#1/step-4"]) == ("CACHED", "COMPLETE", "CACHED")


def test_options_that_are_said_count_and_the_others_are_as_before(runs: Runs) -> None:
    runs.fail("b")
    first = runs.first(cache="off", max_parallel=3)
    chosen = replace(runs.options, max_parallel=2)
    again = resumed(runs.record, runs.store, first.run, chosen)
    assert (again.options.max_parallel, again.options.cache) == (2, "off")
    assert resumed(runs.record, runs.store, first.run, runs.options).options.max_parallel == 3


def test_a_remembered_failure_is_tried_again(runs: Runs) -> None:
    runs.fail("inner-one")
    first = runs.first(rules={"failures": "1h"})
    assert first.state == "FAILED"
    runs.fail("inner-one", wanted=False)
    assert runs.again(resumed, first.run).state == "COMPLETE"


def test_what_was_taken_over_names_the_execution_that_did_it(runs: Runs) -> None:
    runs.fail("b")
    first = runs.first()
    done = {task.name: task.execution for task in first.tasks}
    second = runs.again(resumed, first.run)
    third = runs.again(resumed, second.run)
    for result in (second, third):
        execution = next(task.execution for task in result.tasks if task.name == "step")
        assert execution is not None
        with runs.record.read() as reader:
            node = reader.execution(int(execution.partition(":")[2]))
        assert f"execution:{node.custom_properties['cached_execution_id']}" == done["step"]
    assert [runs.run(third.run).about.resumed_from, runs.run(second.run).about.resumed_from] == [second.run, first.run]


def test_a_damaged_output_is_not_taken_over(runs: Runs) -> None:
    runs.fail("b")
    first = runs.first(cache="off")
    runs.ran()
    made = next(task.outputs["out"]["uri"] for task in first.tasks if task.name == "write")
    os.unlink(made.removeprefix("file://"))
    runs.again(resumed, first.run)
    assert [name for name in runs.ran() if name in ("write", "read")] == ["write"]  # the same bytes: read is as before


def test_a_complete_run_resumed_runs_nothing(runs: Runs) -> None:
    first = runs.first(cache="off")
    runs.ran()
    again = runs.again(resumed, first.run)
    assert (again.state, again.outputs, runs.ran()) == ("COMPLETE", first.outputs, [])


def test_retry_of_a_task_runs_it_and_what_depends_on_it(runs: Runs) -> None:
    first = runs.first()
    runs.ran()
    again = runs.again(retried, first.run, "step-2")
    assert again.state == "COMPLETE"
    assert runs.ran() == ["b", "inner-one", "inner-two", "whatever"]


def test_retry_of_a_task_in_a_loop_runs_that_iteration_alone(runs: Runs) -> None:
    first = runs.first()
    runs.ran()
    runs.again(retried, first.run, "for-loop-2#1/step-4")
    assert runs.ran() == ["y"]


def test_retry_without_a_task_needs_something_that_failed(runs: Runs) -> None:
    first = runs.first()
    with pytest.raises(Conflict, match="nothing in it failed"):
        runs.again(retried, first.run)


def test_a_task_that_is_not_there_is_named_with_those_that_are(runs: Runs) -> None:
    with pytest.raises(Invalid, match="no task 'nope'") as caught:
        with_dependents(load(runs.pipeline), "nope")
    assert "step-2" in (caught.value.remedy or "")


def test_a_clone_goes_through_the_cache_with_other_parameters(runs: Runs, tmp_path: Path) -> None:
    first = runs.first(about=About("nightly", "churn", {"team": "search"}))
    runs.ran()
    same = runs.again(cloned, first.run)
    assert runs.ran() == ["a", "b"]  # for which caching is off
    other = runs.again(cloned, first.run, {"flag": "other"})
    assert runs.run(other.run).parameters["flag"] == "other"
    about = runs.run(same.run).about
    assert (about.name, about.experiment, about.labels, about.cloned_from) == (
        "nightly",
        "churn",
        {"team": "search"},
        first.run,
    )


def test_a_run_keeps_what_it_takes_to_run_it_again(runs: Runs) -> None:
    result = runs.first(cache="refresh", max_parallel=3)
    kept = runs.run(result.run)
    with runs.store.open(kept.spec) as stream:
        assert stream.read().decode() == runs.pipeline.read_text()
    wanted = {"cache": "refresh", "max_parallel": 3, "step_timeout_s": 60.0}
    assert {name: kept.options[name] for name in wanted} == wanted
    assert set(kept.options) == {name for name in KEPT_OPTIONS if getattr(runs.options, name) is not None}


def test_runs_are_found_by_name_experiment_label_and_state(runs: Runs) -> None:
    runs.first(about=About("nightly", "churn", {"team": "search", "a/b": 'it\'s "x" \\ y'}))
    runs.first()
    for chosen, expected in [
        (RunFilter(name="nightly"), 1),
        (RunFilter(experiment="churn"), 1),
        (RunFilter(experiment="Default"), 1),
        (RunFilter(labels={"team": "search", "a/b": 'it\'s "x" \\ y'}), 1),
        (RunFilter(labels={"team": "other"}), 0),
        (RunFilter(state="COMPLETE", archived=False), 2),
        (RunFilter(archived=True), 0),
    ]:
        with runs.record.read() as reader:
            assert len(reader.contexts(type="system.PipelineRun", where=chosen.text()).items) == expected, chosen


def test_a_run_is_named_by_a_part_of_its_id_that_is_its_own(runs: Runs) -> None:
    result = runs.first()
    with runs.record.read() as reader:
        for text in (result.run, result.run[:4], f"context:{result.context}"):
            assert run_named(reader, text).id == result.run
        with pytest.raises(NotFound):
            run_named(reader, "ffffffff-0000")
        with pytest.raises(UsageError, match="names no run"):
            run_named(reader, result.run[:3])
        with pytest.raises(NotFound, match=r"not a run"):
            run_named(reader, "context:1" if result.context != 1 else "context:2")


@pytest.mark.parametrize(
    "about",
    [About("a\nb"), About(experiment=""), About(labels={"-": "x"}), About(labels={"a": "\x00"}), About("x" * 256)],
)
def test_a_bad_name_or_label_is_refused_before_a_run_is_made(runs: Runs, about: About) -> None:
    with pytest.raises(UsageError):
        runs.first(about=about)
    with runs.record.read() as reader, pytest.raises(NotFound):
        reader.contexts(type="system.PipelineRun")


def test_a_request_in_the_record_cancels_a_run_soon(bench: Any) -> None:
    from clew.metadata.ids import Kind

    found: list[str] = []

    def ask() -> None:
        with Record.open(bench.home) as other:  # as another process would
            while not found:
                time.sleep(0.05)
                with other.read() as reader:
                    if not any(t.name == "system.PipelineRun" for t in reader.types(Kind.CONTEXT)):
                        continue
                    (context,) = reader.contexts(type="system.PipelineRun").items
                    running = reader.executions(context_id=context.id, where="state = RUNNING").items
                    found.extend(e.type for e in running if e.type == "system.ContainerExecution")
            ask_to_cancel(other, Run(context), bench.home, actor="")

    thread = threading.Thread(target=ask)
    thread.start()
    started = time.monotonic()
    result = bench.run("sleeps", seconds=60.0)
    thread.join()
    assert result.state == "CANCELED"
    assert time.monotonic() - started < 20
    assert {task.state for task in result.tasks} <= {"CANCELED", "SKIPPED", "COMPLETE"}


def killed(runs: Runs) -> Run:
    """A run whose runner was killed as its first task began."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom clew.executors.pipeline.run import RunOptions, run_pipeline\n"
        "from clew.metadata.blobs.local import LocalStore\nfrom clew.metadata.record import Record\n"
        "import os, signal\nfrom clew.executors.protocol import Silent\n"
        "class Die(Silent):\n    def task_changed(self, event):\n        os.kill(os.getpid(), signal.SIGKILL)\n"
        "home = Path(sys.argv[1])\n"
        "run_pipeline(Record.open(home), LocalStore(home / 'blobs'), Path(sys.argv[2]), {'told': sys.argv[3]},"
        " options=RunOptions(home=home), observer=Die())\n"
    )
    died = subprocess.run([sys.executable, "-c", script, runs.options.home, runs.pipeline, runs.told], timeout=60)
    assert died.returncode == -signal.SIGKILL
    with runs.record.read() as reader:
        (context,) = reader.contexts(type="system.PipelineRun").items
    assert Run(context).state == "RUNNING"
    return Run(context)


def test_a_server_marks_a_run_whose_runner_died(runs: Runs) -> None:
    run = killed(runs)
    Keeper(RunService(runs.record, runs.store, runs.options)).tick()
    assert (runs.run(run.id).state, runs.run(run.id).error) == ("FAILED", "the process that ran it is gone")


def test_a_run_whose_runner_is_dead_is_canceled_at_once(runs: Runs) -> None:
    run, home = killed(runs), runs.options.home
    ask_to_cancel(runs.record, run, home, actor="")
    assert runs.run(run.id).state == "CANCELED"
    with runs.record.read() as reader:
        assert reader.executions(context_id=run.context.id, where="state = RUNNING").items == []
    with pytest.raises(Conflict, match="is CANCELED already"):
        ask_to_cancel(runs.record, runs.run(run.id), home, actor="")
