"""Read of a task in IR where its inputs come from, its loop and its retries."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from clew.executors.pipeline import cel, ir
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.load_yaml import check_size
from clew.executors.pipeline.values import Mismatch, from_ir, whole

_STRATEGIES = {
    None: False,
    "TRIGGER_STRATEGY_UNSPECIFIED": False,
    "ALL_UPSTREAM_TASKS_SUCCEEDED": False,
    "ALL_UPSTREAM_TASKS_COMPLETED": True,
}


def parameter_input(task: str, place: Place, component: ir.Component, name: str) -> ir.ParameterInput:
    """Where the parameter ``name`` of a task comes from."""
    kinds = ("taskOutputParameter", "runtimeValue", "componentInputParameter", "taskFinalStatus")
    kind, source = place.one_of(*kinds)
    place.only(*kinds, "parameterExpressionSelector")
    select = _expression(place.get("parameterExpressionSelector"), f"input {name!r} of task {task!r} is selected by")
    if kind == "taskOutputParameter":
        return ir.ParameterInput(task_output(source, "outputParameterKey", "producerTask"), select)
    if kind == "componentInputParameter":
        return ir.ParameterInput(ir.ComponentInput(source.text()), select)
    if kind == "taskFinalStatus":
        return ir.ParameterInput(ir.FinalStatus(source.need("producerTask").text()), select)
    return ir.ParameterInput(_constant(task, source, component, name), select)


def _constant(task: str, place: Place, component: ir.Component, name: str) -> ir.Constant:
    if place.has("runtimeParameter"):
        raise place.fail(f"input {name!r} of task {task!r} is a run-time parameter of the importer kind")
    value = place.get("constant").value  # absent is null: kfp drops the field for None
    spec = component.inputs.parameters.get(name)
    try:
        return ir.Constant(from_ir(value, spec.type) if spec and value is not None else whole(value))
    except Mismatch as error:
        raise place.get("constant").fail(f"input {name!r} of task {task!r}: {error}") from error


def _expression(place: Place, what: str) -> str:
    """The text of a CEL expression, checked; empty where there is none."""
    if place.value is None or place.value == "":
        return ""
    try:
        cel.check(place.text())
    except ValueError as error:
        raise place.fail(f"{what} {place.value!r}, which is not CEL: {error}") from error
    return place.text()


def trigger_of(place: Place) -> tuple[str, bool]:
    """The condition a task runs on, and whether it runs whatever became of the tasks before it."""
    strategy = place.get("strategy")
    if strategy.value is not None and strategy.text() not in _STRATEGIES:
        raise strategy.fail(f"{strategy.value!r} is not a trigger strategy")
    return _expression(place.get("condition"), "the condition is"), _STRATEGIES[strategy.value]


def sources_of(
    parameters: Mapping[str, ir.ParameterInput], artifacts: Mapping[str, ir.ComponentInput | ir.TaskOutput]
) -> list[str]:
    """The tasks beside a task that its inputs come from."""
    sources = [given.source for given in parameters.values()] + list(artifacts.values())
    return [source.task for source in sources if isinstance(source, ir.TaskOutput | ir.FinalStatus)]


def artifact_input(task: str, place: Place) -> ir.ComponentInput | ir.TaskOutput:
    """Where an artifact of a task comes from."""
    kinds = ("taskOutputArtifact", "componentInputArtifact")
    kind, source = place.one_of(*kinds)
    if place.has("artifactExpressionSelector"):
        raise place.fail(
            f"task {task!r} selects artifacts by an expression, which cannot be run here yet",
            "Pass the artifact itself",
        )
    if kind == "componentInputArtifact":
        return ir.ComponentInput(source.text())
    return task_output(source, "outputArtifactKey", "producerTask")


def task_output(place: Place, key: str, task: str) -> ir.TaskOutput:
    """An output of another task: ``key`` and ``task`` are the fields that name them."""
    return ir.TaskOutput(place.need(task).text(), place.need(key).text())


def loop_of(task: str, place: Place) -> ir.Loop | None:
    """The loop of a task; None for a task that runs once."""
    kinds = [key for key in ("parameterIterator", "artifactIterator") if place.get(key).value is not None]
    if not kinds:
        return None
    if len(kinds) == 2:
        raise place.fail(f"task {task!r} loops over parameters and over artifacts at once")
    iterator = place.get(kinds[0])
    limit = place.get("iteratorPolicy").get("parallelismLimit").count()
    item = iterator.need("itemInput").text()
    if kinds[0] == "artifactIterator":
        items = iterator.need("items").need("inputArtifact")
        return ir.Loop(item, ir.ComponentInput(items.text()), limit, artifacts=True)
    kind, items = iterator.need("items").one_of("raw", "inputParameter")
    source = ir.ComponentInput(items.text()) if kind == "inputParameter" else ir.Constant(_raw_items(task, items))
    return ir.Loop(item, source, limit)


def _raw_items(task: str, place: Place) -> list[object]:
    try:
        values = json.loads(place.text())
        check_size(values)
    except (ValueError, RecursionError) as error:
        raise place.fail(f"the items of loop {task!r} are not JSON: {error}") from error
    if not isinstance(values, list):
        raise place.fail(f"the items of loop {task!r} are not a list")
    return values


def each_on_its_own(component: ir.Component, caching: ir.Caching, retry: ir.Retry) -> ir.Component:
    """A component that is no graph as one: a loop runs graphs, which is what the compiler makes of its body."""
    name = component.name.removeprefix("comp-")
    task = ir.Task(
        name=name,
        label=name,
        component=component,
        parameters={n: ir.ParameterInput(ir.ComponentInput(n)) for n in component.inputs.parameters},
        artifacts={n: ir.ComponentInput(n) for n in component.inputs.artifacts},
        after=(),
        caching=caching,
        loop=None,
        retry=retry,
    )
    body = ir.Dag(
        {name: task},
        {n: (ir.TaskOutput(name, n),) for n in component.outputs.parameters},
        {n: (ir.TaskOutput(name, n),) for n in component.outputs.artifacts},
    )
    return ir.Component(component.name, component.inputs, component.outputs, body)


def retry_of(place: Place) -> ir.Retry:
    """How often a task is tried again."""
    if place.value is None:
        return ir.Retry()
    return ir.Retry(
        attempts=place.get("maxRetryCount").count(),
        wait_s=_duration(place.get("backoffDuration"), 0.0),
        factor=_factor(place.get("backoffFactor")),
        max_wait_s=_duration(place.get("backoffMaxDuration"), 3600.0),
    )


def _factor(place: Place) -> float:
    factor = place.number(2.0)
    if not 0 <= factor < math.inf:
        raise place.fail(f"a factor of 0 or more was expected, not {place.value!r}")
    return factor


def _duration(place: Place, default: float) -> float:
    if place.value is None:
        return default
    try:
        seconds = float(place.text().removesuffix("s"))
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise place.fail(f"a duration as '10s' was expected, not {place.value!r}")
    return seconds
