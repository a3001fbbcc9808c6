"""Run a run again: resume, retry or clone it. Each is a new run, since what was recorded stays as it was."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.lease import close_lost_runs
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.runs.about import About
from clew.executors.runs.find import run_named
from clew.executors.runs.kept import Run, spec_text
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import Conflict, Invalid
from clew.metadata.record import Record

_INDEX = re.compile(r"#\d+$")


@dataclass(frozen=True, slots=True)
class Again:
    """All that a run needs."""

    pipeline: ir.Pipeline
    parameters: dict[str, Any]
    options: RunOptions


def resumed(record: Record, store: ArtifactStore, run: str, options: RunOptions) -> Again:
    """The run that goes on where ``run`` ended: what that recorded as done is taken over.

    How it runs is as before, but for what ``options`` say otherwise than the default.
    Errors: NotFound, UsageError for the run; Conflict while it goes on; InvalidPipeline.
    """
    found = _over(record, run, options)
    return _again(store, found, options, {}, _heir(found))


def retried(record: Record, store: ArtifactStore, run: str, options: RunOptions, task: str = "") -> Again:
    """The run that does again what failed in ``run``; with ``task`` that task and what depends on it instead.

    Errors: as :func:`resumed`; Conflict when nothing failed; Invalid when there is no such task.
    """
    found = _over(record, run, options)
    if not task and found.state == "COMPLETE":
        raise Conflict(
            f"run {found.id} is COMPLETE: nothing in it failed",
            field="run",
            value=found.id,
            remedy="Name the task to run again with --task, or use `clew runs clone`",
        )
    again = _again(store, found, options, {}, _heir(found))
    if not task:
        return again
    about = replace(again.options.about, rerun=tuple(with_dependents(again.pipeline, task)))
    return replace(again, options=replace(again.options, about=about))


def cloned(
    record: Record, store: ArtifactStore, run: str, options: RunOptions, parameters: Mapping[str, Any] | None = None
) -> Again:
    """A run of the same pipeline from its beginning, through the cache, with other ``parameters`` where given."""
    with record.read() as reader:
        found = run_named(reader, run)
    about = found.about
    clone = About(about.name, _experiment(about), about.labels, cloned_from=found.id)
    return _again(store, found, options, parameters or {}, clone)


def with_dependents(pipeline: ir.Pipeline, path: str) -> list[str]:
    """``path`` and the paths of all tasks that depend on it, in its own graph and in those around it.

    Errors: Invalid when the pipeline has no such task.
    """
    assert isinstance(pipeline.root.body, ir.Dag)
    dag, found, prefix = pipeline.root.body, [], ""
    names = path.split("/")
    for depth, part in enumerate(names):
        name = _INDEX.sub("", part)
        if name not in dag.tasks:
            raise Invalid(
                f"the pipeline has no task {path!r}: there is no {name!r} in {prefix.rstrip('/') or 'it'}",
                field="task",
                value=path,
                remedy="Its tasks there: " + ", ".join(dag.tasks),
            )
        found += [prefix + other for other in _dependents(dag, name)]
        if depth == len(names) - 1:
            break
        body = dag.tasks[name].component.body
        if not isinstance(body, ir.Dag):
            raise Invalid(f"the task {prefix + part!r} has no tasks in it", field="task", value=path)
        dag, prefix = body, f"{prefix}{part}/"
    return [path, *found]


def _dependents(dag: ir.Dag, name: str) -> list[str]:
    """The tasks of a graph that wait for ``name``, and for those that do."""
    found = {name}
    while more := {n for n, task in dag.tasks.items() if n not in found and found & set(task.after)}:
        found |= more
    return [n for n in dag.tasks if n in found and n != name]


def _over(record: Record, run: str, options: RunOptions) -> Run:
    """The run, which must not go on. Errors: NotFound, UsageError, Conflict."""
    home = options.home.absolute()
    close_lost_runs(record, home / "locks" / "runs", home / "runs", actor=options.actor)
    with record.read() as reader:
        found = run_named(reader, run)
    if found.is_open:
        raise Conflict(
            f"run {found.id} is {found.state}: it is not over",
            field="run",
            value=found.id,
            remedy="Wait for it with `clew runs wait`, or stop it with `clew runs cancel`",
        )
    return found


def _heir(found: Run) -> About:
    about = found.about
    return About(about.name, _experiment(about), about.labels, resumed_from=found.id)


def _experiment(about: About) -> str:
    return about.experiment or About().experiment


def _again(store: ArtifactStore, found: Run, options: RunOptions, parameters: Mapping[str, Any], about: About) -> Again:
    pipeline = parse(spec_text(store, found))
    plain = RunOptions(home=options.home)
    kept: dict[str, Any] = {
        name: value for name, value in found.options.items() if getattr(options, name) == getattr(plain, name)
    }
    chosen = replace(options, **kept, namespace=found.context.namespace, about=about)
    return Again(pipeline, found.parameters | dict(parameters), chosen)
