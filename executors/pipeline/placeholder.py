"""Placeholders in commands and constants: ``{{$.inputs.parameters['x']}}`` and its kin, Concat and IfPresent.

What differs from run to run (names, ids, times) is resolved last, at launch, so that it never enters a fingerprint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from clew.executors.pipeline.values import to_text
from clew.metadata.errors import StepFailed

_PLACEHOLDER = re.compile(r"\{\{\$(?:\.([^{}]*?))?\}\}")
_INPUT_PARAMETER = re.compile(r"\{\{\$\.inputs\.parameters\[(?:'|\"|'')([^'\"]+)(?:'|\"|'')\]\}\}")
_NOT_FILLED = re.compile(r"\{\{channel:[^}]*\}\}|\{\{\$\.[^}]*\}\}")
_STEP = re.compile(r"\[(?:'|\"|'')([^'\"\]]+)(?:'|\"|'')\]|([A-Za-z_][A-Za-z0-9_]*)")


RUN_NAMES = frozenset({
    "pipeline_job_name", "pipeline_job_resource_name", "pipeline_job_uuid", "pipeline_root", "workspace_path",
    "pipeline_job_create_time_utc", "pipeline_job_schedule_time_utc", "pipeline_task_name", "pipeline_task_uuid",
    "outputs.output_file", "outputMetadataUri",
})  # fmt: skip
"""Placeholders that any component may have."""


def unresolvable(value: Any, inputs: Iterable[str], outputs: Iterable[str] = ()) -> str:
    """The first placeholder in ``value`` that can never stand for anything where these names exist; empty for none."""
    if isinstance(value, list | tuple):
        return next((found for item in value if (found := unresolvable(item, inputs, outputs))), "")
    if isinstance(value, dict):
        return unresolvable([*value.keys(), *value.values()], inputs, outputs)
    if not isinstance(value, str):
        return ""
    known = {"inputs": set(inputs), "outputs": set(outputs)}
    for match in _NOT_FILLED.finditer(value):
        if not _is_known(match[0], known):
            return match[0]
    return ""


def _is_known(text: str, known: Mapping[str, set[str]]) -> bool:
    match = _PLACEHOLDER.fullmatch(text)
    if match is None:
        return False
    path = match[1]
    if path is None or path in RUN_NAMES:
        return True
    steps = [a or b for a, b in _STEP.findall(path)]
    return len(steps) > 2 and steps[1] in ("parameters", "artifacts") and steps[2] in known.get(steps[0], ())


def fill_constants(value: Any, parameters: Mapping[str, Any]) -> Any:
    """``value`` with the task's own input parameters put into its text, also deep inside lists and structs.

    Errors: StepFailed where a parameter it names has no value.
    """
    if isinstance(value, str):
        return _INPUT_PARAMETER.sub(lambda m: _parameter(m, parameters), value) if "{{$" in value else value
    if isinstance(value, list):
        return [fill_constants(item, parameters) for item in value]
    if isinstance(value, dict):
        return {fill_constants(k, parameters): fill_constants(v, parameters) for k, v in value.items()}
    return value


def _parameter(match: re.Match[str], parameters: Mapping[str, Any]) -> str:
    if match[1] not in parameters:
        raise StepFailed(
            f"the placeholder {match[0]} stands for nothing here: {match[1]!r} has no value",
            field=match[1],
            value=match[0],
            remedy="Give the parameter a value, or write the text in a component",
        )
    return to_text(parameters[match[1]])


def fill_run(value: Any, names: Mapping[str, str]) -> Any:
    """``value`` with the names of this run and task put in (``{{$.pipeline_job_name}}`` ...)."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda m: names.get(m[1] or "", m[0]), value) if "{{$" in value else value
    if isinstance(value, list):
        return [fill_run(item, names) for item in value]
    if isinstance(value, dict):
        return {key: fill_run(item, names) for key, item in value.items()}
    return value


def fill_command(words: tuple[str, ...], executor_input: dict[str, Any], names: Mapping[str, str]) -> list[str]:
    """The words of a command line with every placeholder resolved; absent optional words are left out.

    Errors: StepFailed naming a placeholder that stands for nothing.
    """
    inputs = executor_input["inputs"]
    present = {k for k, v in inputs["parameterValues"].items() if v is not None} | set(inputs["artifacts"])
    filled = []
    for word in words:
        for piece in _struct(word, present):
            filled.append(_PLACEHOLDER.sub(lambda m: _resolve(m, executor_input, names), piece))
    return filled


def _struct(word: str, present: set[str]) -> list[str]:
    if word.startswith(('{"Concat":', '{"IfPresent":')):
        return _flatten(json.loads(word), present)
    return [word]


def _flatten(node: Any, present: set[str]) -> list[str]:
    if node is None:
        return []
    if isinstance(node, str):
        return [node]
    if isinstance(node, list):
        return [piece for item in node for piece in _flatten(item, present)]
    if "Concat" in node:
        return ["".join(piece for item in node["Concat"] for piece in _flatten(item, present))]
    choice = node["IfPresent"]
    return _flatten(choice.get("Then") if choice["InputName"] in present else choice.get("Else"), present)


def _resolve(match: re.Match[str], executor_input: dict[str, Any], names: Mapping[str, str]) -> str:
    path = match[1]
    if path is None:
        return json.dumps(executor_input)
    if path in names:
        return names[path]
    if path in ("outputs.output_file", "outputMetadataUri"):
        return str(executor_input["outputs"]["outputFile"])
    steps = [a or b for a, b in _STEP.findall(path)]
    try:
        return _look_up(steps, executor_input)
    except (KeyError, IndexError, TypeError) as error:
        raise StepFailed(
            f"the placeholder {match[0]} stands for nothing here",
            field="command",
            value=match[0],
            remedy="Check the inputs and outputs the component declares",
        ) from error


def _look_up(steps: list[str], executor_input: dict[str, Any]) -> str:
    side, kind, name, *rest = steps
    if kind == "parameters":
        if side == "outputs":
            return str(executor_input["outputs"]["parameters"][name]["outputFile"])
        return to_text(executor_input["inputs"]["parameterValues"].get(name))
    items = executor_input[side]["artifacts"][name]["artifacts"]
    if not rest:
        return json.dumps(items[0])
    found: Any = items[0]
    for key in rest:
        found = found["uri" if key == "path" else key]
    return to_text(found)
