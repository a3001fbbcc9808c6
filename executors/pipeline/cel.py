"""Conditions and selections in CEL, as the kfp SDK writes them. What cannot be decided is an error, never a guess.

Source: kubeflow/pipelines ``api/v2alpha1/pipeline_spec.proto``, TriggerPolicy and parameter_expression_selector;
the language itself: github.com/google/cel-spec.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from clew.metadata.errors import StepFailed

_INPUT = re.compile(r"""inputs\.parameter_values\[["']([^"']+)["']\]""")
_KEYS = re.compile(r"""parseJson\(string_value\)((?:\[(?:"[^"\\]*"|'[^'\\]*')\])+)""")
_KEY = re.compile(r"""\[["']([^"']*)["']\]""")


@lru_cache(1024)
def _program(expression: str) -> Any:
    import cel  # 0.1 s, which only pipelines with conditions and loops over structs pay

    return cel.compile(expression)


def check(expression: str) -> None:
    """Whether ``expression`` is CEL. Errors: ValueError with the place in it."""
    if _KEYS.fullmatch(expression):
        return
    try:
        _program(expression)
    except Exception as error:
        raise ValueError(_words(error)) from error


def names_in(condition: str) -> list[str]:
    """The inputs a condition names, as the SDK writes them."""
    return _INPUT.findall(condition)


def holds(condition: str, parameters: Mapping[str, Any], where: str) -> bool:
    """Whether ``condition`` holds over the input parameters of a task.

    Errors: StepFailed where it names an input without a value, compares what cannot be compared, or is no yes or no.
    """
    told = _run(condition, {"inputs": {"parameter_values": dict(parameters)}}, where, condition)
    if not isinstance(told, bool):
        raise StepFailed(
            f"the condition of {where} is {told!r}, neither true nor false: {condition}",
            field=f"{where}.condition",
            value=condition,
            remedy="Compare the value with another",
        )
    return told


def select(expression: str, value: Any, where: str) -> Any:
    """What ``expression`` picks of ``value``, which it knows as ``string_value``.

    Errors: StepFailed where there is no such thing in it.
    """
    if match := _KEYS.fullmatch(expression):  # all the SDK writes, and not worth the library's import
        return pick(value, tuple(_KEY.findall(match[1])), where)
    text = value if isinstance(value, str) else json.dumps(value)
    return _run(expression, {"string_value": text, "value": value}, where, value)


def pick(value: Any, keys: tuple[str, ...], where: str) -> Any:
    """What lies under ``keys`` in a struct, or in its JSON text.

    Errors: StepFailed when it is not there.
    """
    for key in keys:
        try:
            value = (json.loads(value) if isinstance(value, str) else value)[key]
        except (ValueError, TypeError, LookupError) as error:
            raise _missing(key, value, where) from error
    return value


def _missing(key: object, value: object, where: str) -> StepFailed:
    return StepFailed(
        f"{where}: there is no {key!r} in {str(value)[:80]!r}",
        field=where,
        value=value,
        remedy="Check the items of the loop, the struct the upstream task returns, and whether that task ran",
    )


def _run(expression: str, variables: dict[str, Any], where: str, value: object) -> Any:
    import cel

    context = cel.Context()
    context.add_function("parseJson", json.loads)
    for name, given in variables.items():
        context.add_variable(name, given)
    try:
        return _program(expression).execute(context)
    except KeyError as error:
        raise _missing(error.args[0], value, where) from error
    except Exception as error:
        raise StepFailed(
            f"{where}: {expression} cannot be evaluated: {_words(error)}",
            field=where,
            value=value,
            remedy="Check the types of the values it compares",
        ) from error


def _words(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].partition(". ")[0] if lines else type(error).__name__
