"""Whatever pipeline is drawn, running it gives what evaluating it gives, and running it again runs nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clew.executors.pipeline.load import load
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.plan import plan
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.executors.process import LocalProcesses
from tests.executors.programs import Spelling, evaluate, programs


@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # runs are slow: the program found is printed as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(program=programs, n=st.integers(-3, 6))
def test_a_drawn_pipeline_gives_what_direct_evaluation_gives(
    bench: Any, compile_source: Callable[[str], Path], program: tuple[Any, ...], n: int
) -> None:
    source = Spelling().source(program)
    path = compile_source(source)
    with closing(LocalProcesses()) as executor:
        options = RunOptions(home=bench.home, executor=executor)
        foreseen = _verdicts(bench, path, n, options)
        first = run_pipeline(bench.record, bench.store, path, {"n": n}, options=options)
        foreseen_again = _verdicts(bench, path, n, options)
        again = run_pipeline(bench.record, bench.store, path, {"n": n}, options=options)
    assert first.outputs == {"Output": evaluate(program, [n])}, f"{first.error}\n{source}"
    assert again.outputs == first.outputs
    assert {t.state for t in again.tasks if t.kind == "container"} <= {"CACHED"}
    assert _came_true(foreseen, first), source
    assert _came_true(foreseen_again, again), source
    assert set(foreseen_again.values()) <= {"hit", "skip"}, source


def _verdicts(bench: Any, path: Path, n: int, options: RunOptions) -> dict[str, str]:
    """What `clew plan` says of each task."""
    told = plan(bench.record, bench.store, load(path), {"n": n}, options=options)
    return {task.name: task.verdict for task in told.tasks}


def _came_true(verdicts: dict[str, str], result: RunResult) -> bool:
    """Whether each task did what was foreseen of it; of one that waits, nothing was. Of equal tasks any one runs."""
    ran = {task.fingerprint for task in result.tasks if task.kind == "container" and task.state == "COMPLETE"}
    for task in result.tasks:
        verdict = verdicts.get(task.name) if task.kind == "container" or task.state == "SKIPPED" else ""
        match verdict:
            case "hit" if task.state != "CACHED":
                return False
            case "run" if task.state == "CACHED" and task.fingerprint not in ran:
                return False
            case "skip" if task.state != "SKIPPED":
                return False
    return True
