"""Whether what a run says about single tasks is about tasks its pipeline has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.rulebook import of_home, rulebook_of
from clew.executors.rules import Rulebook, of_environ, of_mode
from clew.metadata.errors import Invalid

_MODE_WHERE = {"off": "for this run (--no-cache)", "refresh": "for this run (--refresh)"}


def rules_of_run(pipeline: ir.Pipeline, home: Path, rules: Mapping[str, Any], mode: str, at_most: str) -> Rulebook:
    """Everything that holds for a run: of its home, of the settings, of its options."""
    asked = of_mode(mode, _MODE_WHERE.get(mode, "for this run")).and_(of_mode(at_most, "here (the setting cache)"))
    return check_rules(pipeline, home, rules).and_(Rulebook(asked))


def check_rules(pipeline: ir.Pipeline, home: Path, rules: Mapping[str, Any]) -> Rulebook:
    """The rules of the home and of the run.

    Errors: Invalid for a rule that cannot be read, a task the pipeline does not have or an input it does not take.
    """
    asked = rulebook_of(rules, "for this run")
    tasks = list(_tasks(pipeline.root))
    for pattern, said in asked.tasks:
        meant = [task for path, task in tasks if _is_meant(pattern, path, task)]
        if not meant:
            raise Invalid(
                f"the pipeline has no task {pattern!r}, about which the run says something",
                field="task",
                value=pattern,
                remedy="Its tasks: " + ", ".join(path for path, _ in tasks[:20]),
            )
        inputs = {n for t in meant for n in (*t.component.inputs.parameters, *t.component.inputs.artifacts)}
        for name in sorted(said.ignore - inputs):
            raise Invalid(
                f"task {pattern!r} has no input {name!r} to ignore",
                field="ignore",
                value=name,
                remedy="Its inputs: " + (", ".join(sorted(inputs)) or "none"),
            )
    for _, task in tasks:
        if isinstance(task.component.body, ir.Container):
            of_environ(task.component.body.env)
    return of_home(home).and_(asked)


def _tasks(component: ir.Component, prefix: str = "") -> Iterator[tuple[str, ir.Task]]:
    if isinstance(component.body, ir.Dag):
        for name, task in component.body.tasks.items():
            yield prefix + name, task
            yield from _tasks(task.component, f"{prefix}{name}/")


def _is_meant(pattern: str, path: str, task: ir.Task) -> bool:
    """As :meth:`Rulebook.of`, over a pipeline that does not run yet: loops have no numbers."""
    bare = pattern.partition("#")[0]
    names = (task.name, path, task.component.name)
    return any(fnmatchcase(name, pattern) for name in names) or ("#" in pattern and path.startswith(bare))
