"""A pipeline unfolding: frames (a graph with its inputs bound) and the nodes in them (a task with its state).

Nothing here runs or records anything; the scheduler asks what is ready and tells what became of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clew.executors.pipeline import ir
from clew.executors.pipeline.held import Held, Values
from clew.executors.pipeline.placeholder import fill_constants
from clew.executors.pipeline.values import Mismatch, cast, pick
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

    @property
    def kind(self) -> str:
        """container, importer or dag."""
        body = self.task.component.body
        return "dag" if isinstance(body, ir.Dag) else "importer" if isinstance(body, ir.Importer) else "container"

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
        """Of a graph: whether there is something in it, and all of it was reused."""
        inner = [node for frame in self.iterations if frame is not None for node in frame.nodes.values()]
        return bool(inner) and all(node.cached for node in inner)

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

    def unfold(self) -> None:
        """Make the nodes."""
        for name, task in self.dag.tasks.items():
            path = f"{self.path}/{name}" if self.path else name
            self.nodes[name] = Node(task, self, path, self.folder / name, set(task.after))

    def ready(self) -> list[Node]:
        """The nodes that wait for nothing any more."""
        return [n for n in self.nodes.values() if n.state == "WAITING" and not n.waiting]

    def release(self, finished: Node) -> Iterator[Node]:
        """Free what waits for a node that succeeded; yield what can never run after one that did not."""
        for node in self.nodes.values():
            if node.state == "WAITING" and finished.task.name in node.waiting:
                if finished.state in SUCCEEDED:
                    node.waiting.discard(finished.task.name)
                else:
                    node.state = "SKIPPED"
                    node.message = f"{finished.path} did not succeed"
                    yield node
                    yield from self.release(node)

    def is_finished(self) -> bool:
        """Whether every node is."""
        return all(n.state in FINAL for n in self.nodes.values())

    def succeeded(self) -> bool:
        """Whether every node did."""
        return all(n.state in SUCCEEDED for n in self.nodes.values())

    def outputs(self) -> Values:
        """What the graph gives, of the nodes that succeeded."""
        return Values(
            {
                name: self.nodes[o.task].outputs.parameters[o.key]
                for name, o in self.dag.parameters.items()
                if o.key in self.nodes[o.task].outputs.parameters
            },
            {
                name: self.nodes[o.task].outputs.artifacts[o.key]
                for name, o in self.dag.artifacts.items()
                if o.key in self.nodes[o.task].outputs.artifacts
            },
        )


def inputs_of(node: Node) -> Values:
    """The values and artifacts a node's task is given; optional ones without a value are absent.

    Errors: StepFailed naming the input whose value is missing or of the wrong type.
    """
    task, frame = node.task, node.frame
    raw: dict[str, Any] = {}
    constants: dict[str, Any] = {}
    for name, wanted in task.parameters.items():
        if isinstance(wanted.source, ir.Constant):
            constants[name] = wanted.source.value
            continue
        found = _parameter(wanted.source, frame)
        if found is not ir.MISSING:
            raw[name] = pick(found, wanted.keys, f"{node.path}.{name}")
    for name, value in constants.items():
        raw[name] = pick(fill_constants(value, raw), task.parameters[name].keys, f"{node.path}.{name}")
    artifacts = {}
    for name, source in task.artifacts.items():
        items = _artifacts(source, frame)
        spec = task.component.inputs.artifacts.get(name)
        if items:
            artifacts[name] = items
        elif items is None and not (spec and spec.optional):
            raise StepFailed(f"input artifact {name!r} of {node.path} was not made", field=name)
    return Values(_with_defaults(node, raw), artifacts)


def items_of(node: Node) -> list[Any]:
    """The items a loop runs over.

    Errors: StepFailed when the value is no list.
    """
    loop = node.task.loop
    assert loop is not None
    source = loop.items
    items = source.value if isinstance(source, ir.Constant) else node.inputs.parameters.get(source.name)
    if not isinstance(items, list):
        raise StepFailed(f"the loop {node.path} got no list to run over", field=node.path, value=items)
    return items


def iteration_inputs(node: Node, index: int) -> Values:
    """What iteration ``index`` of a loop is handed: the loop's own inputs, the item, and the item's fields."""
    loop = node.task.loop
    assert loop is not None
    item = node.items[index]
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
        return frames[0].outputs()
    parts = [frame.outputs() for frame in frames]
    outputs = node.task.component.outputs
    return Values(
        {name: [p.parameters[name] for p in parts if name in p.parameters] for name in outputs.parameters},
        {name: [a for p in parts for a in p.artifacts.get(name, [])] for name in outputs.artifacts},
    )


def _parameter(source: ir.ComponentInput | ir.TaskOutput, frame: Frame) -> Any:
    if isinstance(source, ir.ComponentInput):
        return frame.inputs.parameters.get(source.name, ir.MISSING)
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
            values[name] = value if loose or value is None else cast(value, spec.type)
        except Mismatch as error:
            raise StepFailed(
                f"input {name!r} of {node.path}: {error}, not {str(value)[:80]!r}", field=name, value=value
            ) from error
    # kfp hands f-strings their parts as extra inputs, which a component does not declare
    return values
