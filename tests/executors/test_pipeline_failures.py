from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest

from clew.executors.protocol import Silent, TaskEvent
from clew.metadata.change import Change, Receipt
from clew.metadata.committer import Outcome
from clew.metadata.errors import Invalid
from clew.metadata.node import Execution
from clew.metadata.record import Record
from clew.metadata.states import ExecutionState


def _execution(bench: Any, result: Any, name: str) -> Execution:
    task = next(t for t in result.tasks if t.name == name)
    with bench.record.read() as reader:
        found: Execution = reader.execution(int(task.execution.partition(":")[2]))
    return found


def test_a_crash_fails_its_dependents_and_lets_the_others_finish(bench: Any, states: Any) -> None:
    result = bench.run("crashes")
    assert result.state == "FAILED"
    assert states(result) == {"crash": "FAILED", "add": "SKIPPED", "add-2": "COMPLETE"}
    assert "the flood gates are open" in result.error
    assert _execution(bench, result, "crash").state is ExecutionState.FAILED


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("[" * 100_000, "is not JSON"),
        ('{"artifacts": {"out": {"artifacts": [1]}}}', "no list of artifacts"),
        ('{"artifacts": {"out": {"artifacts": {"a": 1}}}}', "no list of artifacts"),
        ('{"artifacts": {"out": {"artifacts": [{"uri": 5}]}}}', "a uri that is none"),
        ('{"artifacts": {"out": {"artifacts": [{"uri": "a\\u0000b"}]}}}', "a uri that is none"),
        ('{"artifacts": {"out": {"artifacts": [{"metadata": [1]}]}}}', "a metadata that is none"),
        ('{"artifacts": {"out": {"artifacts": [{"custom_path": 5}]}}}', "a custom_path that is none"),
        ('{"artifacts": {"out": {"artifacts": [{"custom_path": "/dev/zero"}]}}}', "no file and no folder"),
        ('{"artifacts": {"out": null}}', "wrote nothing for its output 'out'"),
    ],
)
def test_a_step_that_says_nonsense_of_its_outputs_fails_alone(bench: Any, said: str, why: str) -> None:
    result = bench.run("claiming", said=said)
    assert (result.state, [task.state for task in result.tasks]) == ("FAILED", ["FAILED"])
    assert why in result.error


@pytest.mark.parametrize("uri", ["data.csv", "./data.csv", "s3:/bucket", ""])
def test_an_importer_of_what_is_no_address_is_refused_before_anything_starts(bench: Any, uri: str) -> None:
    with pytest.raises(Invalid, match="neither an absolute path nor an address"):
        bench.run("imports", uri=uri)


def test_an_importer_of_what_a_task_names_and_is_no_address_fails(bench: Any, states: Any) -> None:
    assert states(bench.run("imports_what_a_task_names", uri="data.csv"))["importer"] == "FAILED"


def test_a_crash_leaves_its_log(bench: Any) -> None:
    result = bench.run("crashes")
    log = bench.home / "runs" / result.run / "crash" / "log.txt"
    assert "RuntimeError: the flood gates are open" in log.read_text()


def test_a_failed_execution_is_not_reused(bench: Any, states: Any) -> None:
    bench.run("crashes")
    assert states(bench.run("crashes"))["crash"] == "FAILED"


@pytest.mark.parametrize(
    ("pipeline", "says"),
    [
        ("forgetful", "wrote nothing for its output 'out'"),
        ("empty_handed", "no value for its output parameter 'Output'"),
    ],
)
def test_a_step_that_does_not_make_what_it_declares_fails(bench: Any, pipeline: str, says: str) -> None:
    result = bench.run(pipeline)
    assert result.state == "FAILED"
    assert says in result.error


@pytest.mark.parametrize("pipeline", ["straying", "linking"])
def test_an_output_outside_the_steps_folder_fails_it(bench: Any, tmp_path: Path, pipeline: str) -> None:
    (tmp_path / "elsewhere").write_text("x")
    result = bench.run(pipeline, where=str(tmp_path / "elsewhere"))
    assert result.state == "FAILED"
    assert "outside its folder" in result.error


def test_an_environment_that_cannot_be_built_fails_the_step_with_the_installers_words(bench: Any, states: Any) -> None:
    result = bench.run("needing")
    assert states(result) == {"needy": "FAILED", "add": "SKIPPED"}
    assert "nothing-1.0" in result.error
    assert _execution(bench, result, "needy").custom_properties["clew.error"] in result.error
    assert list((bench.home / "envs").rglob("clew.json")) == []


def test_a_file_that_is_not_there_is_refused_by_task_and_address_before_anything_starts(
    bench: Any, tmp_path: Path
) -> None:
    uri = (tmp_path / "nope").as_uri()
    with pytest.raises(Invalid, match="there is no such file") as refused:
        bench.run("imports", uri=uri)
    assert (refused.value.field, refused.value.value, bench.record.seq()) == ("importer", uri, 0)


def test_an_address_that_a_task_gives_and_nothing_is_at_fails_the_importer_and_is_recorded(
    bench: Any, tmp_path: Path
) -> None:
    result = bench.run("imports_what_a_task_names", uri=(tmp_path / "nope").as_uri())
    assert "nope" in result.error
    assert _execution(bench, result, "importer").state is ExecutionState.FAILED


def test_a_step_that_changes_its_input_fails_and_the_input_is_made_anew(bench: Any, states: Any) -> None:
    result = bench.run("spoiling")
    assert "changed its input" in result.error
    again = bench.run("spoiling")
    assert states(again)["write"] == "COMPLETE"


def test_a_step_past_its_timeout_is_stopped_with_all_it_started(bench: Any) -> None:
    before = time.monotonic()
    result = bench.run("sleeps", options={"step_timeout_s": 1.0})
    assert time.monotonic() - before < 10
    assert "longer than 1 s" in result.error
    assert not _sleepers(bench.home)


def test_cancel_stops_steps_and_records_them_as_canceled(bench: Any, states: Any) -> None:
    watcher = _CancelWhenRunning()
    before = time.monotonic()
    result = bench.run("sleeps", observer=watcher)
    assert time.monotonic() - before < 10
    assert (result.state, states(result)) == ("CANCELED", {"sleep": "CANCELED", "add": "SKIPPED"})
    assert _execution(bench, result, "sleep").state is ExecutionState.CANCELED
    with bench.record.read() as reader:
        assert reader.context(result.context).custom_properties["clew.state"] == "CANCELED"
    assert not _sleepers(bench.home)


def test_the_signal_handlers_are_as_before_after_a_run(bench: Any) -> None:
    before = signal.getsignal(signal.SIGINT)
    bench.run("sums")
    assert signal.getsignal(signal.SIGINT) is before


_RUNNER = """
import sys
from pathlib import Path
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.run import run_pipeline
from clew.metadata.blobs.local import LocalStore
from clew.metadata.record import Record
home = Path(sys.argv[1])
run_pipeline(Record.open(home), LocalStore(home / "blobs"), Path(sys.argv[2]), {}, options=RunOptions(home=home))
"""


def test_the_run_of_a_killed_runner_is_failed_by_the_next_run_and_its_steps_are_stopped(bench: Any) -> None:
    source = bench.compiled / "sleeps.yaml"
    runner = subprocess.Popen([sys.executable, "-c", _RUNNER, str(bench.home), str(source)])
    deadline = time.monotonic() + 30
    while not (sleepers := _sleepers(bench.home)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sleepers
    runner.kill()
    runner.wait()
    (lost,) = [p.name for p in (bench.home / "locks" / "runs").iterdir()]
    assert bench.run("sums").state == "COMPLETE"
    with bench.record.read() as reader:
        (context,) = [c for c in reader.contexts(type="system.PipelineRun").items if c.name == lost]
        executions = reader.executions(context_id=context.id).items
    assert context.custom_properties["clew.state"] == "FAILED"
    assert {e.state for e in executions} == {ExecutionState.FAILED}
    deadline = time.monotonic() + 5
    while _sleepers(bench.home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _sleepers(bench.home)
    assert not list((bench.home / "locks" / "runs").iterdir())


def test_a_run_that_cannot_record_ends_in_the_records_own_error(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from clew.metadata.errors import StoreFull

    one, many, calls = Record.commit, Record.commit_many, list[object]()

    def fail_from_the_third_on(change: object) -> None:
        calls.append(change)
        if len(calls) > 2:
            raise StoreFull("the disk is full")

    def commit(self: Record, change: Change) -> Receipt:
        fail_from_the_third_on(change)
        return one(self, change)

    def commit_many(self: Record, changes: Sequence[Change]) -> list[Outcome]:
        fail_from_the_third_on(changes)
        return many(self, changes)

    monkeypatch.setattr(Record, "commit", commit)
    monkeypatch.setattr(Record, "commit_many", commit_many)
    with pytest.raises(StoreFull):
        bench.run("sums")
    whole = "import fcntl, sys; fcntl.lockf(open(sys.argv[1], 'r+b'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    claims = bench.home / "locks" / "steps" / "claims"
    subprocess.run([sys.executable, "-c", whole, str(claims)], check=True)  # nothing is claimed any more


class _CancelWhenRunning(Silent):
    """Sends us SIGINT, as Ctrl-C does, once the step is under way."""

    def task_changed(self, event: TaskEvent) -> None:
        if event.state == "RUNNING":
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()


def _sleepers(home: Path) -> list[psutil.Process]:
    """Processes whose working directory lies under ``home`` and that sleep."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "sleep" and Path(process.cwd()).is_relative_to(home):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
