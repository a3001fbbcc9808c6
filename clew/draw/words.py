"""How nodes are named and spelled, for people (labels) and for programs (JSON)."""

from __future__ import annotations

import base64
import math
from typing import Any

from clew.metadata.node import Artifact, Committed, Context, Event, Execution, Node, NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Proto, Value

STATE_STYLE = {
    "COMPLETE": "green",
    "LIVE": "green",
    "CACHED": "cyan",
    "REFERENCE": "cyan",
    "RUNNING": "yellow",
    "NEW": "yellow",
    "PENDING": "yellow",
    "FAILED": "bold red",
    "DELETED": "red",
    "MARKED_FOR_DELETION": "red",
    "ABANDONED": "red",
    "CANCELED": "magenta",
    "SKIPPED": "bright_black",
}
"""Rich styles of states; the word itself always stands beside the colour."""


def state_name(node: Node) -> str:
    """The state as a word; empty where there is none."""
    if isinstance(node, Context) or node.state is None:
        return ""
    numbers: type[ArtifactState] | type[ExecutionState] = (
        ArtifactState if isinstance(node, Artifact) else ExecutionState
    )
    return numbers(node.state).name


def seconds_of(execution: Execution) -> float | None:
    """How long an execution took, once it has ended."""
    if execution.started_ms is None or execution.ended_ms is None:
        return None
    return max(0.0, (execution.ended_ms - execution.started_ms) / 1000)


def node_json(node: Node) -> dict[str, Any]:
    """A node as one JSON object; what is not recorded is null."""
    said: dict[str, Any] = {
        "id": str(node.ref),
        "type": node.type,
        "name": node.name,
        "namespace": node.namespace,
        "external_id": node.external_id,
    }
    if isinstance(node, Artifact):
        said |= {
            "state": state_name(node) or None,
            "uri": node.uri,
            "location": node.location,
            "digest": node.digest,
            "size_bytes": node.size_bytes,
        }
    elif isinstance(node, Execution):
        said |= {
            "state": state_name(node) or None,
            "fingerprint": node.fingerprint,
            "started_ms": node.started_ms,
            "ended_ms": node.ended_ms,
        }
    return said | {
        "properties": values_json(node.properties),
        "custom_properties": values_json(node.custom_properties),
        "created_ms": node.created_ms,
        "updated_ms": node.updated_ms,
        "created_seq": node.created_seq,
        "updated_seq": node.updated_seq,
    }


def values_json(values: dict[str, Value]) -> dict[str, Any]:
    """Property values as JSON can say them."""
    return {name: value_json(value) for name, value in values.items()}


def value_json(value: Value) -> Any:
    """One value; numbers JSON cannot say as ``"NaN"``, ``"Infinity"``, ``"-Infinity"``."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Proto):
        return {"type_url": value.type_url, "value": base64.b64encode(value.value).decode()}
    return value


def event_json(event: Event) -> dict[str, Any]:
    """An event as one JSON object."""
    return {
        "execution": f"execution:{event.execution_id}",
        "artifact": f"artifact:{event.artifact_id}",
        "type": EventType(event.type).name,
        "path": list(event.path),
        "time_ms": event.time_ms,
        "created_seq": event.created_seq,
    }


def edge_json(edge: tuple[int, int, int]) -> dict[str, str]:
    """An edge of a lineage."""
    execution_id, event_type, artifact_id = edge
    return {
        "execution": f"execution:{execution_id}",
        "type": EventType(event_type).name,
        "artifact": f"artifact:{artifact_id}",
    }


def type_json(type: NodeType, nodes: int) -> dict[str, Any]:
    """A type as one JSON object."""
    return {
        "id": f"type:{type.id}",
        "kind": type.kind.value,
        "name": type.name,
        "version": type.version,
        "description": type.description,
        "external_id": type.external_id,
        "base_type": f"type:{type.base_type_id}" if type.base_type_id else None,
        "properties": {name: PropertyType(kind).name for name, kind in type.properties.items()},
        "nodes": nodes,
        "created_ms": type.created_ms,
    }


def change_json(change: Committed) -> dict[str, Any]:
    """A row of the change log as one JSON object."""
    return {
        "seq": change.seq,
        "time_ms": change.time_ms,
        "actor": change.actor,
        "namespace": change.namespace,
        "digest": change.digest,
        "ops": change.ops,
    }


def value_text(value: Value) -> str:
    """One value for people."""
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, dict):
        import json

        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Proto):
        return f"{value.type_url or 'proto'} ({len(value.value)} bytes)"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def clean(text: str) -> str:
    """``text`` on one line, control characters spelled out: a recorded name must not drive the terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def time_text(ms: int | None) -> str:
    """A time in the user's zone, to the second; empty for None."""
    if ms is None:
        return ""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (OverflowError, ValueError, OSError):  # a recorded time may lie beyond year 9999
        return f"{ms} ms"


def seconds_text(seconds: float | None) -> str:
    """A duration as people say it: 0.42 s, 3.1 s, 4 min 12 s, 2 h 5 min."""
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.2g} s" if seconds < 1 else f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def size_text(size_bytes: int | None) -> str:
    """A size: 312 B, 4.1 KiB, 2.0 GiB."""
    if size_bytes is None:
        return ""
    amount = float(size_bytes)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024:
            return f"{size_bytes} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TiB"


def count_text(count: int, noun: str) -> str:
    """``1 node``, ``1,234 nodes``."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
