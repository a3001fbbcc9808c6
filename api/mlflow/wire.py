"""Requests as MLflow's server reads them: a query or a JSON body, checked against the fields an endpoint knows.

MLflow parses requests into protobuf messages, whose rules these are: unknown fields are passed over, numbers may come
as text, null is absent, and a body that is no JSON counts as an empty one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

import orjson

from clew.api.mlflow.errors import Refused

Kind = Literal["str", "int", "float", "bool", "dict", "list", "strings", "dicts"]
DOCS = " See the API docs for more information about request parameters."
_INT64 = 1 << 63
_BROKEN = object()


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of an endpoint."""

    name: str
    kind: Kind = "str"
    required: bool = False
    or_name: str = ""
    """An older name under which it may come as well."""
    at_most: int | None = None
    checked: bool = True
    """Whether MLflow tells of a value of another type; else it counts as absent."""


def need(name: str, kind: Kind = "str", or_name: str = "") -> Field:
    """A parameter that must be there, and not be the empty text."""
    return Field(name, kind, True, or_name)


def decode(method: str, query: str, body: bytes) -> dict[str, Any]:
    """The parameters as they came: lists for a query's (see :func:`parse`). Errors: Refused."""
    if method == "GET" and query:
        return dict(parse_qs(query, keep_blank_values=True))
    for _ in range(2):  # older clients encode twice
        try:
            told = _loads(body)
        except ValueError:
            return {}
        if isinstance(told, str):
            body = told.encode()
            continue
        if told is None:
            return {}
        if isinstance(told, dict):
            return told
        raise Refused(f"The request body must be a JSON object, not a {type(told).__name__}." + DOCS, "BAD_REQUEST")
    return {}


def parse(fields: tuple[Field, ...], given: Mapping[str, Any], from_query: bool) -> dict[str, Any]:
    """The values of ``fields``; those not given are absent. Errors: Refused with MLflow's texts."""
    found: dict[str, Any] = {}
    for field in fields:
        raw = given.get(field.name)
        if raw is None and field.or_name:
            raw = given.get(field.or_name)
        if from_query and isinstance(raw, list):
            raw = raw if field.kind in ("strings", "dicts", "list") else raw[0]
        if field.required and (raw is None or raw == ""):
            raise Refused(f"Missing value for required parameter '{field.name}'." + DOCS)
        if raw is None:
            continue
        value = convert(field.kind, raw)
        if value is _BROKEN or (field.at_most is not None and value > field.at_most):
            if field.checked:
                raise wrong(field.name, raw)
            continue
        found[field.name] = value
    return found


def wrong(name: str, raw: Any) -> Refused:
    """A value of a type that the parameter cannot have."""
    return Refused(f"Invalid value {compact(raw)} for parameter '{name}' supplied: {_hint(raw)}" + DOCS)


def _hint(raw: Any) -> str:
    return f" Hint: Value was of type '{type(raw).__name__}'."


def compact(value: Any) -> str:
    """A value as MLflow shows it in a message."""
    import json

    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def convert(kind: Kind, raw: Any) -> Any:
    """``raw`` as protobuf reads it into a field of that kind; ``is_broken`` tells where it cannot."""
    if kind == "str":
        return raw if isinstance(raw, str) else _BROKEN
    if kind == "int":
        return _int(raw)
    if kind == "float":
        return _float(raw)
    if kind == "bool":
        return _bool(raw)
    if kind == "dict":
        return raw if isinstance(raw, dict) else _BROKEN
    if not isinstance(raw, list):
        return _BROKEN
    of = {"strings": str, "dicts": dict}.get(kind)
    return raw if of is None or all(isinstance(item, of) for item in raw) else _BROKEN


def is_broken(value: Any) -> bool:
    """Whether ``convert`` could not read it."""
    return value is _BROKEN


def _int(raw: Any) -> Any:
    if isinstance(raw, bool):
        return _BROKEN
    if isinstance(raw, str):
        if raw.strip() != raw or not raw.lstrip("-").isdigit():
            return _BROKEN
        raw = int(raw) if len(raw) < 22 else _INT64
    if isinstance(raw, float):
        if not raw.is_integer():
            return _BROKEN
        raw = int(raw)
    if not isinstance(raw, int) or not -_INT64 <= raw < _INT64:
        return _BROKEN
    return raw


def _float(raw: Any) -> Any:
    if isinstance(raw, str):
        named = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
        if raw in named:
            return named[raw]
        try:
            number = float(raw)
        except ValueError:
            return _BROKEN
        return number if math.isfinite(number) and raw.strip() == raw else _BROKEN
    if not isinstance(raw, int | float):
        return _BROKEN
    try:
        return float(raw)
    except OverflowError:
        return _BROKEN


def _bool(raw: Any) -> Any:
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, str) and raw.lower() in ("true", "false"):
        return raw.lower() == "true"
    return _BROKEN


def _loads(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except ValueError:
        import json

        return json.loads(body)  # NaN and Infinity without quotes, which some clients send


def number(value: float) -> float | str:
    """A double as MLflow's JSON tells it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value
