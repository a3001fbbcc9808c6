"""Read options without pydantic, which Typer would import for it: 80 ms that a one-shot command must not pay.

Covers the kinds our commands declare: text, numbers with bounds, paths, choices, lists of text, flags. A parameter of
another kind, or a Typer without this hook, is read as Typer reads it.
"""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

import typer


def read_plainly(command: Any) -> Any:
    """Let every parameter of ``command`` and of its subcommands be read plainly; returns ``command``."""
    parameters_of = command.get_params  # those declared, and --help

    def get_params(context: Any) -> Any:
        parameters = parameters_of(context)
        for parameter in parameters:
            _read_plainly(parameter)
        return parameters

    command.get_params = get_params
    for subcommand in getattr(command, "commands", {}).values():
        read_plainly(subcommand)
    return command


def _read_plainly(parameter: Any) -> None:
    descriptor = getattr(parameter, "type_descriptor", None)
    if hasattr(parameter, "get_runtime_param") and descriptor is not None and _is_plain(descriptor.annotation):
        reader = _Reader(descriptor)
        parameter.get_runtime_param = lambda: reader


def _is_plain(annotation: Any) -> bool:
    if get_origin(annotation) is list:
        return get_args(annotation) == (str,)
    return isinstance(annotation, type) and issubclass(annotation, str | int | float | bool | Path | Enum)


class _Reader:
    """Reads the texts of one parameter."""

    def __init__(self, descriptor: Any) -> None:
        self._kind = descriptor.annotation
        self._low, self._high = descriptor.parameter_info.min, descriptor.parameter_info.max

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """``value`` as the parameter's kind. Errors: BadParameter, as Typer raises it."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            return self._read(value)
        except ValueError as error:
            raise typer.BadParameter(str(error), ctx=ctx, param=param) from error

    def _read(self, value: Any) -> Any:
        if get_origin(self._kind) is list:
            return list(value)
        if issubclass(self._kind, Enum):
            return self._choice(value)
        if issubclass(self._kind, int | float) and self._kind is not bool:
            return self._number(value)
        return self._kind(value)

    def _choice(self, value: Any) -> Any:
        text = value.value if isinstance(value, Enum) else value
        for member in self._kind:
            if member.value == text:
                return member
        names = ", ".join(str(member.value) for member in self._kind)
        raise ValueError(f"{text!r} is none of {names}")

    def _number(self, value: Any) -> Any:
        try:
            number = self._kind(value)
        except ValueError:
            what = "a whole number" if self._kind is int else "a number"
            raise ValueError(f"{value!r} is not {what}") from None
        if self._low is not None and not number >= self._low:
            raise ValueError(f"{value} is less than {self._low}")
        if self._high is not None and not number <= self._high:
            raise ValueError(f"{value} is more than {self._high}")
        return number
