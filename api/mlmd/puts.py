"""From a node on the wire to the put it asks for.

With an id a put replaces the node; what the message leaves out is cleared. An update mask narrows it to the fields it
names; it says nothing of inserts. Paths nobody knows, ``id`` and ``type_id``, and but for contexts ``name``, are passed
over.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clew.api.mlmd.values import read_values
from clew.metadata.change import NodePut
from clew.metadata.ids import Kind
from clew.metadata.value import Value

_STATE = {Kind.ARTIFACT: "state", Kind.EXECUTION: "last_known_state"}
_MAPS = ("properties", "custom_properties")


def node_put(kind: Kind, message: Any, mask: Iterable[str] = ()) -> NodePut:
    """The put. Errors: Invalid for a value of no kind."""
    has = message.HasField
    put = NodePut(kind, message.type_id if has("type_id") else None, state_rule="replace")
    if has("id"):
        put.id = message.id
        if mask:
            return _narrowed(put, message, mask)
        put.mode = "replace"
    if has("name"):
        put.name = message.name
    if has("external_id"):
        put.external_id = message.external_id
    if kind is Kind.ARTIFACT and message.uri:
        put.uri = message.uri
    if kind is not Kind.CONTEXT and has(_STATE[kind]):
        put.state = getattr(message, _STATE[kind])
    if message.properties:
        put.properties = read_values(message.properties, "properties")
    if message.custom_properties:
        put.custom_properties = read_values(message.custom_properties, "custom_properties")
    return put


def _narrowed(put: NodePut, message: Any, mask: Iterable[str]) -> NodePut:
    """Only what the mask names: set where the message has it, removed where it has not."""
    put.mode = "merge"
    fields = {"external_id": "external_id"}
    if put.kind is Kind.ARTIFACT:
        fields["uri"] = "uri"
    if put.kind is not Kind.CONTEXT:
        fields[_STATE[put.kind]] = "state"
    remove: list[str] = []
    maps: dict[str, dict[str, Value]] = {}
    for path in dict.fromkeys(mask):
        root, dot, key = path.partition(".")
        if path in fields:
            if message.HasField(path):
                setattr(put, fields[path], getattr(message, path))
            else:
                remove.append(fields[path])
        elif path == "name" and put.kind is Kind.CONTEXT:
            put.name = message.name  # contexts can be renamed; to nothing, they cannot
        elif root in _MAPS:
            _narrow_map(root, key if dot else None, message, maps, remove)
    put.properties, put.custom_properties = maps.get("properties"), maps.get("custom_properties")
    put.remove = tuple(remove)
    return put


def _narrow_map(root: str, key: str | None, message: Any, maps: dict[str, dict[str, Value]], remove: list[str]) -> None:
    values = getattr(message, root)
    found = maps.setdefault(root, {})
    if key is None:
        remove.append(root)
        found.update(read_values(values, root))
    elif key in values:
        found.update(read_values({key: values[key]}, root))
    else:
        remove.append(f"{root}.{key}")
