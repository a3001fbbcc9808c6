"""Tell two nodes or two types apart, field by field; values are compared exactly."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from clew.metadata import value
from clew.metadata.node import NodeType

Unequal = tuple[str, object, object]
"""Field, in the store, in the record."""
MISSING = "missing"
_NAMES = (
    "id", "type_id", "name", "external_id", "uri", "state", "properties", "custom_properties",
    "created_ms", "updated_ms",
)  # fmt: skip
OWN_FIELDS = frozenset({"description", "external_id", "input_type", "output_type", "base_type"})
"""Fields that a type which the record had before keeps."""
_TYPE_FIELDS = ("kind", "name", "version", "description", "external_id", "input_type", "output_type")


def unequal_nodes(expected: Sequence[Any], row: Sequence[Any]) -> list[Unequal]:
    """The fields in which a row of the record is not as expected; properties one by one, in any order."""
    unequal: list[Unequal] = []
    for name, one, other in zip(_NAMES, expected, row, strict=False):
        if one == other:
            continue
        if name in ("properties", "custom_properties"):
            unequal += unequal_values(name, value.decode(one), value.decode(other))
        else:
            unequal.append((name, one, other))
    return unequal


def unequal_values(of: str, expected: dict[str, Any], found: dict[str, Any]) -> list[Unequal]:
    """The keys of a map of properties whose values are not the same."""
    return [
        (f"{of}.{name}", expected.get(name, MISSING), found.get(name, MISSING))
        for name in sorted(expected.keys() | found.keys())
        if name not in expected or name not in found or not is_same(expected[name], found[name])
    ]


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are one: the same kind, the same bits; 1, 1.0 and True are three, and nan is nan."""
    if type(one) is not type(other):
        return False
    return _is_same_float(one, other) if type(one) is float else _is_same_item(one, other)


def _is_same_item(one: Any, other: Any) -> bool:
    """Whether two things in a struct are one: its numbers are doubles, however they were written."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_same_item(item, other[key]) for key, item in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_is_same_item, one, other))
    if type(one) is float and type(other) is float:
        return _is_same_float(one, other)
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def _is_same_float(one: float, other: float) -> bool:
    if math.isnan(one) or math.isnan(other):
        return math.isnan(one) and math.isnan(other)
    return one == other and math.copysign(1.0, one) == math.copysign(1.0, other)


def unequal_types(wanted: NodeType, base: NodeType | None, held: NodeType, held_base: NodeType | None) -> list[Unequal]:
    """The fields in which a type of the record is not that of the store, but for properties it has grown since."""
    unequal: list[Unequal] = [
        (name, getattr(wanted, name), getattr(held, name))
        for name in _TYPE_FIELDS
        if getattr(wanted, name) != getattr(held, name)
    ]
    bases = (base and (base.name, base.version), held_base and (held_base.name, held_base.version))
    if bases[0] != bases[1]:
        unequal.append(("base_type", *bases))
    for name, kind in wanted.properties.items():
        if held.properties.get(name) is not kind:
            unequal.append((f"properties.{name}", kind, held.properties.get(name, MISSING)))
    return unequal
