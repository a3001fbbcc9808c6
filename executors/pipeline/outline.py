"""A pipeline as it is written: its tasks and what they wait for, before any loop is unrolled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from clew.executors.pipeline import ir


@dataclass(frozen=True, slots=True)
class Link:
    """A task waits for another beside it."""

    task: str
    """Path of the other."""
    carries: tuple[str, ...]
    """Names of the inputs that it fills; empty where only its end matters."""


@dataclass(frozen=True, slots=True)
class Outlined:
    """One task."""

    path: str
    """As in a run, but without the numbers of iterations: ``for-loop-1/train``."""
    parent: str
    """Path of the graph it lies in; empty for the pipeline itself."""
    task: ir.Task
    after: tuple[Link, ...]

    @property
    def kind(self) -> str:
        """container, importer, resolver or dag."""
        return type(self.task.component.body).__name__.lower()

    @property
    def image(self) -> str:
        """Of a container: the image it names."""
        body = self.task.component.body
        return body.image if isinstance(body, ir.Container) else ""


def outline(pipeline: ir.Pipeline) -> Iterator[Outlined]:
    """The tasks of a pipeline, each graph before what lies in it."""
    assert isinstance(pipeline.root.body, ir.Dag)
    yield from _within(pipeline.root.body, "")


def _within(dag: ir.Dag, parent: str) -> Iterator[Outlined]:
    for name, task in dag.tasks.items():
        path = _inside(parent, name)
        links = tuple(Link(_inside(parent, before), _carried(task, before)) for before in task.after)
        yield Outlined(path, parent, task, links)
        if isinstance(task.component.body, ir.Dag):
            yield from _within(task.component.body, path)


def _inside(parent: str, name: str) -> str:
    return f"{parent}/{name}" if parent else name


def _carried(task: ir.Task, before: str) -> tuple[str, ...]:
    """The inputs of ``task`` that come from the task ``before``."""
    sources = {name: wanted.source for name, wanted in task.parameters.items()} | dict(task.artifacts)
    return tuple(
        name
        for name, source in sources.items()
        if isinstance(source, ir.TaskOutput | ir.FinalStatus) and source.task == before
    )
