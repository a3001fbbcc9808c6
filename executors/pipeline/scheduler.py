"""Run a pipeline's tasks, as many at once as allowed, in the order their dependencies allow.

One thread (the caller's) holds all state: it opens frames, starts what is ready, takes in news, and records it. Two
sets of threads work for it: *deciders* bind inputs, fingerprint and look up; *runners*, ``max_parallel`` of them, run
steps and publish. What was reused, starts or has ended since the last turn is committed together.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from clew.executors.pipeline import ir
from clew.executors.pipeline.capacity import Capacity
from clew.executors.pipeline.decide import Busy, Decider, ToRun
from clew.executors.pipeline.doing import doing_graph, doing_iteration, failed, not_to_begin
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.news import Cancel, Decided, Ended, Fatal, News, Note, Unbegun
from clew.executors.pipeline.recorder import Done, Recorder
from clew.executors.pipeline.steps import STATES, Steps
from clew.executors.pipeline.unfold import FINAL, Frame, Node, gather, iteration_inputs
from clew.executors.protocol import Executor, Observer, TaskEvent
from clew.metadata.blobs.failure import write_failed
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.errors import ExecutorError, Invalid
from clew.metadata.states import ExecutionState

if TYPE_CHECKING:
    from clew.executors.pipeline.perform import Performed

_DECIDERS = 4
_CANCELED = "the run was canceled"


class Scheduler:
    """Runs one pipeline once."""

    def __init__(
        self,
        recorder: Recorder,
        executor: Executor,
        store: ArtifactStore,
        observer: Observer,
        max_parallel: int,
        capacity: Capacity,
    ) -> None:
        self._recorder = recorder
        self._observer = observer
        self._news: queue.SimpleQueue[News] = queue.SimpleQueue()
        self._deciders = ThreadPoolExecutor(_DECIDERS, "clew-decide")
        self._steps = Steps(recorder, executor, store, max_parallel, capacity, self._perform)
        self._later: list[tuple[float, int, Node]] = []
        self._ticket = itertools.count()
        self._outstanding = 0
        self._fresh: list[Frame] = []
        self._open: dict[Frame, None] = {}
        self._ended_dags: list[tuple[int, ExecutionState, Values]] = []
        self._fatal: BaseException | None = None
        self.decider: Decider | None = None
        self.canceled = False

    def cancel(self) -> None:
        """Stop everything; safe from a signal handler."""
        self._news.put(Cancel())

    def note(self, message: str) -> None:
        """Tell the observer, from any thread."""
        self._news.put(Note(message))

    def run(self, dag: ir.Dag, inputs: Values, execution: int, folder: Path) -> Frame:
        """Run ``dag`` to its end; return its frame, finished.

        Errors: whatever makes the record or the store unusable; steps are stopped first.
        """
        root = Frame(dag, "", folder, inputs, None, execution=execution)
        self._unfold(root)
        try:
            self._start_ready()
            while root in self._open and self._fatal is None:
                self._take(self._wait())
                self._start_ready()
        except BaseException:
            self._cancel()
            raise
        finally:
            self._deciders.shutdown(cancel_futures=True)
            self._steps.close()
            self._release_claims()
        if self._fatal is not None:
            raise self._fatal
        return root

    # -- starting -------------------------------------------------------------------------------------

    def _unfold(self, frame: Frame) -> None:
        frame.started = time.monotonic()
        frame.unfold()
        self._open[frame] = None
        self._fresh.append(frame)
        if not frame.nodes:
            self._close_if_finished(frame)

    def _start_ready(self) -> None:
        self._settle()
        while self._fresh and not self.canceled:
            frames, self._fresh = dict.fromkeys(self._fresh), []
            graphs: list[Node] = []
            done: list[tuple[Node, Done]] = []
            for node in [node for frame in frames for node in frame.ready()]:
                node.started = time.monotonic()
                node.state = "DECIDING"
                if (ended := self._unbegun(node)) is not None:
                    done.append((node, ended))
                elif node.kind == "dag":
                    graphs.append(node)
                else:
                    self._submit_decision(node)
            self._record_done(done)
            self._open_graphs(graphs)
            self._settle()
        self._start_steps()

    def _unbegun(self, node: Node) -> Done | None:
        """The end of a task that is not begun; None for one that is."""
        return not_to_begin(node)

    def _submit_decision(self, node: Node) -> None:
        self._outstanding += 1
        self._deciders.submit(partial(self._guarded, node, partial(self._decide, node)))

    def _start_steps(self) -> None:
        for node, execution in self._steps.start():
            self._outstanding += 1
            if isinstance(execution, Invalid):
                self._news.put(Unbegun(node, str(execution)))
            else:
                node.execution, node.state, node.started = execution, "RUNNING", time.monotonic()
                self._tell(node)

    def _open_graphs(self, nodes: list[Node]) -> None:
        if not nodes:
            return
        for node, execution in zip(nodes, self._recorder.start(map(doing_graph, nodes)), strict=True):
            node.execution, node.state = execution, "RUNNING"
            self._tell(node)
        for node in nodes:
            if node.task.loop is None:
                self._open_graph(node)
            else:
                node.iterations = [None] * len(node.items)
                if not node.items:
                    self._end(node, "COMPLETE", gather(node))
        self._open_iterations([node for node in nodes if node.task.loop and node.items])

    def _open_graph(self, node: Node) -> None:
        frame = Frame(node.dag, node.path, node.folder, node.inputs, node, node.frame.index, node.execution or 0)
        node.iterations = [frame]
        node.opened = node.under_way = 1
        self._unfold(frame)

    def _open_iterations(self, loops: list[Node]) -> None:
        """As many iterations of each loop as its limit allows, all in one change."""
        if self.canceled:
            return
        opening: list[tuple[Node, int]] = []
        for node in loops:
            assert node.task.loop is not None
            room = (node.task.loop.limit or len(node.items)) - node.under_way
            upto = min(len(node.items), node.opened + max(room, 0))
            opening += [(node, i) for i in range(node.opened, upto)]
            node.under_way += upto - node.opened
            node.opened = upto
        if not opening:
            return
        frames = []
        for node, i in opening:
            frame = Frame(node.dag, f"{node.path}#{i}", node.folder / str(i), Values(), node, i)
            try:
                frame.inputs = iteration_inputs(node, i)
            except ExecutorError as error:
                frame.state, frame.error = "FAILED", str(error)
            node.iterations[i] = frame
            frames.append(frame)
        doings = [doing_iteration(frame) for frame in frames]
        for frame, execution in zip(frames, self._recorder.start(doings), strict=True):
            frame.execution = execution
            if frame.state == "FAILED":
                self._frame_ended(frame)
            else:
                self._unfold(frame)

    # -- work on other threads ------------------------------------------------------------------------

    def _guarded(self, node: Node, work: Callable[[], News]) -> None:
        try:
            self._news.put(work())
        except (ExecutorError, Invalid) as error:
            self._news.put(Unbegun(node, str(error)))
        except OSError as error:
            self._news.put(Fatal(write_failed(error, f"the folder of {node.path} in the home")))
        except BaseException as error:
            self._news.put(Fatal(error))

    def _decide(self, node: Node) -> Decided:
        assert self.decider is not None
        return Decided(node, self.decider.decide(node))

    def _perform(self, node: Node, perform: Callable[[], Performed]) -> None:
        self._guarded(node, lambda: Ended(node, perform()))

    # -- news -----------------------------------------------------------------------------------------

    def _wait(self) -> list[News]:
        """News, at least one unless a task is due to be asked again; all there is without waiting more."""
        assert self._outstanding or self._later, "a run that waits for nothing would never end"
        timeout = max(0.0, self._later[0][0] - time.monotonic()) if self._later else None
        news: list[News] = []
        try:
            news.append(self._news.get(timeout=timeout))
            while True:
                news.append(self._news.get_nowait())
        except queue.Empty:
            pass
        while self._later and self._later[0][0] <= time.monotonic():
            node = heapq.heappop(self._later)[2]
            if node.kind == "dag":
                self._open_graph(node)
            else:
                self._submit_decision(node)
        return news

    def _take(self, batch: list[News]) -> None:
        done: list[tuple[Node, Done]] = []
        ended: list[tuple[Node, Performed]] = []
        for news in batch:
            self._outstanding -= isinstance(news, Decided | Ended | Unbegun | Fatal)
            match news:
                case Decided(node, Done() as what):
                    done.append((node, what))
                case Decided(node, (ToRun() | Busy()) as what):
                    self._take_decision(node, what)
                case Ended(node, performed):
                    ended.append((node, performed))
                case Unbegun(node, error):
                    if self.canceled:
                        self._end(node, "SKIPPED", Values(), error)
                    else:
                        done.append((node, failed(node, error)))
                case Note(message):
                    self._observer.preparing(message)
                case Fatal(error):
                    self._fatal = self._fatal or error
                    self._cancel()
                case Cancel():
                    self._cancel()
        self._record_done(done)
        for end in self._steps.finish(ended) if ended else ():
            self._end(end.node, end.state, end.outputs, end.error)

    def _take_decision(self, node: Node, what: ToRun | Busy) -> None:
        if self.canceled:
            _release(what)
            self._end(node, "SKIPPED", Values(), _CANCELED)
        elif isinstance(what, ToRun):
            fingerprint = what.doing.fingerprint
            node.fingerprint = fingerprint.digest if fingerprint else None
            self._steps.add(node, what)
        else:
            self._again(node, what.again_s)

    def _again(self, node: Node, after_s: float) -> None:
        heapq.heappush(self._later, (time.monotonic() + after_s, next(self._ticket), node))

    def _record_done(self, done: list[tuple[Node, Done]]) -> None:
        if done:
            recorded = self._recorder.record_done(what for _, what in done)
            for (node, what), (execution, outputs) in zip(done, recorded, strict=True):
                self._take_done(node, what, execution, outputs)

    def _take_done(self, node: Node, what: Done, execution: int, outputs: Values) -> None:
        node.execution = execution
        node.fingerprint = what.doing.fingerprint.digest if what.doing.fingerprint else None
        node.cached = what.state is ExecutionState.CACHED
        origin = what.doing.decision.origin if what.doing.decision else None
        if node.cached and origin is not None:
            node.message = f"reused from execution:{origin.id}"
            if origin.started_ms and origin.ended_ms:
                node.saved_seconds = (origin.ended_ms - origin.started_ms) / 1000
        state = "SKIPPED" if node.untriggered else what.state.name
        self._end(node, state, outputs, node.message or str(what.doing.extra.get("clew.error", "")))

    # -- ends -----------------------------------------------------------------------------------------

    def _end(self, node: Node, state: str, outputs: Values, message: str = "") -> None:
        node.state, node.outputs, node.message = state, outputs, message or node.message
        node.seconds = time.monotonic() - node.started if node.started else 0.0
        if node.kind == "dag":
            node.cached = node.is_all_reused()
            if node.execution is not None and node.iterations:
                self._ended_dags.append((node.execution, STATES[state], outputs))
        self._tell(node)
        for skipped in node.frame.release(node):
            self._tell(skipped)
        self._fresh.append(node.frame)
        self._close_if_finished(node.frame)

    def _close_if_finished(self, frame: Frame) -> None:
        if frame not in self._open or not frame.is_finished():
            return
        frame.close(canceled=self.canceled)
        self._frame_ended(frame)

    def _frame_ended(self, frame: Frame) -> None:
        self._open.pop(frame, None)
        frame.seconds = time.monotonic() - frame.started if frame.started else 0.0
        node = frame.parent
        if node is None:
            return
        node.under_way -= 1
        if node.task.loop is not None:
            self._ended_dags.append((frame.execution, STATES[frame.state], frame.results))
            if not self.canceled:
                self._open_iterations([node])
        if node.under_way or node.state in FINAL:
            return
        if node.opened < len(node.iterations) and not self.canceled:
            return
        if frame.state == "FAILED" and node.task.loop is None and not self.canceled and self._tries_again(node):
            return
        states = {f.state for f in node.iterations if f is not None}
        good = states <= {"COMPLETE"} and node.opened == len(node.iterations)
        self._end(node, "COMPLETE" if good else "CANCELED" if self.canceled else "FAILED", gather(node))

    def _tries_again(self, node: Node) -> bool:
        """Whether a graph that failed is run once more, after a while."""
        retry = node.task.retry
        if node.attempt > retry.attempts:
            return False
        self._again(node, retry.wait_before(node.attempt))
        node.attempt += 1
        return True

    def _settle(self) -> None:
        """Record the graphs that ended since the last time, together."""
        if self._ended_dags:
            ended, self._ended_dags = self._ended_dags, []
            self._recorder.finish_dags(ended)

    def _cancel(self) -> None:
        dropped = self._steps.stop()
        if self.canceled:
            return
        self.canceled = True
        if self.decider is not None:
            self.decider.environments.stop()
        dropped += [node for _, _, node in self._later]
        self._later.clear()
        for node in dropped:
            self._end(node, "CANCELED" if node.kind == "dag" else "SKIPPED", Values(), _CANCELED)
        for frame in list(self._open):
            for node in frame.nodes.values():
                if node.state == "WAITING":
                    node.state, node.message = "SKIPPED", _CANCELED
                    self._tell(node)
        for frame in list(self._open):
            self._close_if_finished(frame)

    def _release_claims(self) -> None:
        """Let go of what was claimed by decisions that nobody will act on any more."""
        while True:
            try:
                news = self._news.get_nowait()
            except queue.Empty:
                return
            if isinstance(news, Decided):
                _release(news.what)

    def _tell(self, node: Node) -> None:
        self._observer.task_changed(
            TaskEvent(
                name=node.path,
                kind=node.kind,
                state=node.state,
                seconds=node.seconds,
                execution=node.execution,
                log=node.folder / "log.txt" if node.kind == "container" else None,
                message=node.message,
                saved_seconds=node.saved_seconds,
            )
        )


def _release(what: Done | ToRun | Busy) -> None:
    if isinstance(what, ToRun) and what.claim is not None:
        what.claim.release()
