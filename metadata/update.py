"""What an update makes of a node's row: pure functions over column -> value. Which node it is, is the applier's."""

from __future__ import annotations

from typing import Any

import orjson

from clew.metadata.change import NodePut
from clew.metadata.encode import EncodedNode
from clew.metadata.errors import Invalid, VersionConflict
from clew.metadata.ids import Kind
from clew.metadata.states import advance_artifact, advance_execution

_REMOVABLE = {"name", "external_id", "uri", "state", "digest", "size_bytes", "fingerprint", "started_ms", "ended_ms"}
_MERGED = ("external_id", "digest", "size_bytes", "fingerprint", "started_ms", "ended_ms")


def replace(put: NodePut, known: EncodedNode, new: dict[str, Any]) -> None:
    """ML Metadata's put: what is not given is cleared; Clew's own fields stay; only contexts can be renamed."""
    new["external_id"] = put.external_id
    if put.kind is Kind.CONTEXT:
        new["name"] = put.name
    else:
        new["state"] = _replaced_state(put, known, new["state"])
    if put.kind is Kind.ARTIFACT:
        new["uri"], new["location"] = put.uri, known.location
    for field in _MERGED[1:]:
        if getattr(put, field) is not None:
            new[field] = getattr(put, field)
    new["properties"] = known.properties
    new["custom_properties"] = known.custom_properties


def merge(put: NodePut, known: EncodedNode, new: dict[str, Any]) -> None:
    """What is given is set, what is named in ``remove`` is cleared, the rest stays. Errors: Invalid."""
    for field in put.remove:
        _remove(put.kind, field, new)
    if put.name is not None:
        new["name"] = put.name
    for field in _MERGED:
        if getattr(put, field) is not None:
            new[field] = getattr(put, field)
    if put.uri is not None:
        new["uri"], new["location"] = put.uri, known.location
    if known.state is not None:
        new["state"] = _next_state(put, known, new["state"])
    for column, text in (("properties", known.properties), ("custom_properties", known.custom_properties)):
        if text is not None:
            merged = orjson.loads(new[column] or "{}") | orjson.loads(text)
            new[column] = orjson.dumps(merged).decode()


def _remove(kind: Kind, field: str, new: dict[str, Any]) -> None:
    column, dot, name = field.partition(".")
    if column in ("properties", "custom_properties"):
        kept = orjson.loads(new[column] or "{}") if dot else {}
        kept.pop(name, None)
        new[column] = orjson.dumps(kept).decode() if kept else None
    elif field in _REMOVABLE and field in new:
        new[field] = None
        if field == "uri":
            new["location"] = None
    else:
        raise Invalid(
            f"{kind.value}s have no field {field!r} to remove",
            field="remove",
            value=field,
            remedy="Name a field, properties.k or custom_properties.k",
        )


def _next_state(put: NodePut, known: EncodedNode, old: int | None) -> int | None:
    if put.state_rule == "replace":
        return known.state
    return (advance_artifact if put.kind is Kind.ARTIFACT else advance_execution)(old, known.state)


def _replaced_state(put: NodePut, known: EncodedNode, old: int | None) -> int | None:
    if known.state is None:
        return None if put.state_rule == "replace" else old
    return _next_state(put, known, old)


def check_expectations(put: NodePut, old: dict[str, Any]) -> None:
    """Optimistic concurrency: refuse to write over what the caller has not seen. Errors: VersionConflict."""
    for field in ("updated_seq", "updated_ms"):
        expected = getattr(put, f"expect_{field}")
        if expected is not None and expected != old[field]:
            raise VersionConflict(
                f"{put.kind.value} {old['id']} was changed since: its {field} is {old[field]}, not {expected}",
                field=f"expect_{field}",
                value=expected,
                remedy="Read it again and retry",
            )


def same(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the update changes nothing; the order of properties is nothing."""
    for field, value in new.items():
        before = old[field]
        if value == before:
            continue
        if field in ("properties", "custom_properties") and _sorted(value) == _sorted(before):
            continue
        return False
    return True


def _sorted(text: str | None) -> bytes:
    return orjson.dumps(orjson.loads(text or "{}"), option=orjson.OPT_SORT_KEYS)
