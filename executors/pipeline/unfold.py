"""A pipeline unfolding: frames (a graph with its inputs bound) and the nodes in them (a task with its state).

Nothing here runs or records anything; the scheduler asks what is ready and tells what became of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.cel import holds, pick, select
from clew.executors.pipeline.held import Held, Values
from clew.executors.pipeline.placeholder import fill_constants
from clew.executors.pipeline.status import final_status
from clew.executors.pipeline.values import Mismatch, allowed, hand_over
from clew.metadata.errors import StepFailed

FINAL = frozenset({"COMPLETE", "CACHED", "FAILED", "CANCELED", "SKIPPED"})
SUCCEEDED = frozenset({"COMPLETE", "CACHED"})


@dataclass(slots=True, eq=False)
class Node:
    """One task in one frame."""

    task: ir.Task
    frame: Frame
    path: str
    """Its name in the run: ``inner/train``, ``for-loop-1#2/train``."""
    folder: Path
    waiting: set[str]
    """Tasks of the same frame it still waits for."""
    state: str = "WAITING"
    outputs: Values = field(default_factory=Values)
    iterations: list[Frame | None] = field(default_factory=list)
    """Of a loop, by index; of a graph, one; None until opened."""
    opened: int = 0
    """How many of them were opened so far."""
    under_way: int = 0
    """How many of those have not ended."""
    items: list[Any] = field(default_factory=list)
    inputs: Values = field(default_factory=Values)
    """Of a graph or loop: what is handed down."""
    execution: int | None = None
    fingerprint: str | None = None
    cached: bool = False
    seconds: float = 0.0
    started: float = 0.0
    saved_seconds: float = 0.0
    message: str = ""
    untriggered: bool = False
    """Of one that was skipped: whether that is no failure, its condition, or that of one before it, being false."""
    attempt: int = 1

    @property
    def kind(self) -> str:
        """container, importer, resolver or dag."""
        body = self.task.component.body
        return type(body).__name__.lower()

    @property
    def is_fine(self) -> bool:
        """Whether it ended without harm."""
        return self.state in SUCCEEDED or self.untriggered

    @property
    def failure(self) -> str:
        """Why it failed: of a graph, the first failure in it."""
        inner = (error for frame in self.iterations if frame is not None and (error := frame.first_error()))
        return self.message or next(inner, "")

    @property
    def root_execution(self) -> int:
        """The execution of the whole run."""
        frame = self.frame
        while frame.parent is not None:
            frame = frame.parent.frame
        return frame.execution

    @property
    def dag(self) -> ir.Dag:
        """The graph it stands for."""
        assert isinstance(self.task.component.body, ir.Dag)
        return self.task.component.body

    def is_all_reused(self) -> bool:
        """Of a graph: whether there is something in it that was triggered, and all of that was reused."""
        frames = [frame for frame in self.iterations if frame is not None]
        triggered = [frame for frame in frames if not all(node.untriggered for node in frame.nodes.values())]
        return bool(triggered) and all(frame.is_all_reused() for frame in triggered)

    @property
    def lists(self) -> frozenset[str]:
        """Names of outputs that are lists of artifacts."""
        specs = self.task.component.outputs.artifacts
        return frozenset(n for n, s in specs.items() if s.is_list or self.task.loop)


@dataclass(slots=True, eq=False)
class Frame:
    """One graph with its inputs bound: the root, a nested pipeline, or one iteration of a loop."""

    dag: ir.Dag
    path: str
    """Prefix of the names in it: empty, ``inner``, ``for-loop-1#2``."""
    folder: Path
    inputs: Values
    parent: Node | None
    index: int | None = None
    """Which iteration."""
    execution: int = 0
    nodes: dict[str, Node] = field(default_factory=dict)
    started: float = 0.0
    state: str = "RUNNING"
    seconds: float = 0.0
    results: Values = field(default_factory=Values)
    """What it gives, once it is closed."""
    error: str = ""
    """Why it failed, if that was none of its nodes."""

    def unfold(self) -> None:
        """Make the nodes."""
        for name, task in self.dag.tasks.items():
            path = f"{self.path}/{name}" if self.path else name
            self.nodes[name] = Node(task, self, path, self.folder / name, set(task.after))

    def ready(self) -> list[Node]:
        """The nodes that wait for nothing any more."""
        return [n for n in self.nodes.values() if n.state == "WAITING" and not n.waiting]

    def release(self, finished: Node) -> Iterator[Node]:
        """Free what waits for a node that ended; yield what will never run after one that did not succeed."""
        for node in self.nodes.values():
            if node.state == "WAITING" and finished.task.name in node.waiting:
                if finished.state in SUCCEEDED or node.task.whatever:
                    node.waiting.discard(finished.task.name)
                else:
                    node.state, node.untriggered = "SKIPPED", finished.untriggered
                    how = "was not triggered" if finished.untriggered else "did not succeed"
                    node.message = f"{finished.path} {how}"
                    yield node
                    yield from self.release(node)

    def is_finished(self) -> bool:
        """Whether every node is."""
        return all(n.state in FINAL for n in self.nodes.values())

    def is_all_reused(self) -> bool:
        """Whether something in it was triggered, and all of that was reused."""
        triggered = [node for node in self.nodes.values() if not node.untriggered]
        return bool(triggered) and all(node.cached for node in triggered)

    def succeeded(self) -> bool:
        """Whether nothing in it failed."""
        return all(n.is_fine for n in self.nodes.values())

    def first_error(self) -> str:
        """The first failure in it, by path; empty when there is none."""
        for node in self.nodes.values():
            if node.state in ("FAILED", "CANCELED"):
                inner = (error for frame in node.iterations if frame is not None and (error := frame.first_error()))
                own = f"{node.path}: {node.message}" if node.message else f"{node.path} {node.state}"
                return next(inner, own)
        return self.error

    def close(self, *, canceled: bool) -> None:
        """Tell what became of it, and what it gives; every node must have ended."""
        self.state = "COMPLETE" if self.succeeded() else "CANCELED" if canceled else "FAILED"
        try:
            self.results = self._outputs()
        except StepFailed as error:
            self.state, self.error = "FAILED", str(error)

    def _outputs(self) -> Values:
        """What the graph gives, of the nodes that succeeded.

        Errors: StepFailed where an output is that of one of several branches, and more than one of them ran.
        """
        parameters = {
            n: self._output(n, of, lambda node: node.outputs.parameters) for n, of in self.dag.parameters.items()
        }
        artifacts = {
            n: self._output(n, of, lambda node: node.outputs.artifacts) for n, of in self.dag.artifacts.items()
        }
        return Values(_without_missing(parameters), _without_missing(artifacts))

    def _output(self, name: str, sources: tuple[ir.TaskOutput, ...], values: Callable[[Node], dict[str, Any]]) -> Any:
        nodes = [(self.nodes[source.task], source.key) for source in sources]
        found = [values(node)[key] for node, key in nodes if node.state in SUCCEEDED and key in values(node)]
        if len(found) > 1:
            where = f"{self.path}.{name}" if self.path else name
            raise StepFailed(
                f"output {where!r} is that of one branch, and {len(found)} of them ran",
                field=where,
                remedy="Make the conditions of the branches exclude each other",
            )
        return found[0] if found else ir.MISSING


def _without_missing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not ir.MISSING}


def is_triggered(node: Node) -> bool:
    """Whether the condition of a node holds; its inputs must be bound.

    Errors: StepFailed where that cannot be told.
    """
    return holds(node.task.condition, _all_given(node), node.path)


def _all_given(node: Node) -> dict[str, Any]:
    """The parameters of a node whose inputs are bound, with those that only its task has and its component does not."""
    return given_to(node) | node.inputs.parameters


def inputs_of(node: Node) -> Values:
    """The values and artifacts a node's task is given; optional ones without a value are absent.

    Errors: StepFailed naming the input whose value is missing or of the wrong type.
    """
    return Values(_with_defaults(node, given_to(node)), _input_artifacts(node))


def given_to(node: Node) -> dict[str, Any]:
    """The parameters a node's task is given, as they come: also those that its component does not declare.

    Errors: StepFailed.
    """
    task, frame = node.task, node.frame
    raw: dict[str, Any] = {}
    constants: dict[str, tuple[Any, str]] = {}
    for name, wanted in task.parameters.items():
        if isinstance(wanted.source, ir.Constant):
            constants[name] = wanted.source.value, wanted.select
            continue
        found = _parameter(wanted.source, frame)
        if found is not ir.MISSING:
            raw[name] = select(wanted.select, found, f"{node.path}.{name}") if wanted.select else found
    for name, (value, selected) in constants.items():
        value = fill_constants(value, {n: constant for n, (constant, _) in constants.items()} | raw)
        raw[name] = select(selected, value, f"{node.path}.{name}") if selected else value
    return raw


def _input_artifacts(node: Node) -> dict[str, list[Held]]:
    artifacts = {}
    for name, source in node.task.artifacts.items():
        items = _artifacts(source, node.frame)
        spec = node.task.component.inputs.artifacts.get(name)
        if items:
            artifacts[name] = items
        elif items is None and not (spec and spec.optional):
            raise StepFailed(
                f"input artifact {name!r} of {node.path} was not made",
                field=name,
                remedy="The task that makes it was not triggered or failed: make the input optional",
            )
    return artifacts


def items_of(node: Node) -> list[Any]:
    """The items a loop runs over.

    Errors: StepFailed when the value is no list.
    """
    loop = node.task.loop
    assert loop is not None
    source = loop.items
    if isinstance(source, ir.Constant):
        items: Any = fill_constants(source.value, _all_given(node))
    elif loop.artifacts:
        items = node.inputs.artifacts.get(source.name, [])
    else:
        items = _all_given(node).get(source.name)
    if isinstance(items, str):  # a list that came as its text
        with suppress(ValueError):
            items = json.loads(items)
    if not isinstance(items, list):
        raise StepFailed(f"the loop {node.path} got no list to run over", field=node.path, value=items)
    return items


def iteration_inputs(node: Node, index: int) -> Values:
    """What iteration ``index`` of a loop is handed: the loop's own inputs, the item, and the item's fields."""
    loop = node.task.loop
    assert loop is not None
    item = node.items[index]
    if loop.artifacts:
        return Values(node.inputs.parameters, node.inputs.artifacts | {loop.item_input: [item]})
    parameters = dict(node.inputs.parameters) | {loop.item_input: item}
    prefix = loop.item_input + ir.LOOP_ITEM_FIELD
    for name in node.task.component.inputs.parameters:
        if name.startswith(prefix):
            parameters[name] = pick(item, (name.removeprefix(prefix),), node.path)
    return Values(parameters, node.inputs.artifacts)


def gather(node: Node) -> Values:
    """The outputs of a graph; of a loop, lists over the iterations, artifacts flattened."""
    frames = [frame for frame in node.iterations if frame is not None]
    if node.task.loop is None:
        return frames[0].results
    parts = [frame.results for frame in frames]
    outputs = node.task.component.outputs
    return Values(
        {name: [p.parameters[name] for p in parts if name in p.parameters] for name in outputs.parameters},
        {name: [a for p in parts for a in p.artifacts.get(name, [])] for name in outputs.artifacts},
    )


def _parameter(source: ir.ComponentInput | ir.TaskOutput | ir.FinalStatus, frame: Frame) -> Any:
    if isinstance(source, ir.ComponentInput):
        return frame.inputs.parameters.get(source.name, ir.MISSING)
    if isinstance(source, ir.FinalStatus):
        node = frame.nodes[source.task]
        return final_status(node.task.name, node.state, node.failure)
    return frame.nodes[source.task].outputs.parameters.get(source.key, ir.MISSING)


def _artifacts(source: ir.ComponentInput | ir.TaskOutput, frame: Frame) -> list[Held] | None:
    if isinstance(source, ir.ComponentInput):
        return frame.inputs.artifacts.get(source.name)
    return frame.nodes[source.task].outputs.artifacts.get(source.key)


def _with_defaults(node: Node, raw: dict[str, Any]) -> dict[str, Any]:
    """``raw`` cast to the declared types, with defaults where the task gives nothing."""
    values: dict[str, Any] = {}
    loose = isinstance(node.task.component.body, ir.Dag)  # kfp declares a loop's items carelessly; leaves are exact
    for name, spec in node.task.component.inputs.parameters.items():
        value = raw.get(name, spec.default)
        if value is ir.MISSING:
            if not spec.optional and node.task.loop is None and name not in raw:
                raise StepFailed(f"input {name!r} of {node.path} has no value", field=name)
            continue
        try:
            values[name] = value if loose or value is None else allowed(hand_over(value, spec.type), spec)
        except Mismatch as error:
            raise StepFailed(
                f"input {name!r} of {node.path}: {error}, not {str(value)[:80]!r}", field=name, value=value
            ) from error
    # kfp hands f-strings their parts as extra inputs, which a component does not declare
    return values
