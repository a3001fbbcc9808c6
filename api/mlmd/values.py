"""Property values and structs, between the wire and the record: exact both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.protobuf import struct_pb2

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.collectors.mlmd.values import fill_struct
from clew.metadata.errors import Invalid, UnmatchedPropertyType
from clew.metadata.value import Proto, Value

DEPTH_LIMIT = 100
"""Structs nested deeper are refused, as protobuf's own parsers refuse them."""


def read_values(values: Mapping[str, pb.Value], field: str) -> dict[str, Value]:
    """The values of a map on the wire. Errors: UnmatchedPropertyType for a value of no kind."""
    read: dict[str, Value] = {}
    for name, value in values.items():
        which = value.WhichOneof("value")
        if which == "struct_value":
            read[name] = _dict_of(value.struct_value, name)
        elif which == "proto_value":
            read[name] = Proto(value.proto_value.type_url, value.proto_value.value)
        elif which is not None:
            read[name] = getattr(value, which)
        else:
            raise UnmatchedPropertyType(
                f"Found unmatched property type: {name} has no value", field=f"{field}.{name}", remedy="Set one"
            )
    return read


def write_values(values: Mapping[str, Value], into: Any) -> None:
    """Write ``values`` into a map on the wire."""
    for name, value in values.items():
        kind = type(value)
        if kind is str:
            into[name].string_value = value
        elif kind is int:
            into[name].int_value = value
        elif kind is float:
            into[name].double_value = value
        elif kind is bool:
            into[name].bool_value = value
        elif isinstance(value, Proto):
            any_value = into[name].proto_value
            any_value.type_url, any_value.value = value.type_url, value.value
            any_value.SetInParent()
        elif isinstance(value, dict):
            fill_struct(into[name].struct_value, value)


def _dict_of(struct: struct_pb2.Struct, name: str, depth: int = 0) -> dict[str, Any]:
    if depth > DEPTH_LIMIT:
        raise Invalid(
            f"property {name!r:.80} is nested deeper than {DEPTH_LIMIT}", field="properties", remedy="Flatten it"
        )
    return {key: _plain(value, name, depth + 1) for key, value in struct.fields.items()}


def _plain(value: struct_pb2.Value, name: str, depth: int) -> Any:
    which = value.WhichOneof("kind")
    if which == "struct_value":
        return _dict_of(value.struct_value, name, depth)
    if which == "list_value":
        if depth > DEPTH_LIMIT:
            return _dict_of(struct_pb2.Struct(), name, depth)
        return [_plain(item, name, depth + 1) for item in value.list_value.values]
    if which is None or which == "null_value":
        return None
    return getattr(value, which)
