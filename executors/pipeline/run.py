"""Run a pipeline: the one entry for the CLI, the SDK and tests."""

from __future__ import annotations

import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from clew.executors.cache import Cache
from clew.executors.claims import Claims, claims_of
from clew.executors.fetched import Fetched
from clew.executors.hashed import Hashed
from clew.executors.images import resolved
from clew.executors.occupied import in_use
from clew.executors.pipeline import ir
from clew.executors.pipeline.arguments import references
from clew.executors.pipeline.check import Checked, artifacts_given, check
from clew.executors.pipeline.cluster import Cluster
from clew.executors.pipeline.decide import Decider, run_names
from clew.executors.pipeline.environment import Environments
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.lease import Lease, close_lost_runs
from clew.executors.pipeline.load import load
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.recorder import Recorder
from clew.executors.pipeline.result import RunResult, results
from clew.executors.pipeline.ruled import rules_of_run
from clew.executors.pipeline.scheduler import Scheduler
from clew.executors.process import LocalProcesses
from clew.executors.protocol import Executor, Observer, Silent
from clew.executors.runs.cancel import watched
from clew.executors.runs.kept import keep_spec
from clew.executors.runs.put import RunPut
from clew.metadata.blobs.failure import write_failed
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.record import Record
from clew.metadata.states import ExecutionState

if TYPE_CHECKING:
    from clew.executors.runs.adopt import Adopter


def run_pipeline(
    record: Record,
    store: ArtifactStore,
    source: Path | ir.Pipeline,
    parameters: Mapping[str, Any],
    *,
    options: RunOptions,
    observer: Observer | None = None,
    run: str = "",
    lease: Lease | None = None,
) -> RunResult:
    """Run the pipeline in ``source`` (IR YAML) with ``parameters`` (text or typed) and record it.

    A failed or canceled run is a result, not an error. In the main thread, SIGINT and SIGTERM cancel the run.
    ``run`` and ``lease`` are of a run that was asked for before, and waits in the record.
    Errors: InvalidPipeline, Invalid before anything starts; Unavailable, Corrupt when the record cannot be used.
    """
    pipeline = source if isinstance(source, ir.Pipeline) else load(source)
    checked = check(pipeline, parameters, options)
    home = options.home.absolute()
    runs, leases = home / "runs", home / "locks" / "runs"
    options.about.checked()
    hashed = Hashed(home / "hashed")
    given_artifacts = artifacts_given(record, pipeline, parameters, hashed, options)
    run = run or str(uuid.uuid4())
    try:
        close_lost_runs(record, leases, runs, actor=options.actor)
        lease = lease or Lease(leases, run)
    except OSError as error:
        raise write_failed(error, f"the home {home}") from error
    try:
        cluster = Cluster(
            checked.given, home, runs / run, run, options.namespace, has_workspace=pipeline.platform.has_workspace
        )
        if options.about.resumed_from:
            cluster.volumes.take_over(runs / options.about.resumed_from)
        folder, watcher = runs / run, observer or Silent()
        inputs = Values(checked.parameters, given_artifacts)
        result = PipelineRun(
            record, store, pipeline, checked, inputs, options, watcher, run, folder, cluster, hashed
        ).run()
    except BaseException:
        lease.abandon()
        raise
    lease.release()
    return result


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """All that one run works with."""

    record: Record
    store: ArtifactStore
    pipeline: ir.Pipeline
    checked: Checked
    inputs: Values
    options: RunOptions
    observer: Observer
    run_id: str
    folder: Path
    cluster: Cluster
    hashed: Hashed

    def run(self) -> RunResult:
        """Run it to its end."""
        with in_use(self.options.home.absolute()):
            if self.options.executor is not None:
                return self._run(self.options.executor)
            with closing(LocalProcesses()) as executor:
                return self._run(executor)

    def _run(self, executor: Executor) -> RunResult:
        started = time.monotonic()
        spec = keep_spec(self.store, self.pipeline.source) if self.pipeline.source else ""
        recorder = Recorder(self.record, namespace=self.options.namespace, actor=self.options.actor)
        scheduler = Scheduler(
            recorder, executor, self.store, self.observer, self._max_parallel(), self.checked.capacity
        )
        assert isinstance(self.pipeline.root.body, ir.Dag)
        claims = claims_of(self.record, self.options.home.absolute() / "locks" / "steps")
        environments = Environments(self.options.environments or self.options.home.absolute() / "envs")
        with closing(claims), closing(environments), _signals_cancel(scheduler):
            scheduler.decider = self.decider(scheduler.note, claims, environments)
            about, kept = self.options.about, self.options.kept()
            place, project = self.folder.as_uri(), self.options.project
            artifacts = recorder.bring(self.inputs.artifacts)
            parameters = self.inputs.parameters | references(artifacts, self.pipeline.root.inputs)
            put = RunPut(self.run_id, self.pipeline.name, place, parameters, about, spec, kept, project)
            nodes = recorder.start_run(self.pipeline, put, artifacts)
            self.observer.run_started(self.run_id, self.pipeline.name, self.folder)
            limit_s = self.pipeline.platform.timeout_s
            with watched(self.record, nodes.run, scheduler.cancel), _deadline(limit_s, scheduler.cancel) as is_late:
                inputs = Values(self.inputs.parameters, artifacts)
                root = scheduler.run(self.pipeline.root.body, inputs, nodes.root, self.folder)
            error = root.first_error()
            if is_late() and root.state == "CANCELED":
                root.state, error = "FAILED", f"the run took longer than the {limit_s:g} s its pipeline allows"
            outputs = root.results if root.state == "COMPLETE" else Values()
            recorder.finish_run(ExecutionState[root.state], outputs, error)
        seconds = time.monotonic() - started
        self.observer.run_ended(self.run_id, root.state, seconds)
        lists = frozenset(n for n, s in self.pipeline.root.outputs.artifacts.items() if s.is_list)
        shown = outputs.as_dict(lists)
        return RunResult(self.run_id, root.state, shown, list(results(root)), seconds, nodes.run, error)

    def decider(self, preparing: Callable[[str], None], claims: Claims, environments: Environments) -> Decider:
        """What decides on its tasks; ``preparing`` hears of what is slow."""
        options, home = self.options, self.options.home.absolute()
        hashed = self.hashed
        return Decider(
            record=self.record,
            cache=Cache(
                self.store,
                home / "locks" / "steps",
                namespace=options.namespace,
                hashed=hashed,
                claims=claims,
                pipeline=self.pipeline.name,
                project=options.project,
            ),
            hashed=hashed,
            environments=environments,
            policy=options.policy,
            rulebook=rules_of_run(self.pipeline, home, options.rules, options.cache, options.cache_at_most),
            salt=options.salt,
            pipeline=self.pipeline.name,
            sdk_version=self.pipeline.sdk_version,
            namespace=options.namespace,
            names=run_names(self.pipeline, self.run_id, str(self.folder)) | self.cluster.volumes.names,
            timeout_s=options.step_timeout_s,
            cluster=self.cluster,
            engine=self.checked.engine,
            fetched=Fetched(home / "fetched", self.store, hashed.digest_of, options.look),
            python=options.python,
            preparing=preparing,
            capacity=None if options.ignore_resources else self.checked.capacity,
            adopter=self._adopter(hashed),
            resolve_image=resolved,
        )

    def _adopter(self, hashed: Hashed) -> Adopter | None:
        about = self.options.about
        if not about.resumed_from:
            return None
        from clew.executors.runs.adopt import adopter

        namespace = self.options.namespace
        return adopter(self.record, self.store, hashed.digest_of, about.resumed_from, about.rerun, namespace)

    def _max_parallel(self) -> int:
        return self.options.max_parallel or max(4, 2 * processors())


def processors() -> int:
    """Processors this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


@contextmanager
def _deadline(limit_s: float | None, cancel: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Cancel when ``limit_s`` have passed; gives a function that tells whether they have."""
    late = threading.Event()

    def give_up() -> None:
        late.set()
        cancel()

    timer = threading.Timer(limit_s or 0.0, give_up)
    timer.daemon = True
    if limit_s is not None:
        timer.start()
    try:
        yield late.is_set
    finally:
        timer.cancel()


@contextmanager
def _signals_cancel(scheduler: Scheduler) -> Iterator[None]:
    """In the main thread, let SIGINT and SIGTERM cancel the run instead of killing us."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def cancel(number: int, frame: FrameType | None) -> None:
        scheduler.cancel()

    before = {number: signal.signal(number, cancel) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
