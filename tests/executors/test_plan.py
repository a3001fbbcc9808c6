"""A plan is what the run then does: told before, by the same engine, and nothing is left behind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from clew.executors.pipeline import plan as plan_module
from clew.executors.pipeline.load import load
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.plan import Plan, plan
from clew.executors.pipeline.result import RunResult
from clew.executors.pipeline.run import run_pipeline
from clew.executors.process import LocalProcesses
from clew.metadata.change import Change
from clew.metadata.states import ArtifactState
from tests.executors.programs import Spelling, programs


def verdicts(plan: Plan) -> dict[str, str]:
    return {task.name: task.verdict for task in plan.tasks if task.kind != "dag"}


def came_true(plan: Plan, result: RunResult) -> None:
    """Whatever was told of a task became of it, and what is not told of was waited for."""
    became = {task.name: task.state for task in result.tasks if task.kind != "dag"}
    told = verdicts(plan)
    allowed = {"hit": {"CACHED"}, "run": {"COMPLETE", "FAILED"}, "skip": {"SKIPPED"}, "fail": {"FAILED"}}
    waiting = {task.name for task in plan.tasks if task.verdict == "wait"}
    twins = {task.fingerprint for task in plan.tasks if task.verdict == "wait" and task.fingerprint}
    either = {task.name for task in plan.tasks if task.fingerprint in twins}  # which of equal tasks runs is chance
    sure = {name: verdict for name, verdict in told.items() if name not in waiting | either}
    assert {n: (v, became[n]) for n, v in sure.items() if became[n] not in allowed[v]} == {}
    untold = [n for n in became.keys() - told.keys() if not any(n.startswith((f"{w}/", f"{w}#")) for w in waiting)]
    assert untold == []


def standing(home: Path) -> dict[str, tuple[int, int]]:
    """Every file of a home, and how it stands; a database that was only read keeps its bytes."""
    found = {}
    for folder, _, files in os.walk(home):
        for name in files:
            info = (Path(folder) / name).stat()
            if not name.startswith("record.db-"):
                found[str(Path(folder) / name)] = (info.st_mtime_ns, info.st_size)
    return found


@pytest.mark.parametrize(
    "pipeline",
    ["sums", "words", "nested", "loop", "loops", "hollow", "kinds", "folders", "ways", "annotated", "crashes"],
)
def test_a_first_run_and_a_second_are_as_they_were_planned(bench: Any, pipeline: str) -> None:
    first = bench.plan(pipeline)
    assert "hit" not in verdicts(first).values()
    assert "run" in verdicts(first).values() or pipeline == "hollow"
    came_true(first, bench.run(pipeline))
    second = bench.plan(pipeline)
    came_true(second, bench.run(pipeline))
    if pipeline != "crashes":
        assert set(verdicts(second).values()) <= {"hit"}


@pytest.mark.parametrize(
    ("pipeline", "given"),
    [
        ("if_elif_else", {"n": 2}),
        ("oneof_artifact", {"n": 2}),
        ("conditional_in_loop", {}),
        ("loop_then_condition", {}),
        ("upstream_loop", {}),
        ("struct_loop", {}),
        ("loops_in_loops", {}),
        ("artifacts_of_loops", {}),
        ("loop_over_artifacts", {}),
        ("guarded", {"folder": True}),
        ("guarded", {"folder": True, "fails": True}),
        ("ignores_failure", {"folder": True}),
        ("optionals", {}),
        ("five_deep", {}),
    ],
)
def test_conditions_loops_and_exit_tasks_are_as_they_were_planned(
    bench: Any, tmp_path: Path, pipeline: str, given: dict[str, Any]
) -> None:
    given = {name: str(tmp_path) if value is True and name == "folder" else value for name, value in given.items()}
    for _ in range(2):
        plan = bench.plan(pipeline, **given)
        came_true(plan, bench.run(pipeline, **given))
    if pipeline in ("five_deep", "if_elif_else", "loops_in_loops", "loop_over_artifacts"):
        assert "wait" not in verdicts(plan).values()


def test_what_depends_on_what_has_to_run_waits_and_the_rest_is_known(bench: Any) -> None:
    bench.run("loop", offset=0)
    plan = bench.plan("loop", offset=5)
    told = verdicts(plan)
    assert (told["largest"], told["for-loop-2#0/square"], told["add"]) == ("hit", "hit", "run")
    came_true(plan, bench.run("loop", offset=5))
    fresh = bench.plan("words", text="never seen")
    assert verdicts(fresh) == {"write": "run", "shout": "wait", "count-words": "wait"}
    assert "write has to run before" in next(t.reason for t in fresh.tasks if t.name == "shout")


def test_what_has_to_run_is_told_with_what_changed(bench: Any) -> None:
    bench.run("words", text="a b c")
    (write,) = [t for t in bench.plan("words", text="a b d").tasks if t.name == "write"]
    assert [(c["part"], c["after"]) for c in write.changed] == [("parameters.text", "a b d")]
    assert "changed since execution:" in write.reason


def test_a_plan_knows_deleted_bytes_invalid_states_rules_and_imported_files(bench: Any, tmp_path: Path) -> None:
    (raw := tmp_path / "raw.txt").write_text("one two")
    bench.run("imports", uri=raw.as_uri())
    assert verdicts(bench.plan("imports", uri=raw.as_uri())) == {"importer": "hit", "count-words": "hit"}
    raw.write_text("one two three")
    changed = bench.plan("imports", uri=raw.as_uri())
    assert verdicts(changed) == {"importer": "run", "count-words": "run"}
    came_true(changed, bench.run("imports", uri=raw.as_uri()))
    made = next(t for t in bench.run("words").tasks if t.name == "write")
    change = Change()
    change.artifact(id=int(made.outputs["out"]["artifact"].partition(":")[2]), state=ArtifactState.DELETED)
    bench.record.commit(change)
    assert verdicts(bench.plan("words"))["write"] == "run"
    assert set(verdicts(bench.plan("words", options={"cache": "off"})).values()) == {"run", "wait"}


def test_nothing_is_written_and_nothing_started(bench: Any) -> None:
    bench.run("words")
    seq, before = bench.record.seq(), standing(bench.home)
    bench.plan("words")
    bench.plan("loop")
    bench.plan("twins", folder="/nowhere")
    assert (bench.record.seq(), standing(bench.home)) == (seq, before)


def test_of_equal_tasks_one_runs(bench: Any, tmp_path: Path) -> None:
    assert sorted(verdicts(bench.plan("twins", folder=str(tmp_path))).values()) == ["run", "wait"]


def test_an_environment_that_is_not_built_is_waited_for(bench: Any) -> None:
    text = (bench.compiled / "sums.yaml").read_text()
    (bench.compiled / "needs_more.yaml").write_text(text.replace("'kfp==", "'iniconfig==2.0.0' 'kfp=="))
    plan = bench.plan("needs_more")
    assert set(verdicts(plan).values()) == {"wait"}
    assert "is not built yet" in plan.tasks[0].reason
    assert not (bench.home / "envs").exists()


def test_what_is_known_to_fail_is_told(bench: Any) -> None:
    assert verdicts(bench.plan("needing")) == {"needy": "fail", "add": "skip"}
    bench.run("crashes")
    told = verdicts(bench.plan("crashes", options={"rules": {"failures": "1h"}}))
    assert (told["crash"], told["add"]) == ("fail", "skip")


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # runs are slow: the program found is printed as it is
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(program=programs, n=st.integers(-3, 6), other=st.integers(-3, 6))
def test_whatever_pipeline_is_drawn_its_plan_comes_true(
    bench: Any, compile_source: Callable[[str], Path], program: tuple[Any, ...], n: int, other: int
) -> None:
    path = compile_source(Spelling().source(program))
    with closing(LocalProcesses()) as executor:
        options = RunOptions(home=bench.home, executor=executor)
        for value in (n, other, n):
            planned = plan(bench.record, bench.store, load(path), {"n": value}, options=options)
            came_true(planned, run_pipeline(bench.record, bench.store, path, {"n": value}, options=options))
    assert set(verdicts(planned).values()) <= {"hit", "skip"}


def test_a_graph_that_waits_counts_as_one_and_an_opened_one_by_its_tasks(bench: Any) -> None:
    plan_of_nested = bench.plan("nested")
    assert [(t.name, t.verdict) for t in plan_of_nested.steps] == [
        ("inner-sums/add", "run"),
        ("inner-sums/write", "wait"),
        ("inner-sums-2", "wait"),
        ("count-words", "wait"),
    ]
    assert (plan_of_nested.count("run"), plan_of_nested.count("wait")) == (1, 3)


def test_tasks_that_look_for_one_environment_at_once_wait_for_each_other(
    bench: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = plan_module._AsTheyAre._provided

    def slowly(*arguments: Any) -> Any:
        time.sleep(0.3)
        return found(*arguments)

    monkeypatch.setattr(plan_module._AsTheyAre, "_provided", slowly)
    assert {task.verdict for task in bench.plan("loops").tasks} <= {"run", "wait"}
