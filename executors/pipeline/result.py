"""What became of a run and its tasks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clew.executors.pipeline.unfold import Frame, Node

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What became of one task."""

    name: str
    """Path in the run, loop index as ``#i``: ``for-loop-1#2/train``."""
    kind: str
    """container, importer or dag."""
    state: str
    """COMPLETE, CACHED, FAILED, CANCELED or SKIPPED."""
    cached: bool
    """Of a dag: whether everything in it was reused."""
    seconds: float
    fingerprint: str | None
    execution: str | None
    outputs: dict[str, Any]
    message: str = ""
    saved_seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        """The entry of ``clew run --json``."""
        return {
            "name": self.name,
            "kind": self.kind,
            "state": self.state,
            "cached": self.cached,
            "seconds": round(self.seconds, 3),
            "fingerprint": self.fingerprint,
            "execution": self.execution,
            "outputs": self.outputs,
        }


@dataclass(frozen=True, slots=True)
class RunResult:
    """What became of a run."""

    run: str
    """Its id: the name of its ``system.PipelineRun`` context."""
    state: str
    """COMPLETE, FAILED or CANCELED."""
    outputs: dict[str, Any]
    tasks: list[TaskResult]
    seconds: float
    context: int
    """The run's context in the record."""
    error: str = ""

    @property
    def saved_seconds(self) -> float:
        """What the reused steps took when they ran."""
        return sum(task.saved_seconds for task in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """The object of ``clew run --json``."""
        tasks = [task.as_dict() for task in self.tasks]
        return {"run": self.run, "state": self.state, "outputs": self.outputs, "tasks": tasks}


def results(frame: Frame) -> Iterator[TaskResult]:
    """What became of each task in a graph that ended, in order; of loops also of each iteration."""
    for node in frame.nodes.values():
        yield _result(node)
        for inner in node.iterations:
            if inner is not None:
                if node.task.loop is not None:
                    yield _iteration_result(node, inner)
                yield from results(inner)


def _result(node: Node) -> TaskResult:
    return TaskResult(
        name=node.path,
        kind=node.kind,
        state=node.state,
        cached=node.cached,
        seconds=node.seconds,
        fingerprint=node.fingerprint,
        execution=None if node.execution is None else f"execution:{node.execution}",
        outputs=node.outputs.as_dict(node.lists),
        message=node.message,
        saved_seconds=node.saved_seconds,
    )


def _iteration_result(node: Node, frame: Frame) -> TaskResult:
    return TaskResult(
        name=frame.path,
        kind="dag",
        state=frame.state,
        cached=frame.is_all_reused(),
        seconds=frame.seconds,
        fingerprint=None,
        execution=f"execution:{frame.execution}",
        outputs=frame.results.as_dict(),
    )
