"""Run what has to run: record the start, run the step with its retries, publish, record the end."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from clew.executors.pipeline import ir
from clew.executors.pipeline.decide import ToRun
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.recorder import Recorder
from clew.executors.pipeline.step import run
from clew.executors.protocol import Executor, Job
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import ExecutorError, Invalid
from clew.metadata.states import ExecutionState

STATES = {"COMPLETE": ExecutionState.COMPLETE, "FAILED": ExecutionState.FAILED, "CANCELED": ExecutionState.CANCELED}


@dataclass(frozen=True, slots=True)
class Performed:
    """What became of a step."""

    state: str
    """COMPLETE, FAILED or CANCELED; SKIPPED when it was not started."""
    outputs: Values = field(default_factory=Values)
    error: str = ""


class Performer:
    """Runs steps until it is told to stop. Safe for several threads."""

    def __init__(self, recorder: Recorder, executor: Executor, store: ArtifactStore) -> None:
        self._recorder = recorder
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

    def perform(self, retry: ir.Retry, work: ToRun, started: Callable[[int], None]) -> Performed:
        """Run ``work`` and record it; ``started`` gets its execution. What was claimed is released.

        Errors: Unavailable, Corrupt when the record or the store cannot be used.
        """
        try:
            if self._stop.is_set():
                return Performed("SKIPPED", error="the run was canceled")
            work.step.folder.mkdir(parents=True, exist_ok=True)
            (execution,) = self._recorder.start([work.doing])
            started(execution)
            return self._until_done(retry, work, execution)
        finally:
            if work.claim is not None:
                work.claim.release()

    def _until_done(self, retry: ir.Retry, work: ToRun, execution: int) -> Performed:
        for attempt in itertools.count(1):
            try:
                outputs = self._attempt(work)
                outputs = self._recorder.finish(execution, ExecutionState.COMPLETE, outputs, attempts=attempt)
                return Performed("COMPLETE", outputs)
            except (ExecutorError, Invalid) as error:
                if not self._stop.is_set() and self._waits_to_retry(retry, attempt):
                    continue
                state = "CANCELED" if self._stop.is_set() else "FAILED"
                self._recorder.finish(execution, STATES[state], Values(), error=str(error), attempts=attempt)
                return Performed(state, error=str(error))
        raise AssertionError("unreachable")

    def _attempt(self, work: ToRun) -> Values:
        jobs: list[Job] = []

        def watch(job: Job) -> None:
            jobs.append(job)
            with self._guard:
                self._jobs.add(job)
            if self._stop.is_set():
                job.cancel()

        try:
            return run(work.step, self._executor, self._store, watch)
        finally:
            with self._guard:
                self._jobs.difference_update(jobs)

    def _waits_to_retry(self, retry: ir.Retry, attempt: int) -> bool:
        if attempt > retry.attempts:
            return False
        wait_s = min(retry.wait_s * retry.factor ** (attempt - 1), retry.max_wait_s)
        return not self._stop.wait(wait_s)
