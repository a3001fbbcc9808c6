"""From the record's nodes to messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.values import write_values
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Context, Execution

NAMESPACE = "default"
"""ML Metadata's world. Nodes of other namespaces are not in it."""


def write_artifact(node: Artifact, into: pb.Artifact) -> None:
    """Fill ``into``. The uri is always set, as in ML Metadata."""
    into.id, into.type_id, into.type = node.id, node.type_id, node.type
    into.uri = node.uri or ""
    if node.name is not None:
        into.name = node.name
    if node.external_id is not None:
        into.external_id = node.external_id
    if node.state is not None:
        into.state = node.state  # type: ignore[assignment]
    into.create_time_since_epoch, into.last_update_time_since_epoch = node.created_ms, node.updated_ms
    if node.properties:
        write_values(node.properties, into.properties)
    if node.custom_properties:
        write_values(node.custom_properties, into.custom_properties)


def write_execution(node: Execution, into: pb.Execution) -> None:
    """Fill ``into``."""
    into.id, into.type_id, into.type = node.id, node.type_id, node.type
    if node.name is not None:
        into.name = node.name
    if node.external_id is not None:
        into.external_id = node.external_id
    if node.state is not None:
        into.last_known_state = node.state  # type: ignore[assignment]
    into.create_time_since_epoch, into.last_update_time_since_epoch = node.created_ms, node.updated_ms
    if node.properties:
        write_values(node.properties, into.properties)
    if node.custom_properties:
        write_values(node.custom_properties, into.custom_properties)


def write_context(node: Context, into: pb.Context) -> None:
    """Fill ``into``."""
    into.id, into.type_id, into.type, into.name = node.id, node.type_id, node.type, node.name
    if node.external_id is not None:
        into.external_id = node.external_id
    into.create_time_since_epoch, into.last_update_time_since_epoch = node.created_ms, node.updated_ms
    if node.properties:
        write_values(node.properties, into.properties)
    if node.custom_properties:
        write_values(node.custom_properties, into.custom_properties)


WRITE: dict[Kind, Any] = {
    Kind.ARTIFACT: write_artifact,
    Kind.EXECUTION: write_execution,
    Kind.CONTEXT: write_context,
}


def write_nodes(kind: Kind, nodes: Iterable[Any], into: Any) -> None:
    """Append nodes to a repeated field: those of the default namespace."""
    write, add = WRITE[kind], into.add
    for node in nodes:
        if node.namespace == NAMESPACE:
            write(node, add())
