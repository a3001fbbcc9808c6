"""What a run leaves in the record, by KFP's conventions for ML Metadata, and what Clew adds to them.

Contexts ``system.Pipeline`` and ``system.PipelineRun`` (the run inside the pipeline); an execution for the run
(``system.DAGExecution`` named ``run/<id>``), for each graph, loop and iteration in it, for each container and importer;
an INPUT or OUTPUT event for each artifact, its path the name of the input or output. Beyond that: the position in a
list as a second step of the path, digests, sizes, fingerprints, times, and properties named ``clew.*``.

Source: kubeflow/pipelines ``backend/src/v2/metadata/client.go``, ``driver``, ``component``.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clew.executors.cache import COMPONENT_TYPE, DECISION, PARTS, Decision
from clew.executors.fingerprint import Fingerprint
from clew.executors.marks import FAILURE
from clew.executors.pipeline import ir
from clew.executors.pipeline.held import FILE, Held, Values, to_property
from clew.executors.runs.put import LOCAL_STORAGE, RunPut, put_run, put_types
from clew.executors.sound import TAG
from clew.metadata.change import Change, NodePut, Receipt
from clew.metadata.errors import Invalid
from clew.metadata.identity import Identity
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.metadata.value import Value

CONTAINER, IMPORTER, DAG = "system.ContainerExecution", "system.ImporterExecution", "system.DAGExecution"
RESOLVER = "clew.ResolverExecution"
KFP = "kfp"
"""Source of the edges."""


def now_ms() -> int:
    """UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Doing:
    """What is recorded when a task starts (or when it is known that it need not)."""

    type: str
    task: str
    label: str
    path: str
    component: str
    parent: int
    parameters: Mapping[str, Any]
    artifacts: Mapping[str, list[Held]] = field(default_factory=dict)
    iteration: int | None = None
    extra: Mapping[str, Value] = field(default_factory=dict)
    """More custom properties."""
    fingerprint: Fingerprint | None = None
    decision: Decision | None = None
    reusable: bool = False
    """Whether later executions may find it by its fingerprint."""
    started_ms: int = 0
    """0 is the moment it is recorded."""


@dataclass(frozen=True, slots=True)
class Done:
    """A task that needs only one report: reused, or imported."""

    doing: Doing
    state: ExecutionState
    outputs: Values


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of an execution that was started."""

    execution: int
    state: ExecutionState
    outputs: Values
    error: str = ""
    attempts: int = 1
    failure: str = ""
    """How it failed, where it would fail so again."""


@dataclass(frozen=True, slots=True)
class RunNodes:
    """The nodes of a run in the record."""

    pipeline: int
    run: int
    root: int


class Recorder:
    """Writes one run. Safe for several threads once the run is started."""

    def __init__(self, record: Record, *, namespace: str, actor: str) -> None:
        self._record = record
        self._namespace = namespace
        self._actor = actor
        self._components: dict[str, int] = {}
        self.nodes = RunNodes(0, 0, 0)

    def start_run(
        self, pipeline: ir.Pipeline, run: RunPut, artifacts: Mapping[str, list[Held]] | None = None
    ) -> RunNodes:
        """Types, the pipeline, the run and its root execution, in one change."""
        change = self._change()
        put_types(change)
        change.type(NodeType(Kind.CONTEXT, COMPONENT_TYPE))
        for name in (CONTAINER, IMPORTER, RESOLVER, DAG):
            change.type(NodeType(Kind.EXECUTION, name))
        for name in sorted(_artifact_types(pipeline.root)):
            change.type(NodeType(Kind.ARTIFACT, name))
        components = {
            name: change.context(COMPONENT_TYPE, name=component_context(pipeline.name, name), reuse="name")
            for name in sorted(_component_names(pipeline.root))
        }
        started = now_ms()
        top, run_context = put_run(change, run, {"clew.state": "RUNNING", "clew.started_ms": started})
        root = change.execution(
            DAG,
            name=f"run/{run.id}",
            state=ExecutionState.RUNNING,
            started_ms=started,
            custom_properties=_dag_properties(pipeline.root)
            | {"display_name": "", "task_name": ""}
            | ({"inputs": dict(run.parameters)} if run.parameters else {}),
        )
        change.associate(top, root)
        change.associate(run_context, root)
        for name, items in (artifacts or {}).items():
            for i, item in enumerate(items):
                change.event(item.id, root, EventType.INPUT, path=_path(name, i, items), source=KFP)
        receipt = self._record.commit(change)
        self._components = {name: receipt.id(put) for name, put in components.items()}
        self.nodes = RunNodes(receipt.id(top), receipt.id(run_context), receipt.id(root))
        return self.nodes

    def bring(self, artifacts: Mapping[str, list[Held]]) -> dict[str, list[Held]]:
        """The artifacts a run is given, recorded where they are new."""
        change = self._change()
        made: dict[tuple[str, int], NodePut] = {}
        for name, items in artifacts.items():
            for i, item in enumerate(items):
                if not item.id:
                    change.type(NodeType(Kind.ARTIFACT, item.type))
                    made[name, i] = self._artifact(change, item)
        if not made:
            return dict(artifacts)
        receipt = self._record.commit(change)
        given = Values(artifacts=dict(artifacts))
        return _with_ids(given, {key: receipt.id(put) for key, put in made.items()}).artifacts

    def start(self, doings: Iterable[Doing]) -> list[int]:
        """Executions under way, in one change; their ids in order."""
        change = self._change()
        puts = [self._execution(change, doing, ExecutionState.RUNNING, None) for doing in doings]
        receipt = self._record.commit(change)
        return [receipt.id(put) for put in puts]

    def start_each(self, doings: Sequence[Doing]) -> list[int | Invalid]:
        """Executions under way, each its own change, committed together; the id of each, or what is wrong with it."""
        changes = [self._change() for _ in doings]
        puts = [self._execution(c, d, ExecutionState.RUNNING, None) for c, d in zip(changes, doings, strict=True)]
        return [
            outcome.id(put) if isinstance(outcome, Receipt) else _invalid(outcome)
            for outcome, put in zip(self._record.commit_many(changes), puts, strict=True)
        ]

    def finish_each(self, ends: Sequence[Finished]) -> list[Values | Invalid]:
        """Ends of executions, each its own change, committed together.

        Of each its outputs, with the ids they got; or what is wrong with them, and then it is still open.
        """
        changes, made = [], []
        for end in ends:
            change = self._change()
            properties: dict[str, Value] = {}
            if end.outputs.parameters:
                properties["outputs"] = end.outputs.parameters
            if end.error:
                properties["clew.error"] = end.error
            if end.failure:
                properties[FAILURE] = end.failure
            if end.attempts > 1:
                properties["clew.attempts"] = end.attempts
            change.execution(id=end.execution, state=end.state, ended_ms=now_ms(), custom_properties=properties)
            changes.append(change)
            made.append(self._artifacts(change, end.outputs, end.execution))
        return [
            _with_ids(end.outputs, {key: outcome.id(put) for key, put in puts.items()})
            if isinstance(outcome, Receipt)
            else _invalid(outcome)
            for end, puts, outcome in zip(ends, made, self._record.commit_many(changes), strict=True)
        ]

    def finish_dags(self, ended: Iterable[tuple[int, ExecutionState, Values]]) -> None:
        """The ends of graphs, loops and iterations, in one change."""
        change = self._change()
        for execution, state, outputs in ended:
            properties = {"outputs": outputs.parameters} if outputs.parameters else {}
            change.execution(id=execution, state=state, ended_ms=now_ms(), custom_properties=properties)
        if change.nodes:
            self._record.commit(change)

    def record_done(self, batch: Iterable[Done]) -> list[tuple[int, Values]]:
        """Reused and imported tasks, in one change; the execution and the outputs of each."""
        change = self._change()
        puts = []
        for done in batch:
            put = self._execution(change, done.doing, done.state, done.outputs)
            puts.append((put, done, self._artifacts(change, done.outputs, put)))
        receipt = self._record.commit(change)
        self._read_by_importers(done for _, done, _ in puts)
        return [
            (receipt.id(put), _with_ids(done.outputs, {key: receipt.id(p) for key, p in made.items()}))
            for put, done, made in puts
        ]

    def _read_by_importers(self, batch: Iterable[Done]) -> None:
        """An importer reads what lies at its address: the version somebody was seen to write there, if so."""
        imported = [done.outputs.artifacts.values() for done in batch if done.doing.type == IMPORTER]
        uris = {item.uri for outputs in imported for items in outputs for item in items if item.uri}
        if uris:
            Identity(self._record).look_again(uris, self._namespace)

    def finish_run(self, state: ExecutionState, outputs: Values, error: str) -> None:
        """The end of the run."""
        change = self._change()
        properties: dict[str, Value] = {"outputs": outputs.parameters} if outputs.parameters else {}
        if error:
            properties["clew.error"] = error
        ended = now_ms()
        change.execution(id=self.nodes.root, state=state, ended_ms=ended, custom_properties=properties)
        change.context(
            id=self.nodes.run, custom_properties=properties | {"clew.state": state.name, "clew.ended_ms": ended}
        )
        self._record.commit(change)

    def _change(self) -> Change:
        return Change(actor=self._actor, namespace=self._namespace)

    def _execution(self, change: Change, doing: Doing, state: ExecutionState, outputs: Values | None) -> NodePut:
        properties: dict[str, Value] = {
            "display_name": doing.label,
            "task_name": doing.task,
            "parent_dag_id": doing.parent,
            "clew.path": doing.path,
        }
        if doing.parameters:
            properties["inputs"] = dict(doing.parameters)
        if doing.iteration is not None:
            properties["iteration_index"] = doing.iteration
        if outputs is not None and outputs.parameters:
            properties["outputs"] = outputs.parameters
        if doing.fingerprint is not None:
            properties[PARTS] = doing.fingerprint.parts
            properties["clew.fingerprint"] = doing.fingerprint.digest  # also of what the cache must not find
            if doing.reusable:
                properties["cache_fingerprint"] = doing.fingerprint.digest
        if doing.decision is not None:
            properties[DECISION] = doing.decision.as_struct()
            if doing.decision.origin is not None:
                properties["cached_execution_id"] = str(doing.decision.origin.id)
            properties |= doing.decision.saved
        put = change.execution(
            doing.type,
            state=state,
            fingerprint=doing.fingerprint.digest if doing.fingerprint and doing.reusable else None,
            started_ms=doing.started_ms or now_ms(),
            ended_ms=None if state is ExecutionState.RUNNING else now_ms(),
            custom_properties=properties | _repeated(doing.artifacts) | dict(doing.extra),
        )
        change.associate(self.nodes.pipeline, put)
        change.associate(self.nodes.run, put)
        if doing.fingerprint is not None:
            change.associate(self._components[doing.component], put)
        for name, items in doing.artifacts.items():
            for i, item in enumerate(items):
                change.event(item.id, put, EventType.INPUT, path=_path(name, i, items), source=KFP)
        return put

    def _artifacts(self, change: Change, outputs: Values, execution: NodePut | int) -> dict[tuple[str, int], NodePut]:
        """New artifacts for the outputs that have no id yet, and an OUTPUT event for each output."""
        made = {}
        for name, items in outputs.artifacts.items():
            for i, item in enumerate(items):
                artifact: NodePut | int = item.id
                if not item.id:
                    artifact = made[name, i] = self._artifact(change, item)
                change.event(artifact, execution, EventType.OUTPUT, path=_path(name, i, items), source=KFP)
                change.attribute(self.nodes.pipeline, artifact)
                change.attribute(self.nodes.run, artifact)
        return made

    def _artifact(self, change: Change, item: Held) -> NodePut:
        properties: dict[str, Value] = {key: to_property(value) for key, value in item.metadata.items()}
        return change.artifact(
            item.type,
            uri=item.uri,
            state=ArtifactState.LIVE,
            digest=item.digest,
            size_bytes=item.size_bytes,
            custom_properties=properties
            | {"display_name": item.name, "store_session_info": LOCAL_STORAGE}
            | {key: text for key, text in ((FILE, item.file), (TAG, item.tag)) if text},
        )


def _path(name: str, i: int, items: list[Held]) -> tuple[str | int, ...]:
    return (name,) if len(items) == 1 else (name, i)


def _invalid(outcome: BaseException) -> Invalid:
    if isinstance(outcome, Invalid):
        return outcome
    raise outcome


def component_context(pipeline: str, component: str) -> str:
    """Name of the context that holds all executions of one component of a pipeline."""
    return f"{pipeline}/{component}"


def dag_extra(component: ir.Component, iteration_count: int | None = None) -> dict[str, Value]:
    """The custom properties KFP gives an execution that stands for a graph or a loop."""
    if iteration_count is not None:
        return {"iteration_count": iteration_count}
    return _dag_properties(component)


def _dag_properties(component: ir.Component) -> dict[str, Value]:
    dag = component.body
    assert isinstance(dag, ir.Dag)
    properties: dict[str, Value] = {"total_dag_tasks": len(dag.tasks)}
    if dag.parameters:
        properties["parameter_producer_task"] = {
            name: json.dumps(_parameter_producer(sources)) for name, sources in dag.parameters.items()
        }
    if dag.artifacts:
        properties["artifact_producer_task"] = json.dumps(
            {
                name: {"artifactSelectors": [{"producerSubtask": o.task, "outputArtifactKey": o.key} for o in sources]}
                for name, sources in dag.artifacts.items()
            }
        )
    return properties


def _parameter_producer(sources: tuple[ir.TaskOutput, ...]) -> dict[str, Any]:
    selectors = [{"producerSubtask": o.task, "outputParameterKey": o.key} for o in sources]
    if len(selectors) == 1:
        return {"valueFromParameter": selectors[0]}
    return {"valueFromOneof": {"parameterSelectors": selectors}}


def _with_ids(outputs: Values, ids: Mapping[tuple[str, int], int]) -> Values:
    artifacts = {
        name: [item.recorded(ids.get((name, i), item.id)) for i, item in enumerate(items)]
        for name, items in outputs.artifacts.items()
    }
    return Values(outputs.parameters, artifacts)


def _artifact_types(component: ir.Component) -> set[str]:
    types = {spec.type for spec in component.outputs.artifacts.values()}
    if isinstance(component.body, ir.Importer):
        types.add(component.body.type)
    if isinstance(component.body, ir.Dag):
        for task in component.body.tasks.values():
            types |= _artifact_types(task.component)
    return types


def _component_names(component: ir.Component) -> set[str]:
    if not isinstance(component.body, ir.Dag):
        return {component.name}
    return {name for task in component.body.tasks.values() for name in _component_names(task.component)}


def _repeated(artifacts: Mapping[str, list[Held]]) -> dict[str, Value]:
    """Every input in full where one artifact stands in two places: an execution has one event for each artifact."""
    ids = {name: [item.id for item in items] for name, items in artifacts.items()}
    flat = [id for items in ids.values() for id in items]
    return {"clew.input_artifacts": ids} if len(set(flat)) < len(flat) else {}
