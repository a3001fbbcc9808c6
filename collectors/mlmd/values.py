"""How a store's database spells values of properties, both ways.

A struct is text, ``mlmd-struct::`` and the base64 of its message; a proto is the base64 of ``google.protobuf.Any``.
The library tells a struct from text by that prefix alone, and takes the text ``__MLMD_NULL__`` for no value at all.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Mapping
from typing import Any

from google.protobuf import any_pb2, struct_pb2
from google.protobuf.message import DecodeError

from clew.metadata.states import PropertyType
from clew.metadata.value import Proto, Value

STRUCT_PREFIX = "mlmd-struct::"
NULL_TEXT = "__MLMD_NULL__"


def read_text(text: str, declared: PropertyType | None) -> Value:
    """The value of a text: a struct where it is spelled as one, unless its type declares it to be text."""
    if not text.startswith(STRUCT_PREFIX) or declared is PropertyType.STRING:
        return text
    message = struct_pb2.Struct()
    try:
        message.ParseFromString(base64.b64decode(text[len(STRUCT_PREFIX) :], validate=True))
        return dict_of_struct(message)
    except (binascii.Error, DecodeError, ValueError):
        return text


def read_proto(stored: str | bytes) -> Proto | None:
    """The proto of a column; None when it is none."""
    message = any_pb2.Any()
    try:
        message.ParseFromString(base64.b64decode(stored, validate=True))
    except (binascii.Error, DecodeError, ValueError):
        return None
    return Proto(message.type_url, message.value)


def read_double(stored: object) -> float | None:
    """The double of a column; text and bytes are numbers that no column of numbers can hold."""
    try:
        return float(stored.decode() if isinstance(stored, bytes) else stored)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def write_double(value: float) -> float | bytes:
    """What to store so that the library reads ``value``: SQLite has no nan, and no sign of zero."""
    if math.isnan(value):
        return b"nan"
    return b"-0.0" if value == 0.0 and math.copysign(1.0, value) < 0 else value


def write_struct(value: Mapping[str, Any]) -> str:
    """The text of a struct."""
    message = struct_pb2.Struct()
    fill_struct(message, value)
    return STRUCT_PREFIX + base64.b64encode(message.SerializeToString(deterministic=True)).decode()


def write_proto(value: Proto) -> str:
    """The text of a proto."""
    message = any_pb2.Any(type_url=value.type_url, value=value.value)
    return base64.b64encode(message.SerializeToString()).decode()


def is_misread(text: str) -> bool:
    """Whether the library cannot read ``text`` as text."""
    return text == NULL_TEXT or text.startswith(STRUCT_PREFIX)


def dict_of_struct(message: struct_pb2.Struct) -> dict[str, Any]:
    """A struct as a dict; what has no value in it is None."""
    return {key: _plain(value) for key, value in message.fields.items()}


def fill_struct(message: struct_pb2.Struct, values: Mapping[str, Any]) -> None:
    """Write a dict into a struct, the empty one too."""
    message.SetInParent()
    for key, value in values.items():
        _fill(message.fields[key], value)


def _plain(value: struct_pb2.Value) -> Any:
    which = value.WhichOneof("kind")
    if which == "struct_value":
        return dict_of_struct(value.struct_value)
    if which == "list_value":
        return [_plain(item) for item in value.list_value.values]
    return None if which is None or which == "null_value" else getattr(value, which)


def _fill(into: struct_pb2.Value, value: Any) -> None:
    if value is None:
        into.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        into.bool_value = value
    elif isinstance(value, int | float):
        into.number_value = value
    elif isinstance(value, str):
        into.string_value = value
    elif isinstance(value, Mapping):
        fill_struct(into.struct_value, value)
    else:
        into.list_value.SetInParent()
        for item in value:
            _fill(into.list_value.values.add(), item)
