"""What an executor must do, and what those who watch and those who decide on reuse must offer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from clew.metadata.node import Execution


@dataclass(frozen=True, slots=True)
class PythonModule:
    """``python -m name args``."""

    python: Path
    name: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """One program to run."""

    command: tuple[str, ...]
    folder: Path
    """Its working directory."""
    log: Path
    """Where what it prints is appended."""
    environ: dict[str, str] = field(default_factory=dict)
    timeout_s: float | None = None
    module: PythonModule | None = None
    """What ``command`` comes to, if that is a Python module: it may be started from a Python that is warm."""
    given: bytes = field(default=b"", repr=False)
    """What it reads from standard input."""
    memory_bytes: int | None = None
    """Most it may use, with all it started."""
    ends: tuple[tuple[str, ...], ...] = ()
    """Commands that end it for certain, where killing its processes would not."""
    told: dict[str, str] = field(default_factory=dict)
    """Variables of this start alone: no other work shares them, and no result depends on them."""

    def ended_by(self, *commands: tuple[str, ...]) -> Work:
        """The same, with more of those."""
        return replace(self, ends=self.ends + commands)


@dataclass(frozen=True, slots=True)
class Ended:
    """How work ended."""

    code: int
    """Exit code; negative is the signal that killed it."""
    timed_out: bool = False
    canceled: bool = False
    over_memory: bool = False


class Job(Protocol):
    """Work under way."""

    def wait(self) -> Ended:
        """Block until it ends.

        Errors: ExecutionLost when it cannot be known how.
        """
        ...

    def cancel(self) -> None:
        """Ask it to stop, and make it stop soon after; the second time, at once. Returns at once, from any thread."""
        ...


class Executor(Protocol):
    """A place where work runs: this machine today, a cluster later."""

    name: str

    def submit(self, work: Work) -> Job:
        """Start ``work``.

        Errors: SubmitFailed.
        """
        ...

    def warm(self, module: PythonModule, environ: dict[str, str]) -> None:
        """Work that is ``module`` will come soon, whatever its arguments: make ready for it, and return at once."""
        ...

    def close(self) -> None:
        """Let go of what was kept ready for more work."""
        ...


class CachePolicy(Protocol):
    """Whether what an earlier execution made may be used again, its bytes being sound."""

    def refuses(self, earlier: Execution, now_ms: int) -> str:
        """Why not, in a few words; empty when it may be reused."""
        ...


@dataclass(frozen=True, slots=True)
class TaskEvent:
    """News of one task of a run, for whoever shows progress."""

    name: str
    """Path in the run: ``train``, ``for-loop-1#2/train``."""
    kind: str
    """container, importer or dag."""
    state: str
    """RUNNING, COMPLETE, CACHED, FAILED, CANCELED or SKIPPED."""
    seconds: float = 0.0
    execution: int | None = None
    log: Path | None = None
    message: str = ""
    """Why it failed; of a reused one, which execution it was reused from."""
    saved_seconds: float = 0.0
    """Of a reused one: what the original took."""


class Observer(Protocol):
    """Hears how a run goes. Called from one thread, in order; must return quickly and not raise."""

    def run_started(self, run: str, pipeline: str, home: Path) -> None:
        """The run exists in the record."""
        ...

    def preparing(self, message: str) -> None:
        """Something slow happens before a task can start, as building its environment."""
        ...

    def task_changed(self, event: TaskEvent) -> None:
        """A task started or ended."""
        ...

    def run_ended(self, run: str, state: str, seconds: float) -> None:
        """Nothing more will happen."""
        ...


class Silent:
    """An observer that does nothing."""

    def run_started(self, run: str, pipeline: str, home: Path) -> None:
        """Nothing."""

    def preparing(self, message: str) -> None:
        """Nothing."""

    def task_changed(self, event: TaskEvent) -> None:
        """Nothing."""

    def run_ended(self, run: str, state: str, seconds: float) -> None:
        """Nothing."""
