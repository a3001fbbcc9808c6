"""What nodes bear beyond what their types declare: told by those that were recorded last."""

from __future__ import annotations

from typing import Any

from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.states import PropertyType
from clew.metadata.value import property_type

NODES = 300
"""How many nodes are looked at."""


def custom_properties(
    reader: Reader, kind: Kind, type: str | int | None = None, *, most: int = 100
) -> dict[str, PropertyType]:
    """Names and kinds of the properties that the newest nodes bear of their own, those of the newest first.

    Where nodes differ in the kind, the newest is right. ``type`` is a name or an id.
    Cost: one page of 300 nodes.
    """
    listings: dict[Kind, Any] = {
        Kind.ARTIFACT: reader.artifacts, Kind.EXECUTION: reader.executions, Kind.CONTEXT: reader.contexts,
    }  # fmt: skip
    found: dict[str, PropertyType] = {}
    for node in listings[kind](type=type, order="id", descending=True, limit=NODES).items:
        for name, value in node.custom_properties.items():
            if name not in found:
                found[name] = property_type(name, value)
        if len(found) >= most:
            break
    return dict(list(found.items())[:most])
