"""Read of a task in IR where its inputs come from, its loop and its retries."""

from __future__ import annotations

import json
import re

from clew.executors.pipeline import ir
from clew.executors.pipeline.document import Place
from clew.executors.pipeline.values import Mismatch, from_ir, whole

_SELECTOR = re.compile(r"""parseJson\(string_value\)((?:\[(?:"[^"]*"|'[^']*')\])+)""")
_SELECTOR_KEY = re.compile(r"""\[["']([^"']*)["']\]""")


def parameter_input(task: str, place: Place, component: ir.Component, name: str) -> ir.ParameterInput:
    """Where the parameter ``name`` of a task comes from."""
    kinds = ("taskOutputParameter", "runtimeValue", "componentInputParameter", "taskFinalStatus")
    kind, source = place.one_of(*kinds)
    place.only(*kinds, "parameterExpressionSelector")
    keys = _selector(task, place.get("parameterExpressionSelector"))
    if kind == "taskOutputParameter":
        return ir.ParameterInput(task_output(source, "outputParameterKey", "producerTask"), keys)
    if kind == "componentInputParameter":
        return ir.ParameterInput(ir.ComponentInput(source.text()), keys)
    if kind == "taskFinalStatus":
        raise place.fail(
            f"task {task!r} takes the final status of another task (dsl.ExitHandler), which cannot be run here yet",
            "Take the PipelineTaskFinalStatus argument out of the component",
        )
    if not source.has("constant"):
        raise source.fail(f"input {name!r} of task {task!r} is a run-time parameter of the importer kind")
    value = source.get("constant").value
    spec = component.inputs.parameters.get(name)
    try:
        return ir.ParameterInput(ir.Constant(from_ir(value, spec.type) if spec else whole(value)), keys)
    except Mismatch as error:
        raise source.get("constant").fail(f"input {name!r} of task {task!r}: {error}") from error


def _selector(task: str, place: Place) -> tuple[str, ...]:
    if place.value is None:
        return ()
    match = _SELECTOR.fullmatch(place.text())
    if match is None:
        raise place.fail(
            f"task {task!r} selects by the expression {place.value!r}, which cannot be run here yet",
            'Only parseJson(string_value)["key"] is known: pick the value inside a component',
        )
    return tuple(_SELECTOR_KEY.findall(match[1]))


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
    iterator = place.get("parameterIterator")
    if iterator.value is None:
        return None
    kind, items = iterator.need("items").one_of("raw", "inputParameter")
    if kind == "inputParameter":
        source: ir.Constant | ir.ComponentInput = ir.ComponentInput(items.text())
    else:
        try:
            values = json.loads(items.text())
        except ValueError as error:
            raise items.fail(f"the items of loop {task!r} are not JSON: {error}") from error
        if not isinstance(values, list):
            raise items.fail(f"the items of loop {task!r} are not a list")
        source = ir.Constant(values)
    limit = place.get("iteratorPolicy").get("parallelismLimit").number()
    return ir.Loop(iterator.need("itemInput").text(), source, int(limit))


def retry_of(place: Place) -> ir.Retry:
    """How often a task is tried again."""
    if place.value is None:
        return ir.Retry()
    return ir.Retry(
        attempts=int(place.get("maxRetryCount").number()),
        wait_s=_duration(place.get("backoffDuration"), 0.0),
        factor=place.get("backoffFactor").number(2.0),
        max_wait_s=_duration(place.get("backoffMaxDuration"), 3600.0),
    )


def _duration(place: Place, default: float) -> float:
    if place.value is None:
        return default
    try:
        return float(place.text().removesuffix("s"))
    except ValueError as error:
        raise place.fail("a duration as '10s' was expected") from error
