"""Whether what is reused is worth it: make a sample of reused results again, aside, and compare the bytes."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from clew.executors import marks
from clew.executors.cache import COMPONENT_TYPE, outputs_of
from clew.executors.claims import FileClaims
from clew.executors.hashed import Hashed
from clew.executors.occupied import in_use
from clew.executors.pipeline import ir
from clew.executors.pipeline.check import check
from clew.executors.pipeline.cluster import Cluster
from clew.executors.pipeline.decide import ToRun
from clew.executors.pipeline.environment import Environments
from clew.executors.pipeline.held import Held, Values, from_record
from clew.executors.pipeline.load import parse
from clew.executors.pipeline.options import RunOptions
from clew.executors.pipeline.perform import Performer
from clew.executors.pipeline.run import PipelineRun
from clew.executors.pipeline.unfold import Frame, Node
from clew.executors.process import LocalProcesses
from clew.executors.protocol import Silent
from clew.executors.runs.kept import RUN_TYPE, Run, spec_text
from clew.executors.sound import fault_of
from clew.metadata.blobs.local import LocalStore
from clew.metadata.blobs.protocol import ArtifactStore
from clew.metadata.change import Change
from clew.metadata.errors import ClewError
from clew.metadata.node import Context, Execution
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState

Tell = Callable[[str, int, int | None], None]
_INDEX = re.compile(r"#\d+")
_STEP = "system.ContainerExecution"


@dataclass(frozen=True, slots=True)
class Checked:
    """One result that was made again, or could not be."""

    execution: str
    component: str
    verdict: str
    """same, differs, failed or skipped."""
    detail: str = ""

    def as_dict(self) -> dict[str, str]:
        """How JSON shows it."""
        return {
            "execution": self.execution,
            "component": self.component,
            "verdict": self.verdict,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    of: int
    """Results that were reused, from which the sample was taken."""
    checked: list[Checked] = field(default_factory=list)

    @property
    def nondeterministic(self) -> list[str]:
        """Components that gave other bytes."""
        return sorted({c.component for c in self.checked if c.verdict == "differs"})

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        return {
            "of": self.of,
            "checked": [c.as_dict() for c in self.checked],
            "nondeterministic": self.nondeterministic,
        }


def audit(
    record: Record,
    store: ArtifactStore,
    options: RunOptions,
    share: float,
    *,
    seed: int | None = None,
    tell: Tell | None = None,
) -> Audit:
    """Run a ``share`` of the reused steps of a namespace again in a folder that goes away, and mark what differs.

    Of ``options`` counts where and as whom. What cannot be run again (functions of the SDK, inputs that are gone) is
    told as skipped.
    """
    with record.read() as reader:
        reused = _reused(reader, options.namespace)
    count = min(len(reused), max(1, round(share * len(reused))))
    sample = sorted(random.Random(seed).sample(reused, count))
    checked = []
    with in_use(options.home.absolute()), closing(LocalProcesses()) as executor:
        for done, id in enumerate(sample, 1):
            checked.append(_Redo(record, store, replace(options, executor=executor), id).check())
            if tell is not None:
                tell("audit", done, len(sample))
    found = Audit(len(reused), checked)
    _mark(record, found, options)
    return found


def _reused(reader: Reader, namespace: str) -> list[int]:
    """The executions that were reused at least once."""
    origin = (
        "json_extract(custom_properties, '$.cached_execution_id')"
        if reader.dialect == "sqlite"
        else "custom_properties::jsonb ->> 'cached_execution_id'"
    )
    sql = f"SELECT DISTINCT {origin} FROM execution WHERE state = ? AND namespace = ?"
    rows = reader.query(sql, (int(ExecutionState.CACHED), namespace))
    ids = sorted(int(row[0]) for row in rows if row[0] and str(row[0]).isdigit())
    known = reader.executions_by_id(ids)
    return [id for id in ids if id in known and known[id].fingerprint and not marks.barred(known[id])]


@dataclass(frozen=True, slots=True)
class _Redo:
    record: Record
    store: ArtifactStore
    options: RunOptions
    id: int

    def check(self) -> Checked:
        with self.record.read() as reader:
            made = reader.execution(self.id)
            contexts = reader.contexts_of_executions([self.id])[self.id]
        component = next((c.name or "" for c in contexts if c.type == COMPONENT_TYPE), "")

        def told(verdict: str, detail: str = "") -> Checked:
            return Checked(str(made.ref), component, verdict, detail)

        run = next((c for c in contexts if c.type == RUN_TYPE), None)
        if made.type != _STEP or run is None:
            return told("skipped", "it is no step of a pipeline")
        try:
            outcome, outputs = self._again(made, run)
        except (ClewError, OSError, LookupError) as error:
            return told("skipped", str(error))
        if outcome:
            return told("failed", outcome)
        different = self._differences(made, outputs)
        return told("differs", ", ".join(different)) if different else told("same")

    def _again(self, made: Execution, context: Context) -> tuple[str, Values]:
        """How it failed, or what it made this time."""
        run = Run(context)
        pipeline = parse(spec_text(self.store, run))
        path = str(made.custom_properties["clew.path"])
        task = _task_at(pipeline, path)
        kept = {name: value for name, value in run.options.items() if name not in ("cache", "rules")}
        options = replace(self.options, **kept, namespace=context.namespace, cache="off")
        checked = check(pipeline, run.parameters, options)
        inputs = self._inputs(made)
        home = options.home.absolute()
        with tempfile.TemporaryDirectory(prefix="audit-", dir=home / "runs") as scratch:
            folder = Path(scratch)
            cluster = Cluster(
                checked.given, home, folder, run.id, context.namespace, has_workspace=pipeline.platform.has_workspace
            )
            work = PipelineRun(
                self.record, self.store, pipeline, checked, inputs, options, Silent(), run.id, folder, cluster,
                Hashed(home / "hashed", keeps=False),
            )  # fmt: skip
            assert isinstance(pipeline.root.body, ir.Dag)
            frame = Frame(pipeline.root.body, "", folder, Values(), None)
            with closing(Environments(options.environments or home / "envs")) as environments:
                decider = work.decider(lambda message: None, FileClaims(folder / "locks"), environments)
                decider = replace(decider, capacity=None)  # it runs alone, and its demand may hang on other tasks
                decided = decider.decide_with(Node(task, frame, path, folder / "step", set()), inputs)
                assert isinstance(decided, ToRun), "a step whose cache is off has to run"
                assert options.executor is not None
                performer = Performer(options.executor, LocalStore(folder / "blobs"))
                done = performer.perform(task.retry, decided.step)
            return done.error, done.outputs

    def _inputs(self, made: Execution) -> Values:
        """What it was given, whose bytes must still be what they were."""
        parameters = made.custom_properties.get("inputs", {})
        artifacts: dict[str, list[tuple[int, Held]]] = {}
        with self.record.read() as reader:
            events = [e for e in reader.events_of_executions([made.id]) if e.type is EventType.INPUT]
            rows = reader.artifacts_by_id([e.artifact_id for e in events])
        for row in rows.values():
            if fault := fault_of(row, self.store):
                raise LookupError(f"its input {row.ref} {fault}")
        repeated = made.custom_properties.get("clew.input_artifacts")
        if isinstance(repeated, dict):
            return Values(
                dict(parameters) if isinstance(parameters, dict) else {},
                {name: [from_record(rows[id]) for id in ids] for name, ids in repeated.items()},
            )
        for event in events:
            place = event.path[1] if len(event.path) > 1 and isinstance(event.path[1], int) else 0
            artifacts.setdefault(str(event.path[0]), []).append((place, from_record(rows[event.artifact_id])))
        ordered = {name: [h for _, h in sorted(items, key=lambda i: i[0])] for name, items in artifacts.items()}
        return Values(dict(parameters) if isinstance(parameters, dict) else {}, ordered)

    def _differences(self, made: Execution, outputs: Values) -> list[str]:
        with self.record.read() as reader:
            before = {name: [a.digest for a in items] for name, items in outputs_of(reader, made.id).items()}
        after = {name: [a.digest for a in items] for name, items in outputs.artifacts.items() if items}
        parameters = made.custom_properties.get("outputs", {})
        assert isinstance(parameters, dict)
        names = [n for n in sorted(before.keys() | after.keys()) if before.get(n) != after.get(n)]
        names += [
            n
            for n in sorted(parameters.keys() | outputs.parameters.keys())
            if parameters.get(n) != outputs.parameters.get(n)
        ]
        return [f"output {name!r}" for name in names]


def _task_at(pipeline: ir.Pipeline, path: str) -> ir.Task:
    """The task at a path of a run. Errors: LookupError."""
    body = pipeline.root.body
    task: ir.Task | None = None
    for name in _INDEX.sub("", path).split("/"):
        if not isinstance(body, ir.Dag):
            raise LookupError(f"its pipeline has no task {path} any more")
        task = body.tasks[name]
        body = task.component.body
    assert task is not None
    return task


def _mark(record: Record, found: Audit, options: RunOptions) -> None:
    """Say so on the contexts of components, and take back what is not so any more."""
    now_ms = time.time_ns() // 1_000_000
    worst = {c.component: c for c in found.checked if c.verdict == "differs"}
    if not worst:
        return
    change = Change(actor=options.actor, namespace=options.namespace)
    for name, checked in worst.items():
        why = f"{checked.execution} gave other bytes when it was made again: {checked.detail}"
        note = marks.note(options.actor, now_ms, why)
        change.context(COMPONENT_TYPE, name=name, custom_properties={marks.NONDETERMINISTIC: note}, reuse="name")
    record.commit(change)
