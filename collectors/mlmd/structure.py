"""The inputs and outputs an execution type declares (ArtifactStructType), as JSON with the proto's names of fields."""

from __future__ import annotations

import json
import re
from typing import Any

_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read_structure(text: str | None) -> dict[str, Any] | None:
    """The structure a column holds; None when it is empty. Errors: ValueError for what is no JSON object."""
    if not text:
        return None
    loaded = json.loads(text)
    if not isinstance(loaded, dict):
        raise ValueError("no JSON object")
    return _message(loaded)


def write_structure(structure: dict[str, Any] | None) -> str | None:
    """The text of a structure; the library reads these names as well as its own."""
    return None if structure is None else json.dumps(structure, separators=(",", ":"), sort_keys=True)


def _message(fields: dict[str, Any]) -> dict[str, Any]:
    return {_HUMP.sub("_", key).lower(): _field(key, value) for key, value in fields.items()}


def _field(key: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_message(item) if isinstance(item, dict) else item for item in value]
    if not isinstance(value, dict):
        return value
    if key == "properties":  # a map: its keys are the user's own
        return {name: _message(item) if isinstance(item, dict) else item for name, item in value.items()}
    return _message(value)
