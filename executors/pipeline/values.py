"""Parameter values: read from the command line, from IR and from steps, each of the type its component declares."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from clew.executors.pipeline.ir import MISSING, Interface, ParameterSpec, ParameterType
from clew.executors.pipeline.load_yaml import check_size
from clew.metadata.errors import Invalid

_SPELLING = {
    ParameterType.INT: "a whole number",
    ParameterType.DOUBLE: "a number",
    ParameterType.STRING: "text",
    ParameterType.BOOLEAN: "true or false",
    ParameterType.LIST: "a JSON list",
    ParameterType.STRUCT: "a JSON object",
    ParameterType.FINAL_STATUS: 'the status of a task as a JSON object, {"state": "SUCCEEDED"}',
    ParameterType.TASK_CONFIG: "the settings of a task as a JSON object",
}
_STRUCTS = (ParameterType.STRUCT, ParameterType.FINAL_STATUS, ParameterType.TASK_CONFIG)


class Mismatch(ValueError):
    """The value is not of the declared type; the message says what was expected."""


def cast(value: Any, kind: ParameterType) -> Any:
    """``value`` as ``kind``: a whole double becomes an int where ints are declared.

    Errors: Mismatch.
    """
    if kind is ParameterType.BOOLEAN and isinstance(value, bool):
        return value
    if kind is ParameterType.STRING and isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if kind is ParameterType.INT and (isinstance(value, int) or value.is_integer()):
            return int(value)
        if kind is ParameterType.DOUBLE and (isinstance(value, float) or abs(value) <= sys.float_info.max):
            return float(value)
    if kind is ParameterType.LIST and isinstance(value, list):
        return value
    if kind in _STRUCTS and isinstance(value, dict):
        return value
    raise Mismatch(f"{_SPELLING[kind]} was expected")


def hand_over(value: Any, kind: ParameterType) -> Any:
    """``value`` as a task that declares ``kind`` is given it by another: anything can be read as its JSON text, and
    what came as text is read as JSON where it is to be more than that.

    Errors: Mismatch.
    Source: kubeflow/pipelines ``backend/src/v2/driver``, which converts the inputs of a task so.
    """
    if kind is ParameterType.STRING:
        return to_text(value)
    if isinstance(value, str):
        return from_text(value, kind)
    return cast(value, kind)


def from_ir(value: Any, kind: ParameterType) -> Any:
    """A constant of the IR: there every number is a double, so whole ones inside lists and structs are ints."""
    if kind is ParameterType.LIST or kind in _STRUCTS:
        value = whole(value)
    return value if isinstance(value, str) and "{{$" in value else cast(value, kind)


def whole(value: Any) -> Any:
    """``value`` with each whole double in it made an int."""
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {key: whole(item) for key, item in value.items()}
    return value


def from_text(text: str, kind: ParameterType) -> Any:
    """A value written as text: text as it is, the rest as JSON (booleans in any case).

    Errors: Mismatch.
    """
    if kind is ParameterType.STRING:
        return text
    try:
        return cast(json.loads(text.strip().lower() if kind is ParameterType.BOOLEAN else text), kind)
    except (ValueError, RecursionError) as error:
        raise Mismatch(f"{_SPELLING[kind]} was expected") from error


def allowed(value: Any, spec: ParameterSpec) -> Any:
    """``value``, if it is one of those ``spec`` lists. Errors: Mismatch."""
    if spec.literals and value not in spec.literals:
        raise Mismatch(f"one of {', '.join(map(repr, spec.literals))} was expected")
    return value


def writable(value: Any) -> Any:
    """``value``, if JSON and UTF-8 can say it, and it can be walked through. Errors: Mismatch."""
    try:
        if isinstance(value, list | dict):
            check_size(value)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise Mismatch("text in UTF-8 was expected") from error
    except ValueError as error:
        raise Mismatch(f"something smaller was expected: it {error}") from error
    return value


def to_text(value: Any) -> str:
    """A value as a command line or an f-string shows it."""
    return value if isinstance(value, str) else json.dumps(value)


def bind(inputs: Interface, given: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a pipeline: ``given`` (text or typed), then defaults; optional ones may stay absent.

    What is given for an input artifact is left to ``arguments.py``.

    Errors: Invalid naming the parameter for one that is unknown, missing, or of the wrong type.
    """
    for name in given:
        if name not in inputs.parameters and name not in inputs.artifacts:
            known = ", ".join([*inputs.parameters, *inputs.artifacts]) or "none"
            raise Invalid(
                f"the pipeline has no parameter {name!r}",
                field=name,
                value=given[name],
                remedy=f"Its parameters: {known}",
            )
    for name, artifact in inputs.artifacts.items():
        if name not in given and not artifact.optional:
            raise Invalid(
                f"input artifact {name!r} ({artifact.type}) is not given",
                field=name,
                remedy=f"Give -p {name}=artifact:N, a path or a URI",
            )
    bound = {}
    for name, spec in inputs.parameters.items():
        value = given.get(name, MISSING)
        if value is MISSING:
            if spec.default is not MISSING:
                bound[name] = spec.default
            elif not spec.optional:
                raise Invalid(
                    f"parameter {name!r} has no value and no default",
                    field=name,
                    remedy=f"Give -p {name}=VALUE ({_SPELLING[spec.type]})",
                )
            continue
        try:
            given_value = from_text(value, spec.type) if isinstance(value, str) else cast(value, spec.type)
            bound[name] = writable(allowed(given_value, spec))
        except Mismatch as error:
            raise Invalid(
                f"parameter {name!r}: {error}, not {str(value)[:80]!r}",
                field=name,
                value=value,
                remedy=f"Give -p {name}=VALUE with {_SPELLING[spec.type]}",
            ) from error
    return bound
