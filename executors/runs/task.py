"""One task of a run, as its execution tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from clew.executors.marks import SAVED_MS
from clew.metadata.node import Execution
from clew.metadata.states import ExecutionState

KINDS = {
    "system.ContainerExecution": "container",
    "system.ImporterExecution": "importer",
    "clew.ResolverExecution": "resolver",
    "system.DAGExecution": "dag",
}


@dataclass(frozen=True, slots=True)
class RunTask:
    """The execution of a task, read."""

    execution: Execution

    @property
    def path(self) -> str:
        """Where it stands in the run: ``for-loop-1#2/train``; empty of the run as a whole."""
        return self._text("clew.path")

    @property
    def kind(self) -> str:
        """container, importer, resolver or dag."""
        return KINDS.get(self.execution.type, self.execution.type)

    @property
    def state(self) -> str:
        """RUNNING, COMPLETE, CACHED, FAILED, CANCELED, or SKIPPED: what was not triggered is CANCELED in the record."""
        state = self.execution.state
        if self.skipped:
            return "SKIPPED"
        return "" if state is None else ExecutionState(state).name

    @property
    def skipped(self) -> str:
        """Why it was not triggered; empty when it was."""
        return f"{self._text('clew.skipped')}: {self._text('clew.condition')}" if self._text("clew.skipped") else ""

    @property
    def parent(self) -> str:
        """Path of the graph or iteration it lies in; empty for the run itself."""
        return parent_of(self.path)

    @property
    def iteration(self) -> int | None:
        """Of an iteration of a loop: which."""
        last = self.path.rpartition("/")[2].rpartition("#")
        return int(last[2]) if last[1] and last[2].isascii() and last[2].isdigit() else None

    @property
    def attempts(self) -> int:
        """How often it was tried."""
        tried = self.execution.custom_properties.get("clew.attempts")
        return tried if isinstance(tried, int) and tried > 0 else 1

    @property
    def saved_ms(self) -> int:
        """Of a reused one: the time the original took."""
        saved = self.execution.custom_properties.get(SAVED_MS)
        return saved if isinstance(saved, int) else 0

    @property
    def is_cached(self) -> bool:
        """Whether another execution did the work."""
        return self.execution.state is ExecutionState.CACHED

    @property
    def origin(self) -> int | None:
        """Of a reused one: the execution that did the work."""
        text = self._text("cached_execution_id")
        return int(text) if text.isascii() and text.isdigit() else None

    @property
    def seconds(self) -> float | None:
        """How long it took, once it has ended."""
        started, ended = self.execution.started_ms, self.execution.ended_ms
        return None if started is None or ended is None else max(0.0, (ended - started) / 1000)

    @property
    def error(self) -> str:
        """Why it failed."""
        return self._text("clew.error")

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        told = self.execution.custom_properties
        origin = self.origin
        return {
            "name": self.path,
            "kind": self.kind,
            "state": self.state,
            "cached": self.is_cached,
            "origin": None if origin is None else f"execution:{origin}",
            "started_ms": self.execution.started_ms,
            "ended_ms": self.execution.ended_ms,
            "seconds": self.seconds,
            "execution": str(self.execution.ref),
            "inputs": told.get("inputs", {}),
            "outputs": told.get("outputs", {}),
            "error": self.error,
        }

    def _text(self, name: str) -> str:
        value = self.execution.custom_properties.get(name)
        return value if isinstance(value, str) else ""


def parent_of(path: str) -> str:
    """``for-loop-1#2`` of ``for-loop-1#2/train``, ``for-loop-1`` of that, and nothing of that."""
    above, _, last = path.rpartition("/")
    loop, mark, index = last.rpartition("#")
    if mark and index.isascii() and index.isdigit():
        return f"{above}/{loop}" if above else loop
    return above


def tasks_of(executions: list[Execution]) -> list[RunTask]:
    """The tasks among the executions of a run, in the order they began; the run as a whole is none."""
    return [RunTask(e) for e in executions if e.type in KINDS and not (e.name or "").startswith("run/")]
