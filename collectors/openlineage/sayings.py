"""Events -> what they say in the record's words. A pure function of the events and of what was recorded of the same.

A job is a context, a run an execution in it (external id: the run's), a dataset written an artifact: a version of what
lies at its location. What is said of one run is joined (``merge``), so order, repeats and delays change nothing: a run
that failed and names no outputs keeps those it named before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from clew.collectors.openlineage.event import DATASET, JOB, DatasetSaid, EventSaid
from clew.collectors.openlineage.merge import Merged
from clew.collectors.openlineage.told import identifiers, size_of, told_of_dataset, told_of_job, told_of_run
from clew.metadata.change import Change
from clew.metadata.errors import ClewError
from clew.metadata.identity import Saying, Touch
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.location import of_dataset
from clew.metadata.node import Artifact, Context, Execution
from clew.metadata.states import ExecutionState

SOURCE, SPARK = "openlineage", "spark"
SPARK_PRODUCER = "https://clew.dev/collectors/spark"
"""What our own Spark listener calls itself."""
RUN_TYPE, DECLARED_TYPE = "openlineage.Run", "openlineage.Declared"
JOB_TYPE, DATASET_TYPE, PARENT_TYPE = "openlineage.Job", "openlineage.Dataset", "openlineage.ParentRun"
DECLARED_CONFIDENCE, RENAMED_CONFIDENCE = 50, 90
"""Percent: of edges that a job says it would make; of a version said to be another one renamed."""
CLEW = "clew"
"""Namespace of the parent job that stands for an execution of this record: named ``execution:42``."""
_FINAL = {
    "COMPLETE": ExecutionState.COMPLETE, "FAIL": ExecutionState.FAILED, "ABORT": ExecutionState.CANCELED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ContextKey:
    """A context that events name, made once."""

    type: str
    name: str
    properties: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(slots=True)
class Known:
    """What is recorded of the things that events name."""

    executions: dict[str, Execution] = field(default_factory=dict)
    """By external id."""
    artifacts: dict[str, Artifact] = field(default_factory=dict)
    """Datasets that events without a run tell of, by external id."""
    contexts: dict[ContextKey, Context | int] = field(default_factory=dict)
    outer: set[int] = field(default_factory=set)
    """Those executions that parents name (``execution:42``) which there are."""


def named(namespace: str, name: str) -> str:
    """Name of a context: ``NAMESPACE/NAME``, the last slash being ours."""
    return f"{namespace}/{name.replace('%', '%25').replace('/', '%2F')}"


def job_key(namespace: str, name: str) -> ContextKey:
    """Of a job."""
    return ContextKey(JOB_TYPE, named(namespace, name), {"namespace": namespace, "job": name})


def dataset_key(said: DatasetSaid) -> ContextKey:
    """Of a dataset as it was spelled; several may lie at one location."""
    told = {"namespace": said.namespace, "dataset": said.name, "location": said.location}
    return ContextKey(DATASET_TYPE, named(said.namespace, said.name), told)


def subject(event: EventSaid) -> str:
    """What the event is about: events of one subject are joined. A run's external id; a job's; a dataset's."""
    if event.kind == DATASET:
        assert event.dataset is not None
        return f"{event.dataset.location}#"
    return event.run_id or f"openlineage:{named(event.job_namespace, event.job_name)}"


def contexts_of(events: Iterable[EventSaid]) -> dict[ContextKey, None]:
    """The contexts that events name, in order."""
    found: dict[ContextKey, None] = {}
    for event in events:
        if event.kind != DATASET:
            found[job_key(event.job_namespace, event.job_name)] = None
        for said in _datasets(event):
            found[dataset_key(said)] = None
        for run_id in _parents(event):
            found[ContextKey(PARENT_TYPE, run_id)] = None
    return found


def outer_of(event: EventSaid) -> int | None:
    """Id of the execution of this record that the run says it is part of, as its parent or its root."""
    parent = event.run_facets.get("parent") or {}
    for job in (parent.get("job"), (parent.get("root") or {}).get("job")):
        if not isinstance(job, dict) or job.get("namespace") != CLEW or not isinstance(job.get("name"), str):
            continue
        with suppress(ClewError):
            ref = NodeRef.parse(job["name"])
            if ref.kind is Kind.EXECUTION:
                return ref.id
    return None


def saying_of(events: list[EventSaid], known: Known) -> Saying:
    """What events of one run, or of one job as it is declared, say. ``known`` must hold every context they name."""
    key, declared = subject(events[0]), events[0].kind == JOB
    old = known.executions.get(key)
    merged = Merged(old.custom_properties if old else None)
    for event in events:
        _take_in(event, merged)
    change = Change(actor=SOURCE)
    execution = change.execution(
        DECLARED_TYPE if declared else RUN_TYPE,
        external_id=key,
        state=None if declared else _state_of(merged),
        started_ms=None if declared else merged.times("event")["first"],
        ended_ms=merged.times("event").get("final"),
        custom_properties={
            "display_name": merged.facet("event", "job")["name"],
            **told_of_run(merged),
            **told_of_job(merged),
            **merged.recorded(),
        },
        reuse="external_id",
    )
    execution.state_rule = "replace"
    for context in contexts_of(events):
        if context.type != DATASET_TYPE:
            change.associate(_context(known, context), execution)
    touches = _touches(merged, DECLARED_CONFIDENCE if declared else None)
    within = dict.fromkeys(outer for event in events if (outer := outer_of(event)) is not None)
    return Saying(
        change, execution, key, touches, _source(merged.facet("event", "producer")),
        within=[outer for outer in within if outer in known.outer],
    )  # fmt: skip


def change_of(events: list[EventSaid], known: Known) -> Change:
    """What events of one dataset say, which nobody reads or writes just now: of what lies there as it was found."""
    key = subject(events[0])
    old = known.artifacts.get(key)
    merged = Merged(old.custom_properties if old else None)
    change = Change(actor=SOURCE)
    said = events[0].dataset
    assert said is not None
    for event in events:
        assert event.dataset is not None
        merged.say_all("dataset", event.dataset.facets, event.time_ms)
        merged.say(
            "event", "dataset", {"namespace": event.dataset.namespace, "name": event.dataset.name}, event.time_ms
        )
    artifact = change.artifact(
        "Dataset",
        external_id=key,
        uri=said.location,
        custom_properties={**told_of_dataset(merged), **merged.recorded()},
        reuse="external_id",
    )
    for context in contexts_of(events):
        change.attribute(_context(known, context), artifact)
    return change


def _state_of(merged: Merged) -> ExecutionState:
    final = merged.facet("event", "final").get("state", "")
    running = ExecutionState.RUNNING if "running" in merged.times("event") else ExecutionState.UNKNOWN
    return _FINAL.get(final, running)


def _take_in(event: EventSaid, merged: Merged) -> None:
    at = event.time_ms
    merged.first("event", "first", at)
    merged.say("event", "producer", {"producer": event.producer}, at)
    merged.say("event", "job", {"namespace": event.job_namespace, "name": event.job_name}, at)
    if event.state in _FINAL:
        merged.say("event", "final", {"state": event.state}, at)
    elif event.state in ("START", "RUNNING"):
        merged.first("event", "running", at)
    merged.say_all("run", event.run_facets, at)
    merged.say_all("job", event.job_facets, at)
    for said in event.inputs:
        merged.first("reads", said.location, at)
        merged.say_all(f"input {said.location}", {**said.facets, **said.own}, at)
    for said in event.outputs:
        merged.first("writes", said.location, at)
        merged.say_all(f"output {said.location}", {**said.facets, **said.own}, at)


def _touches(merged: Merged, confidence: int | None) -> list[Touch]:
    touches = []
    for location, at in sorted(merged.times("reads").items()):
        same_as = _same_as(merged.facet(f"input {location}", "symlinks"), location)
        touches.append(
            Touch(location, writes=False, time_ms=at, path=(location,), confidence=confidence, same_as=same_as)
        )
    for location, at in sorted(merged.times("writes").items()):
        said = merged.only(f"output {location}", "dataset")
        touches.append(
            Touch(
                location,
                writes=True,
                time_ms=at,
                path=(location,),
                confidence=confidence,
                size_bytes=size_of(said),
                custom_properties={**told_of_dataset(said), **said.recorded()},
                same_as=_same_as(said.facet("dataset", "symlinks"), location),
            )
        )
        if renamed := _renamed(said.facet("dataset", "lifecycleStateChange"), location):
            touches.append(Touch(renamed, writes=False, time_ms=at, path=(renamed,), confidence=RENAMED_CONFIDENCE))
    return touches


def _same_as(facet: dict[str, Any], location: str) -> tuple[str, ...]:
    found = dict.fromkeys(of_dataset(namespace, name) for namespace, name in identifiers(facet))
    return tuple(other for other in found if other != location)


def _renamed(facet: dict[str, Any], location: str) -> str:
    """Where a dataset lay before it was renamed."""
    before = facet.get("previousIdentifier")
    if facet.get("lifecycleStateChange") != "RENAME" or not isinstance(before, dict):
        return ""
    found = next(iter(identifiers({"identifiers": [before]})), None)
    other = of_dataset(*found) if found else location
    return other if other != location else ""


def _datasets(event: EventSaid) -> tuple[DatasetSaid, ...]:
    return (*event.inputs, *event.outputs) if event.dataset is None else (event.dataset,)


def _parents(event: EventSaid) -> list[str]:
    """Ids of the runs it is part of: its parent's and the root's."""
    parent = event.run_facets.get("parent")
    if parent is None:
        return []
    root = (parent.get("root") or {}).get("run", {}).get("runId")
    return list(dict.fromkeys(id.lower() for id in (parent["run"]["runId"], root) if id))


def _context(known: Known, key: ContextKey) -> int:
    found = known.contexts[key]
    return found if isinstance(found, int) else int(found.id)


def _source(producer: dict[str, Any]) -> str:
    return SPARK if str(producer.get("producer", "")).startswith(SPARK_PRODUCER) else SOURCE
