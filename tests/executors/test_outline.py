from __future__ import annotations

from pathlib import Path

from clew.executors.pipeline.load import parse
from clew.executors.pipeline.outline import Link, outline
from clew.executors.runs.task import parent_of

EXAMPLE = Path(__file__).parents[2] / "examples" / "breast_cancer" / "pipeline.yaml"


def test_an_outline_tells_each_task_with_what_it_waits_for() -> None:
    told = {task.path: task for task in outline(parse(EXAMPLE.read_text()))}
    train = next(task for path, task in told.items() if path.endswith("/train"))
    loop = told[train.parent]
    assert (loop.kind, loop.task.loop is not None, train.kind) == ("dag", True, "container")
    assert any(link.task == "split" and link.carries for link in loop.after)
    assert Link(loop.path, ("models", "scores")) in [
        Link(link.task, tuple(sorted(link.carries))) for link in told["select"].after
    ]


def test_graphs_come_before_what_lies_in_them() -> None:
    seen = {""}
    for task in outline(parse(EXAMPLE.read_text())):
        assert task.parent in seen
        seen.add(task.path)


def test_the_parent_of_a_path_is_its_iteration_then_its_loop() -> None:
    assert [parent_of(path) for path in ("a#2/b#0/c", "a#2/b#0", "a#2/b", "a#2", "a")] == [
        "a#2/b#0",
        "a#2/b",
        "a#2",
        "a",
        "",
    ]
