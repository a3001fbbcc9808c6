"""The steps of a run that have to run: those that wait for room, those under way, and what each may compute alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from clew.executors.claims import Claim
from clew.executors.pipeline.decide import ToRun
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.recorder import Finished, Recorder
from clew.executors.pipeline.unfold import Node
from clew.executors.protocol import Executor
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import Invalid
from clew.metadata.states import ExecutionState

if TYPE_CHECKING:  # imported when a first step runs: often all is reused
    from clew.executors.pipeline.perform import Performed, Performer

STATES = {"COMPLETE": ExecutionState.COMPLETE, "FAILED": ExecutionState.FAILED, "CANCELED": ExecutionState.CANCELED}


@dataclass(frozen=True, slots=True)
class End:
    """What became of a step, as it is recorded."""

    node: Node
    state: str
    outputs: Values
    error: str


class Steps:
    """At most ``most`` at once. Used from one thread; ``run`` is given what each is to do on a thread of its own."""

    def __init__(
        self,
        recorder: Recorder,
        executor: Executor,
        store: ArtifactStore,
        most: int,
        run: Callable[[Node, Callable[[], Performed]], None],
    ) -> None:
        self._recorder = recorder
        self._executor = executor
        self._store = store
        self._run = run
        self._threads = ThreadPoolExecutor(most, "clew-run")
        self._room = most
        self._waiting: deque[tuple[Node, ToRun]] = deque()
        self._claims: dict[Node, Claim] = {}
        self._performer: Performer | None = None

    def add(self, node: Node, work: ToRun) -> None:
        """One more that has to run."""
        if work.claim is not None:
            self._claims[node] = work.claim
        self._waiting.append((node, work))
        work.step.warm(self._executor)

    def start(self) -> list[tuple[Node, int | Invalid]]:
        """Begin as many as there is room for, recorded together: the execution of each, or why there is none."""
        batch = [self._waiting.popleft() for _ in range(min(self._room, len(self._waiting)))]
        if not batch:
            return []
        executions = self._recorder.start_each([work.doing for _, work in batch])
        for (node, work), execution in zip(batch, executions, strict=True):
            if isinstance(execution, Invalid):
                self._release(node)
            else:
                self._room -= 1
                perform = partial(self._performing().perform, node.task.retry, work.step)
                self._threads.submit(partial(self._run, node, perform))
        return [(node, execution) for (node, _), execution in zip(batch, executions, strict=True)]

    def finish(self, ended: Sequence[tuple[Node, Performed]]) -> list[End]:
        """Record how steps ended, together; outputs the record cannot keep make theirs a failed one."""
        self._room += len(ended)
        ends = [
            Finished(n.execution or 0, STATES[p.state], p.outputs, p.error, p.attempts, p.failure) for n, p in ended
        ]
        found = []
        for (node, performed), outputs in zip(ended, self._recorder.finish_each(ends), strict=True):
            if isinstance(outputs, Invalid):
                found.append(self._fail(node, str(outputs), performed.attempts))
            else:
                found.append(End(node, performed.state, outputs, performed.error))
            self._release(node)
        return found

    def stop(self) -> list[Node]:
        """Cancel what runs and start nothing more, the second time at once; returns those that did not begin."""
        if self._performer is not None:
            self._performer.stop()
        dropped = [node for node, _ in self._waiting]
        self._waiting.clear()
        for node in dropped:
            self._release(node)
        return dropped

    def close(self) -> None:
        """Wait for what runs, and let others compute what was not."""
        self._threads.shutdown()
        for node in list(self._claims):
            self._release(node)

    def _performing(self) -> Performer:
        if self._performer is None:
            from clew.executors.pipeline.perform import Performer

            self._performer = Performer(self._executor, self._store)
        return self._performer

    def _fail(self, node: Node, error: str, attempts: int) -> End:
        (outcome,) = self._recorder.finish_each(
            [Finished(node.execution or 0, ExecutionState.FAILED, Values(), error, attempts)]
        )
        if isinstance(outcome, Invalid):
            raise outcome
        return End(node, "FAILED", outcome, error)

    def _release(self, node: Node) -> None:
        claim = self._claims.pop(node, None)
        if claim is not None:
            claim.release()
