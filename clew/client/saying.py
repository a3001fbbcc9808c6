"""A saying as GraphQL's SayingInput."""

from __future__ import annotations

from typing import Any

from clew.client.values import value_to_json
from clew.client.wire import SaidChange
from clew.metadata.change import NodePut
from clew.metadata.identity import Saying, Touch
from clew.metadata.value import property_type


class SaidSaying:
    """A saying as input: its change, and its execution by the ref it has in that."""

    def __init__(self, saying: Saying) -> None:
        change = SaidChange(saying.change)
        self.input: dict[str, Any] = {
            "change": change.input,
            "execution": _node(saying.execution, change),
            "key": saying.key,
            "source": saying.source,
            "touches": [_touch(touch) for touch in saying.touches],
            "within": [_node(outer, change) for outer in saying.within],
        }


def _node(node: NodePut | int, change: SaidChange) -> str:
    return f"execution:{node}" if isinstance(node, int) else change.ref(node)


def _touch(touch: Touch) -> dict[str, Any]:
    said = {
        "uri": touch.uri,
        "writes": touch.writes,
        "timeMs": touch.time_ms,
        "type": touch.type,
        "name": touch.name,
        "path": list(touch.path),
        "digest": touch.digest,
        "sizeBytes": touch.size_bytes,
        "confidence": touch.confidence,
        "sameAs": list(touch.same_as),
        "customProperties": [
            {"name": name, "kind": property_type(name, value).name, "value": value_to_json(value)}
            for name, value in touch.custom_properties.items()
        ],
    }
    return {name: value for name, value in said.items() if value is not None}
