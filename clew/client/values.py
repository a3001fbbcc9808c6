"""Property values in GraphQL's JSON, as docs/graphql.md spells them: exact for a reader whose numbers are doubles."""

from __future__ import annotations

import base64
import json
import math
import struct
from typing import Any

from clew.metadata.states import PropertyType
from clew.metadata.value import Proto, Value

_SAFE_INT = 2**53 - 1


def value_to_json(value: Value) -> Any:
    """``value`` as GraphQL's PropertyValue."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _SAFE_INT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else _odd(value)
    if isinstance(value, Proto):
        return {"typeUrl": value.type_url, "value": base64.b64encode(value.value).decode()}
    return json.dumps(value)


def portable(value: Any) -> Any:
    """JSON that every reader reads exactly: integers beyond 2^53 and numbers JSON cannot say as text."""
    if isinstance(value, dict):
        return {key: portable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [portable(item) for item in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value_to_json(value)
    return value


def value_from_json(said: Any, kind: PropertyType) -> Value:
    """The value that GraphQL says as ``said``."""
    if kind is PropertyType.INT:
        return int(said)
    if kind is PropertyType.DOUBLE:
        if isinstance(said, str) and said.startswith("NaN:"):
            return float(struct.unpack(">d", bytes.fromhex(said[4:]))[0])
        return float(said)
    if kind is PropertyType.PROTO:
        return Proto(said["typeUrl"], base64.b64decode(said["value"]))
    if kind is PropertyType.STRUCT and isinstance(said, str):
        loaded: dict[str, Any] = json.loads(said)
        return loaded
    value: Value = said
    return value


def _odd(value: float) -> str:
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "NaN:" + struct.pack(">d", value).hex()
