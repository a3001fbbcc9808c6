"""The steps of a run that have to run: those that wait for room, those under way, and what each may compute alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from clew.executors.claims import Claim
from clew.executors.pipeline.capacity import Capacity, Pool
from clew.executors.pipeline.decide import ToRun
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.recorder import Finished, Recorder
from clew.executors.pipeline.resources import Demand
from clew.executors.pipeline.turns import Turns
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
    """At most ``most`` at once, and no more than the machine has of what they ask for.

    Used from one thread; ``run`` is given what each is to do on a thread of its own.
    """

    def __init__(
        self,
        recorder: Recorder,
        executor: Executor,
        store: ArtifactStore,
        most: int,
        capacity: Capacity,
        run: Callable[[Node, Callable[[], Performed]], None],
    ) -> None:
        self._recorder = recorder
        self._executor = executor
        self._store = store
        self._run = run
        self._threads = ThreadPoolExecutor(most, "clew-run")
        self._room = most
        self._pool = Pool.full(capacity)
        self._devices: dict[Node, tuple[Demand, tuple[str, ...]]] = {}
        self._waiting = Turns[tuple[Node, ToRun]]()
        self._claims: dict[Node, Claim] = {}
        self._performer: Performer | None = None

    def add(self, node: Node, work: ToRun) -> None:
        """One more that has to run."""
        if work.claim is not None:
            self._claims[node] = work.claim
        self._waiting.add(_queue_of(node), (node, work))
        work.step.warm(self._executor)

    def start(self) -> list[tuple[Node, int | Invalid]]:
        """Begin as many as there is room for, recorded together: the execution of each, or why there is none."""
        batch = self._next()
        if not batch:
            return []
        executions = self._recorder.start_each([work.doing for _, work in batch])
        for (node, work), execution in zip(batch, executions, strict=True):
            if isinstance(execution, Invalid):
                self._leave(node)
                self._release(node)
            else:
                step = replace(work.step, devices=self._devices[node][1], execution=execution)
                perform = partial(self._performing().perform, node.task.retry, step)
                self._threads.submit(partial(self._run, node, perform))
        return [(node, execution) for (node, _), execution in zip(batch, executions, strict=True)]

    def finish(self, ended: Sequence[tuple[Node, Performed]]) -> list[End]:
        """Record how steps ended, together; outputs the record cannot keep make theirs a failed one."""
        for node, _ in ended:
            self._leave(node)
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
        dropped = [node for node, _ in self._waiting.clear()]
        for node in dropped:
            self._release(node)
        return dropped

    def close(self) -> None:
        """Wait for what runs, and let others compute what was not."""
        self._threads.shutdown()
        for node in list(self._claims):
            self._release(node)

    def _next(self) -> list[tuple[Node, ToRun]]:
        """Those there is room for now: they take it."""
        batch: list[tuple[Node, ToRun]] = []
        while self._room and (found := self._waiting.take(lambda one: self._pool.fits(one[1].step.demand))):
            node, work = found
            self._room -= 1
            self._devices[node] = work.step.demand, self._pool.take(work.step.demand)
            batch.append(found)
        return batch

    def _leave(self, node: Node) -> None:
        self._room += 1
        self._pool.give_back(*self._devices.pop(node))

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


def _queue_of(node: Node) -> object:
    """The loop a node lies in; outside loops, the graph."""
    frame = node.frame
    while frame.parent is not None and frame.index is None:
        frame = frame.parent.frame
    return frame.parent if frame.parent is not None else frame
