"""Types, between the wire and the record."""

from __future__ import annotations

from typing import Any

from google.protobuf import json_format

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.metadata.change import TypePut
from clew.metadata.errors import Invalid, Unsupported
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.states import PropertyType
from clew.metadata.types import FIRST_USER_TYPE_ID, SIMPLE_TYPES

MESSAGE: dict[Kind, Any] = {
    Kind.ARTIFACT: pb.ArtifactType,
    Kind.EXECUTION: pb.ExecutionType,
    Kind.CONTEXT: pb.ContextType,
}
FIRST_BASE_ID = {Kind.ARTIFACT: 1, Kind.EXECUTION: 1 + len(SIMPLE_TYPES[0][1])}
"""The predefined types follow each other in the order of the wire's base types."""
_BASES = {Kind.ARTIFACT: len(SIMPLE_TYPES[0][1]), Kind.EXECUTION: len(SIMPLE_TYPES[1][1]), Kind.CONTEXT: 0}


def type_put(kind: Kind, message: Any, can_add_fields: bool, can_omit_fields: bool) -> TypePut:
    """The put a type on the wire asks for.

    Errors: Invalid for what could be no type; Unsupported for taking a base type away, asked for in so many words.
    """
    if message.HasField("base_type") and not message.base_type:
        raise Unsupported("base_type deletion is not supported", field="base_type", remedy="Leave base_type out")
    properties = {}
    for name, number in message.properties.items():
        if number == PropertyType.UNKNOWN:
            raise Invalid(
                f"property {name!r:.80} of the type has no kind",
                field="type.properties",
                value=number,
                remedy="Use INT, DOUBLE, STRING, STRUCT, PROTO or BOOLEAN",
            )
        properties[name] = PropertyType(number)
    wanted = NodeType(
        kind,
        message.name,
        message.version,
        properties,
        description=message.description if message.HasField("description") else None,
        external_id=message.external_id if message.HasField("external_id") else None,
        input_type=_structure(message, "input_type", kind),
        output_type=_structure(message, "output_type", kind),
    )
    base = message.base_type
    base_id = FIRST_BASE_ID[kind] + base - 1 if base else None
    return TypePut(wanted, base_id, can_add_fields, can_omit_fields)


def is_predefined(node_type: NodeType) -> bool:
    """Whether listings hide the type, as ML Metadata's do."""
    return node_type.id < FIRST_USER_TYPE_ID


def write_type(node_type: NodeType, into: Any) -> None:
    """Fill ``into``. Left out is what ML Metadata has no words for: other base types than its own, other structures."""
    into.id, into.name = node_type.id, node_type.name
    if node_type.version:
        into.version = node_type.version
    if node_type.description is not None:
        into.description = node_type.description
    if node_type.external_id is not None:
        into.external_id = node_type.external_id
    into.properties.update({name: int(kind) for name, kind in node_type.properties.items()})
    if node_type.base_type_id is not None:
        base = node_type.base_type_id - FIRST_BASE_ID.get(node_type.kind, 1) + 1
        if 1 <= base <= _BASES[node_type.kind]:
            into.base_type = base
    for field, structure in (("input_type", node_type.input_type), ("output_type", node_type.output_type)):
        if structure is not None:
            try:
                json_format.ParseDict(structure, getattr(into, field))
            except json_format.ParseError:
                into.ClearField(field)


def _structure(message: Any, field: str, kind: Kind) -> dict[str, Any] | None:
    if kind is not Kind.EXECUTION or not message.HasField(field):
        return None
    try:
        return dict(json_format.MessageToDict(getattr(message, field), preserving_proto_field_name=True))
    except json_format.Error as error:  # proto2 takes any bytes for text
        raise Invalid(f"{field} holds text that is not valid UTF-8", field=field, remedy="Send UTF-8") from error
