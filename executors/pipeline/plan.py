"""What a run would reuse, run, or wait to know, before it runs: its own scheduler and decisions, recording nothing.

A task that has to run ends at once; what comes after it waits, since nobody knows what it will give, or whether it
will succeed. Nothing is written to the home and nothing is started: what a decision may leave behind lies in a folder
that goes away.
"""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from clew.executors.cache import took_ms
from clew.executors.hashed import Hashed
from clew.executors.pipeline import ir
from clew.executors.pipeline.bootstrap import PackageSet
from clew.executors.pipeline.check import artifacts_given, check
from clew.executors.pipeline.cluster import Cluster
from clew.executors.pipeline.decide import Busy, NotHere, ToRun
from clew.executors.pipeline.doing import doing_failed
from clew.executors.pipeline.environment import PYTHON_VERSION, Environment, Environments, provided
from clew.executors.pipeline.held import Values
from clew.executors.pipeline.news import Decided
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.recorder import Doing, Done, Recorder
from clew.executors.pipeline.run import PipelineRun
from clew.executors.pipeline.scheduler import Scheduler
from clew.executors.pipeline.unfold import Frame, Node
from clew.executors.process import LocalProcesses
from clew.executors.protocol import Silent
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.digest import Digest
from clew.metadata.ids import INT64_MAX
from clew.metadata.record import Record
from clew.metadata.states import ExecutionState

if TYPE_CHECKING:
    from clew.executors.claims import Claim

VERDICTS = ("hit", "run", "wait", "skip", "fail")


@dataclass(frozen=True, slots=True)
class Planned:
    """What would become of one task."""

    name: str
    """Path in the run, as in its result."""
    kind: str
    verdict: str
    """hit, run, wait (not known before something else has run), skip or fail."""
    reason: str
    fingerprint: str | None = None
    origin: str | None = None
    """Of a hit: the execution that did the work."""
    saved_ms: int = 0
    changed: list[dict[str, Any]] = field(default_factory=list)
    """Of one that runs: what differs from the nearest earlier execution."""
    is_opened: bool = False
    """Of a graph or loop: whether its tasks are told of, or there are none."""

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "verdict": self.verdict,
            "reason": self.reason,
            "fingerprint": self.fingerprint,
            "origin": self.origin,
            "saved_ms": self.saved_ms,
            "changed": self.changed,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do."""

    pipeline: str
    tasks: list[Planned]

    def count(self, verdict: str) -> int:
        """Tasks of one verdict; a graph that is not looked into counts as one."""
        return sum(task.verdict == verdict for task in self.steps)

    @property
    def steps(self) -> list[Planned]:
        """The tasks without the graphs they lie in."""
        return [task for task in self.tasks if not task.is_opened]

    @property
    def saved_ms(self) -> int:
        """What the hits spare."""
        return sum(task.saved_ms for task in self.tasks)

    def as_dict(self) -> dict[str, Any]:
        """The object of ``clew plan --json``."""
        return {
            "pipeline": self.pipeline,
            **{verdict: self.count(verdict) for verdict in VERDICTS},
            "saved_ms": self.saved_ms,
            "tasks": [task.as_dict() for task in self.tasks],
        }


def plan(
    record: Record, store: ArtifactStore, pipeline: ir.Pipeline, parameters: Mapping[str, Any], *, options: RunOptions
) -> Plan:
    """What a run of ``pipeline`` would do now.

    Cost: that of the decisions of a run in which all is reused.
    Errors: as of a run before it starts: InvalidPipeline, Invalid.
    """
    checked = check(pipeline, parameters, options)
    home = options.home.absolute()
    hashed = Hashed(home / "hashed", keeps=False)
    inputs = Values(checked.parameters, artifacts_given(record, pipeline, parameters, hashed, options))
    run = str(uuid.uuid4())
    assert isinstance(pipeline.root.body, ir.Dag)
    with tempfile.TemporaryDirectory(prefix="clew-plan-") as scratch:
        folder = Path(scratch)
        keys = home if (home / "secret.key").exists() else folder  # no key, no earlier result with a secret
        has_workspace = pipeline.platform.has_workspace
        cluster = Cluster(checked.given, keys, folder, run, options.namespace, has_workspace=has_workspace)
        work = PipelineRun(record, store, pipeline, checked, inputs, options, Silent(), run, folder, cluster, hashed)
        environments = _AsTheyAre(options.environments or home / "envs")
        with closing(environments), closing(LocalProcesses()) as executor:
            planner = _Planner(cast(Recorder, _Nothing()), executor, store, Silent(), 1, checked.capacity)
            planner.decider = replace(work.decider(planner.note, _NoClaims(), environments), pulls=False)
            root = planner.run(pipeline.root.body, inputs, INT64_MAX, folder)
    return Plan(pipeline.name, list(planner.told(root)))


class _Planner(Scheduler):
    """A scheduler whose steps end before they begin."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._told: dict[Node, Planned] = {}
        self._unknown: dict[Node, str] = {}
        """Tasks of which it is not known what they give, or whether they succeed: why."""
        self._running: dict[str, str] = {}
        """Fingerprint -> the task that has to run for it."""

    def told(self, frame: Frame) -> Iterator[Planned]:
        """The plan, in the order of a run's result."""
        for node in frame.nodes.values():
            inner = [task for f in node.iterations if f is not None for task in self.told(f)]
            yield self._told.get(node) or _of_graph(node, inner)
            yield from inner

    def _unbegun(self, node: Node) -> Done | None:
        before = node.task.after if not node.task.whatever else _read_by(node.task)
        unknown = (self._unknown[n] for name in before if (n := node.frame.nodes[name]) in self._unknown)
        why = next(unknown, "")
        return self._waits(node, why) if why else super()._unbegun(node)

    def _decide(self, node: Node) -> Decided:
        try:
            return super()._decide(node)
        except NotHere as error:
            return Decided(node, self._waits(node, error.message))

    def _waits(self, node: Node, why: str) -> Done:
        self._told[node] = Planned(node.path, node.kind, "wait", why)
        self._unknown[node] = why
        return Done(doing_failed(node, ""), ExecutionState.COMPLETE, Values())

    def _take_decision(self, node: Node, what: ToRun | Busy) -> None:
        if isinstance(what, Busy):  # another thread looks for the same environment
            super()._take_decision(node, what)
            return
        decision, print_ = what.doing.decision, what.doing.fingerprint
        digest = print_.digest if print_ else None
        self._unknown[node] = f"{node.path} has to run before"
        if digest is not None and digest in self._running and what.doing.reusable:
            equal = f"it is equal to {self._running[digest]}: one of them runs, the other is reused"
            self._told[node] = Planned(node.path, node.kind, "wait", equal, digest)
        else:
            reason, changed = (decision.reason, decision.changed) if decision else ("", [])
            self._told[node] = Planned(node.path, node.kind, "run", reason, digest, changed=changed)
        if digest is not None:
            self._running.setdefault(digest, node.path)
        self._end(node, "COMPLETE", Values())

    def _take_done(self, node: Node, what: Done, execution: int, outputs: Values) -> None:
        if node not in self._told:
            self._told[node] = _of_done(node, what)
        super()._take_done(node, what, execution, outputs)

    def _tries_again(self, node: Node) -> bool:
        return False

    def _end(self, node: Node, state: str, outputs: Values, message: str = "") -> None:
        inner = [n for f in node.iterations if f is not None for n in f.nodes.values()]
        why = next((self._unknown[n] for n in inner if n in self._unknown), "")
        if why:
            self._unknown[node] = why
        super()._end(node, state, outputs, message)


def _read_by(task: ir.Task) -> list[str]:
    """The tasks whose outputs a task reads."""
    sources = [*(wanted.source for wanted in task.parameters.values()), *task.artifacts.values()]
    return [source.task for source in sources if isinstance(source, ir.TaskOutput)]


def _of_done(node: Node, what: Done) -> Planned:
    decision, print_ = what.doing.decision, what.doing.fingerprint
    digest = print_.digest if print_ else None
    origin = decision.origin if decision else None
    if node.untriggered:
        return Planned(node.path, node.kind, "skip", node.message)
    if what.state is ExecutionState.FAILED:
        reason = str(what.doing.extra.get("clew.error", "")) or (decision.reason if decision else "")
        return Planned(node.path, node.kind, "fail", reason, digest, str(origin.ref) if origin else None)
    reason = decision.reason if decision else ""
    if what.state is ExecutionState.CACHED and origin is not None:
        return Planned(node.path, node.kind, "hit", reason, digest, str(origin.ref), took_ms(origin))
    return Planned(node.path, node.kind, "run", reason, digest, changed=decision.changed if decision else [])


def _of_graph(node: Node, inner: Sequence[Planned]) -> Planned:
    """A graph, a loop, or a task that was not reached."""
    if node.kind != "dag" or not node.iterations:
        verdict = "skip" if node.state == "SKIPPED" else "fail" if node.state == "FAILED" else "hit"
        return Planned(node.path, node.kind, verdict, node.message, is_opened=verdict == "hit")
    steps = [task for task in inner if not task.is_opened]
    found = {task.verdict for task in steps}
    verdict = next((v for v in ("fail", "run", "wait", "hit") if v in found), "skip" if found else "hit")
    counts = ", ".join(f"{n} {v}" for v in VERDICTS if (n := sum(task.verdict == v for task in steps)))
    return Planned(node.path, node.kind, verdict, counts, is_opened=True)


class _AsTheyAre(Environments):
    """Environments that are there already; none is built. Without packages of its own, which it is does not matter."""

    def _built(self, wanted: PackageSet, preparing: Callable[[str], None] | None) -> Environment:
        if (found := provided(wanted, self.root)) is not None:
            return found
        if not wanted.packages and wanted.python in ("", PYTHON_VERSION):
            return Environment(Path("python"))
        what = ", ".join([*wanted.packages, *([f"Python {wanted.python}"] if wanted.python else [])])
        raise NotHere(f"the environment with {what} is not built yet, so its versions are not known")


class _NoClaims:
    """Everything may be computed by everybody: nobody will."""

    def claim(self, digest: Digest) -> Claim | None:
        """A claim on nothing."""
        return _NoClaim()

    def close(self) -> None:
        """Nothing is open."""


class _NoClaim:
    def release(self) -> None:
        """Nothing was taken."""


class _Nothing:
    """A recorder that records nothing, and gives numbers that no node has."""

    def __init__(self) -> None:
        self._ids = count(INT64_MAX - (1 << 40))
        self._guard = threading.Lock()

    def start(self, doings: Iterable[Doing]) -> list[int]:
        """Numbers."""
        with self._guard:
            return [next(self._ids) for _ in doings]

    def record_done(self, batch: Iterable[Done]) -> list[tuple[int, Values]]:
        """Numbers, and the outputs as they are."""
        with self._guard:
            return [(next(self._ids), done.outputs) for done in batch]

    def finish_dags(self, ended: Iterable[tuple[int, ExecutionState, Values]]) -> None:
        """Nothing."""
