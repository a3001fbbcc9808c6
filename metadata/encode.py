"""What can be checked and encoded of a change without the record: done by the caller, beside the committer.

Everything here is about one put alone; what needs types, ids or other rows is planned in planner.py.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, NamedTuple

import orjson

from clew.metadata import digest, value
from clew.metadata.change import Change, EventPut, LinkPut, NodePut, TypePut
from clew.metadata.digest import Digest
from clew.metadata.errors import Invalid
from clew.metadata.ids import INT64_MAX, Kind
from clew.metadata.location import canonical
from clew.metadata.states import ArtifactState, ExecutionState
from clew.metadata.text import check_text
from clew.metadata.types import check_type, type_row

_MODES = ("merge", "replace")
_STATE_RULES = ("advance", "replace")


class EncodedNode(NamedTuple):
    """The columns of a put that do not depend on the record."""

    properties: str | None
    custom_properties: str | None
    location: str | None
    state: int | None


class EncodedChange(NamedTuple):
    """A checked change."""

    change: Change
    nodes: list[EncodedNode]
    plain: bool
    """Only new nodes, and edges with a new end: it can be planned without reading the record."""


def encode_change(change: Change) -> EncodedChange:
    """Check ``change`` as far as it can be without the record. Errors: Invalid."""
    if not isinstance(change.actor, str):
        raise Invalid("the actor is no text", field="actor", value=change.actor, remedy='Give a string, or ""')
    check_text(change.actor, "actor")
    _check_namespace(change.namespace)
    for type_put in change.types:
        check_type(type_put.type)
    plain = not change.types and change.key is None and not change.withdrawals
    if change.key is not None:
        check_text(change.key, "key")
    nodes = []
    for put in change.nodes:
        nodes.append(_encode_node(put))
        if put.id is not None or put.reuse:
            plain = False
    if plain:
        own = {id(put) for put in change.nodes}
        plain = all(id(e.artifact) in own or id(e.execution) in own for e in change.events) and all(
            id(link.context) in own or id(link.member) in own
            for links in (change.attributions, change.associations)
            for link in links
        )
        plain = plain and not change.parents
    return EncodedChange(change, nodes, plain)


def _encode_node(put: NodePut) -> EncodedNode:
    if put.name is not None:
        check_text(put.name, "name")
    if put.external_id is not None:
        check_text(put.external_id, "external_id")
    if put.namespace is not None:
        _check_namespace(put.namespace)
    location = state = None
    kind = put.kind
    if kind is Kind.ARTIFACT:
        if put.uri is not None:
            location = canonical(put.uri) or None
        if put.digest is not None:
            digest.parse(put.digest)
        if put.size_bytes is not None:
            _check_number(put.size_bytes, "size_bytes")
        if put.fingerprint is not None or put.started_ms is not None or put.ended_ms is not None:
            raise _foreign(kind, "fingerprint, started_ms, ended_ms")
    else:
        if put.uri is not None or put.digest is not None or put.size_bytes is not None:
            raise _foreign(kind, "uri, digest, size_bytes")
        if kind is Kind.EXECUTION:
            if put.fingerprint is not None:
                digest.parse(put.fingerprint, "fingerprint")
            if put.started_ms is not None:
                _check_number(put.started_ms, "started_ms")
            if put.ended_ms is not None:
                _check_number(put.ended_ms, "ended_ms")
        elif kind is not Kind.CONTEXT:
            raise Invalid(
                f"{kind!r} is no kind of node",
                field="kind",
                value=kind,
                remedy="Use Kind.ARTIFACT, EXECUTION or CONTEXT",
            )
        elif (
            put.state is not None
            or put.fingerprint is not None
            or put.started_ms is not None
            or put.ended_ms is not None
        ):
            raise _foreign(kind, "state, fingerprint, started_ms, ended_ms")
    if put.state is not None:
        state = _check_state(kind, put.state)
    if put.created_ms is not None:
        _check_number(put.created_ms, "created_ms")
    if put.updated_ms is not None:
        _check_number(put.updated_ms, "updated_ms")
    if put.insert_id is not None:
        _check_number(put.insert_id, "insert_id")
        if not 0 < put.insert_id < INT64_MAX:
            raise Invalid("no such id can be given", field="insert_id", value=put.insert_id, remedy="Leave it out")
    if put.remove != () and not (isinstance(put.remove, tuple) and all(isinstance(word, str) for word in put.remove)):
        raise Invalid("remove names fields", field="remove", value=put.remove, remedy="Give a tuple of texts")
    if put.mode not in _MODES or put.state_rule not in _STATE_RULES:
        raise Invalid(
            f"{put.mode!r} is no mode or {put.state_rule!r} no state rule",
            field="mode",
            value=put.mode,
            remedy="Use merge or replace; advance or replace",
        )
    try:
        return EncodedNode(
            None if put.properties is None else value.encode(put.properties),
            None if put.custom_properties is None else value.encode(put.custom_properties),
            location,
            state,
        )
    except AttributeError as error:
        raise Invalid(
            "properties are not a mapping", field="properties", value=put.properties, remedy="Give a dict"
        ) from error


def _check_namespace(namespace: str) -> None:
    check_text(namespace, "namespace", 255)
    if not namespace:
        raise Invalid("a namespace needs a name", field="namespace", value="", remedy='Use "default"')


def _check_number(number: object, field: str) -> None:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number <= INT64_MAX:
        raise Invalid(f"{field} is not a count", field=field, value=number, remedy="Give an int from 0 to 2^63 - 1")


def _check_state(kind: Kind, state: int) -> int:
    names: Any = ArtifactState if kind is Kind.ARTIFACT else ExecutionState
    try:
        return int(names(state))
    except ValueError as error:
        raise Invalid(
            f"{state!r} is no state of an {kind.value}",
            field="state",
            value=state,
            remedy="Use one of " + ", ".join(s.name for s in names),
        ) from error


def _foreign(kind: Kind, fields: str) -> Invalid:
    return Invalid(f"{kind.value}s have none of {fields}", field=fields, remedy="Put it into a property")


def request_digest(encoded: EncodedChange) -> bytes:
    """Digest of what a change asks for, to tell a repeat from another request under the same key. Errors: Invalid."""
    try:
        return digest.raw(orjson.dumps(_request(encoded)))
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(f"the change holds what JSON cannot say: {error}", field="change", remedy="See Change") from error


def _request(encoded: EncodedChange) -> list[object]:
    change = encoded.change
    position = {id(put): index for index, put in enumerate(change.nodes)}
    type_position = {id(put): index for index, put in enumerate(change.types)}

    def ref(node: NodePut | int) -> object:
        return node if isinstance(node, int) else ["put", position.get(id(node), -1)]

    def links(puts: list[LinkPut]) -> list[object]:
        return [[ref(p.context), ref(p.member), p.exist_ok] for p in puts]

    def type_ref(wanted: object) -> object:
        return ["put", type_position.get(id(wanted), -1)] if isinstance(wanted, TypePut) else wanted

    withdrawn = [
        [ref(w.artifact), ref(w.execution), int(w.type), *([w.location] if w.location else [])]
        for w in change.withdrawals
    ]
    return [
        change.actor,
        change.namespace,
        [
            [type_row(replace(p.type, properties={})), sorted(p.type.properties.items()), type_ref(p.base_type),
             p.can_add_fields, p.can_omit_fields]
            for p in change.types
        ],
        [
            [
                p.kind, type_ref(p.type), p.id, p.name, p.external_id, p.uri, p.state, p.digest, p.size_bytes,
                p.fingerprint, p.started_ms, p.ended_ms, _sorted(e.properties), _sorted(e.custom_properties),
                p.namespace, p.created_ms, p.updated_ms, p.mode, p.reuse, p.state_rule, p.remove, p.expect_updated_seq,
                p.expect_updated_ms, p.force_update_time, p.if_absent, p.insert_id,
            ]
            for p, e in zip(change.nodes, encoded.nodes, strict=True)
        ],
        [
            [ref(e.artifact), ref(e.execution), int(e.type), e.path, e.time_ms, e.exist_ok, *_said(e)]
            for e in change.events
        ],
        links(change.attributions), links(change.associations), links(change.parents),
        *([withdrawn] if withdrawn else []),
    ]  # fmt: skip


def _said(put: EventPut) -> tuple[object, ...]:
    """Who said so, where that was told: requests kept before it could be have the digests they had."""
    if put.location is not None:
        return (put.source, put.confidence, put.location, put.said)
    return () if put.source is None and put.confidence is None else (put.source, put.confidence)


def _sorted(text: str | None) -> str | None:
    """Properties with every key in order: a client that retries may say them in another."""
    if text is None:
        return None
    values = orjson.loads(text)
    for tagged in values.values():
        if isinstance(tagged, dict) and "t" in tagged:
            tagged["t"] = digest.canonical_json(json.loads(tagged["t"])).decode()
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS).decode()


def digest_of_change(seq: int, time_ms: int, actor: str, namespace: str, ops: bytes) -> bytes:
    """The digest kept with a change: over its place, its author and its operations (32 bytes)."""
    return digest.raw(orjson.dumps([seq, time_ms, actor, namespace]) + ops)


def digest_text(raw: bytes) -> Digest:
    """``sha256:...`` of 32 raw bytes."""
    return Digest("sha256:" + bytes(raw).hex())
