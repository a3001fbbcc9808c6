"""Run what has to run: the step, its retries, its outputs published. What became of it is recorded by the scheduler."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass, field

from clew.executors.pipeline import ir
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.step import Step, run
from clew.executors.protocol import Executor, Job
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import ExecutorError, Invalid


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a step."""

    state: str
    """COMPLETE, FAILED or CANCELED."""
    outputs: Values = field(default_factory=Values)
    error: str = ""
    attempts: int = 1
    failure: str = ""
    """How it failed, where it would fail so again: its program ended with an exit code of its own."""


class Performer:
    """Runs steps until it is told to stop. Safe for several threads."""

    def __init__(self, executor: Executor, store: ArtifactStore) -> None:
        self._executor = executor
        self._store = store
        self._jobs: set[Job] = set()
        self._guard = threading.Lock()
        self._stop = threading.Event()

    def stop(self) -> None:
        """Cancel what runs and start nothing more; the second time, at once."""
        self._stop.set()
        with self._guard:
            jobs = list(self._jobs)
        for job in jobs:
            job.cancel()

    def perform(self, retry: ir.Retry, step: Step) -> Performed:
        """Run ``step``, as often as ``retry`` allows.

        Errors: OSError when its folder cannot be written; Unavailable when the store cannot be used.
        """
        for attempt in itertools.count(1):
            if self._stop.is_set():
                return Performed("CANCELED", error="the run was canceled", attempts=attempt)
            try:
                return Performed("COMPLETE", self._attempt(step), attempts=attempt)
            except (ExecutorError, Invalid) as error:
                if not self._stop.is_set() and self._waits_to_retry(retry, attempt):
                    continue
                state = "CANCELED" if self._stop.is_set() else "FAILED"
                return Performed(state, error=str(error), attempts=attempt, failure=_failure(state, error))
        raise AssertionError("unreachable")

    def _attempt(self, step: Step) -> Values:
        jobs: list[Job] = []

        def watch(job: Job) -> None:
            jobs.append(job)
            with self._guard:
                self._jobs.add(job)
            if self._stop.is_set():
                job.cancel()

        try:
            return run(step, self._executor, self._store, watch)
        finally:
            with self._guard:
                self._jobs.difference_update(jobs)

    def _waits_to_retry(self, retry: ir.Retry, attempt: int) -> bool:
        if attempt > retry.attempts:
            return False
        return not self._stop.wait(retry.wait_before(attempt))


def _failure(state: str, error: ExecutorError | Invalid) -> str:
    """``exit_code`` where a step failed by itself: not canceled, not out of time, not killed."""
    own = state == "FAILED" and error.field == "exit_code" and not error.value.startswith("-")
    return error.field if own else ""
