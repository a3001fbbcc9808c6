"""What a resumed run takes over from the run before it: tasks that were recorded as done, by their path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from clew.executors.cache import Decision, origin_of, outputs_of
from clew.executors.fingerprint import Fingerprint
from clew.executors.marks import barred
from clew.executors.pipeline.held import Held
from clew.executors.pipeline.unfold import Node
from clew.executors.runs.find import run_named
from clew.executors.runs.kept import Run
from clew.executors.sound import fault_of, local_path
from clew.metadata.blobs.protocol import ArtifactStore, Blob
from clew.metadata.node import Artifact, Execution
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState

_DONE = (ExecutionState.COMPLETE, ExecutionState.CACHED)
_STEPS = ("system.ContainerExecution", "system.ImporterExecution")


def is_within(path: str, tops: tuple[str, ...]) -> bool:
    """Whether ``path`` is one of ``tops`` or lies in one: ``loop#1/train`` lies in ``loop``."""
    return any(path == top or path.startswith((f"{top}/", f"{top}#")) for top in tops)


@dataclass(frozen=True, slots=True)
class Adopter:
    """Looks up what may be taken over. Safe for several threads."""

    record: Record
    store: ArtifactStore
    digest_of: Callable[[Path], Blob]
    rerun: tuple[str, ...] = ()
    """Paths of tasks that run anew."""
    done: Mapping[str, Execution] = field(default_factory=dict)
    """Path -> the execution recorded as done."""

    def must_run(self, path: str) -> bool:
        """Whether neither what was done nor the cache may stand in for the task."""
        return is_within(path, self.rerun)

    def adopt(self, node: Node, wanted: Fingerprint, inputs: Mapping[str, list[Held]]) -> Decision | None:
        """What the run before made of the task, if it depended on the same and what it made is sound.

        A task that runs whatever became of those before it (it cleans up, it tells) does so again when one of them ran.
        Cost: a dictionary look-up for what was not done; else as a hit of the cache.
        """
        earlier = self.done.get(node.path)
        if node.task.whatever and any(_ran(node.frame.nodes[name]) for name in node.task.after):
            return None
        if earlier is None or earlier.custom_properties.get("clew.fingerprint") != wanted.digest or barred(earlier):
            return None
        with self.record.read() as reader:
            if wanted.unknown and not _same_inputs(reader, earlier, inputs):
                return None
            outputs = outputs_of(reader, earlier.id)
            if any(self._fault(artifact) for items in outputs.values() for artifact in items):
                return None
            origin = origin_of(reader, earlier)
        if barred(origin):
            return None
        parameters = earlier.custom_properties.get("outputs", {})
        assert isinstance(parameters, dict)
        return Decision("hit", f"the run before did it as execution:{earlier.id}", origin, outputs, parameters)

    def _fault(self, artifact: Artifact) -> str:
        if artifact.state is not ArtifactState.LIVE:
            return "is not live"
        if artifact.digest is None and local_path(artifact.uri) is None:
            return ""  # nothing here could look at it, and the record says that it was made
        return fault_of(artifact, self.store, self.digest_of)


def adopter(
    record: Record,
    store: ArtifactStore,
    digest_of: Callable[[Path], Blob],
    resumed_from: str,
    rerun: tuple[str, ...],
    namespace: str,
) -> Adopter:
    """What a run that resumes ``resumed_from`` may take over, from it and from those it resumed in turn.

    Errors: NotFound when there is no such run.
    """
    with record.read() as reader:
        done: dict[str, Execution] = {}
        for run in reversed(_chain(reader, resumed_from, namespace)):
            again = run.about.rerun
            steps = _steps(reader, run)
            done = {path: e for path, e in done.items() if path not in steps and not is_within(path, again)}
            done |= {path: e for path, e in steps.items() if e.state in _DONE}
    kept = {path: execution for path, execution in done.items() if not is_within(path, rerun)}
    return Adopter(record, store, digest_of, rerun, kept)


def _ran(node: Node) -> bool:
    """Whether a step ran in this run: the task, or one in it."""
    inner = [one for frame in node.iterations if frame is not None for one in frame.nodes.values()]
    if node.kind != "container":
        return any(_ran(one) for one in inner)
    return node.state not in ("CACHED", "SKIPPED")


def _chain(reader: Reader, run: str, namespace: str) -> list[Run]:
    """A run and those it resumed, newest first."""
    chain: dict[str, Run] = {}
    while run and run not in chain:
        found = run_named(reader, run, namespace)
        chain[run] = found
        run = found.about.resumed_from
    return list(chain.values())


def _steps(reader: Reader, run: Run) -> dict[str, Execution]:
    found: dict[str, Execution] = {}
    after = None
    while True:
        page = reader.executions(context_id=run.context.id, after=after, limit=1000)
        for execution in page.items:
            path = execution.custom_properties.get("clew.path")
            if execution.type in _STEPS and isinstance(path, str):
                found[path] = execution
        after = page.next_cursor
        if after is None:
            return found


def _same_inputs(reader: Reader, earlier: Execution, inputs: Mapping[str, list[Held]]) -> bool:
    """Whether both read the same artifacts of the record: all that can be said where bytes are not known."""
    events = [e for e in reader.events_of_executions([earlier.id]) if e.type is EventType.INPUT]
    return {e.artifact_id for e in events} == {item.id for items in inputs.values() for item in items}
