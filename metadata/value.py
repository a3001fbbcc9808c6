"""Property values: six kinds, each exact, and their JSON text in the record.

In Python a value is ``int`` (int64), ``float``, ``str``, ``bool``, ``dict`` (a struct) or ``Proto``.
In the record a node's values are one JSON object. What JSON says exactly is plain; the rest is a tagged object:

    5  1.5  "text"  true        int, double, string, bool
    {"d": "7ff8000000000000"}   a double JSON cannot say (inf, nan, -0.0): its 64 bits, big endian
    {"s": "a\\u0000b"}          a string holding NUL, as its JSON text (PostgreSQL has no NUL)
    {"t": "{...}"}              a struct, as its JSON text
    {"p": ["type_url", "b64"]}  a serialised protobuf message
"""

from __future__ import annotations

import base64
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from clew.metadata.errors import Invalid
from clew.metadata.ids import INT64_MAX, INT64_MIN
from clew.metadata.states import PropertyType


@dataclass(frozen=True, slots=True)
class Proto:
    """A serialised protobuf message and its type URL (``google.protobuf.Any``)."""

    type_url: str
    value: bytes


type_of_class: dict[type, PropertyType] = {
    bool: PropertyType.BOOLEAN,
    int: PropertyType.INT,
    float: PropertyType.DOUBLE,
    str: PropertyType.STRING,
    dict: PropertyType.STRUCT,
    Proto: PropertyType.PROTO,
}
Value = bool | int | float | str | dict[str, Any] | Proto


def property_type(name: str, value: object) -> PropertyType:
    """The kind of ``value``; raise Invalid, naming the property, when it is none of the six."""
    kind = type_of_class.get(type(value))
    if kind is not None:
        return kind
    for cls, kind in type_of_class.items():
        if isinstance(value, cls):
            return kind
    raise Invalid(
        f"property {name!r} has a value of unsupported kind {type(value).__name__}",
        field=f"properties.{name}",
        value=value,
        remedy="Use int, float, str, bool, dict or Proto; put a list into a dict",
    )


def encode(values: Mapping[str, Value]) -> str | None:
    """The JSON text of ``values``; None when empty.

    Errors: Invalid naming the property for a value that is no value (int beyond 64 bits, lone surrogate ...).
    """
    if not values:
        return None
    for name, value in values.items():
        cls = type(value)
        if not (
            (cls is str and "\0" not in value)  # type: ignore[operator]
            or (cls is int and INT64_MIN <= value <= INT64_MAX)  # type: ignore[operator]
            or (cls is float and value != 0.0 and math.isfinite(value))  # type: ignore[arg-type]
            or cls is bool
        ):
            values = {n: _tagged(n, v) for n, v in values.items()}  # type: ignore[misc]
            break
        if not isinstance(name, str) or not name or "\0" in name:
            raise _bad_name(name)
    try:
        return orjson.dumps(values).decode()
    except TypeError as error:
        raise Invalid(
            f"property holds text that is not valid Unicode: {error}",
            field="properties",
            remedy="Remove lone surrogates, or store bytes as Proto",
        ) from error


def decode(text: str | None) -> dict[str, Value]:
    """The values written by :func:`encode`."""
    if not text:
        return {}
    values: dict[str, Any] = orjson.loads(text)
    for name, value in values.items():
        if type(value) is dict:
            values[name] = _untagged(value)
    return values


def _bad_name(name: object) -> Invalid:
    return Invalid(
        f"{name!r} is not a property name",
        field="properties",
        value=name,
        remedy="Use a non-empty name without NUL",
    )


def _tagged(name: str, value: object) -> object:
    if not isinstance(name, str) or not name or "\0" in name:
        raise _bad_name(name)
    kind = property_type(name, value)
    if kind is PropertyType.INT:
        if not INT64_MIN <= int(value) <= INT64_MAX:  # type: ignore[call-overload]
            raise Invalid(
                f"property {name!r} does not fit 64 bits",
                field=f"properties.{name}",
                value=value,
                remedy="Store it as a string or a float",
            )
        return int(value)  # type: ignore[call-overload]
    if kind is PropertyType.DOUBLE:
        number = float(value)  # type: ignore[arg-type]
        if math.isfinite(number) and (number != 0.0 or math.copysign(1.0, number) > 0):
            return number
        return {"d": struct.pack(">d", number).hex()}
    if kind is PropertyType.STRING:
        return {"s": json.dumps(value)} if "\0" in value else str(value)  # type: ignore[operator]
    if kind is PropertyType.STRUCT:
        return {"t": _struct_text(name, value)}
    if isinstance(value, Proto):
        if not isinstance(value.type_url, str) or not isinstance(value.value, bytes):
            raise Invalid(
                f"property {name!r} is a Proto that holds no text and bytes",
                field=f"properties.{name}",
                value=value,
                remedy="Give Proto(type_url: str, value: bytes)",
            )
        return {"p": [value.type_url, base64.b64encode(value.value).decode()]}
    return bool(value)


def _struct_text(name: str, value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
        _require_string_keys(value)
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise Invalid(
            f"property {name!r} is not a JSON struct: {error}",
            field=f"properties.{name}",
            value=value,
            remedy="Use dicts with string keys, lists, numbers, strings, booleans and None",
        ) from error


def _require_string_keys(value: object) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError(f"key {key!r} is not a string")
            _require_string_keys(item)
    elif isinstance(value, list | tuple):
        for item in value:
            _require_string_keys(item)


def _untagged(tagged: dict[str, Any]) -> Value:
    ((tag, body),) = tagged.items()
    if tag == "d":
        return float(struct.unpack(">d", bytes.fromhex(body))[0])
    if tag == "s":
        return str(json.loads(body))
    if tag == "t":
        loaded: dict[str, Any] = json.loads(body)
        return loaded
    return Proto(body[0], base64.b64decode(body[1]))
