"""Read a ChangeInput into a Change: resolve refs, coerce values, keep the order."""

from __future__ import annotations

from collections.abc import Mapping

import strawberry

from clew.api.graphql.inputs import (
    ArtifactInput,
    ChangeInput,
    ExecutionInput,
    LinkInput,
    NodeInput,
    PropertyInput,
    TypeInput,
    UseInput,
)
from clew.api.graphql.scalars import value_from_json
from clew.metadata.change import Change, LinkPut, NodePut, TypeRef
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.states import EventType
from clew.metadata.value import Value


class ReadChange:
    """A Change read from input, and the refs its nodes were called by."""

    __slots__ = ("_by_ref", "change", "refs")

    def __init__(self, input: ChangeInput) -> None:
        self.change = Change(actor=input.actor, namespace=input.namespace, key=input.key)
        self.refs: list[str | None] = []
        """Aligned with ``change.nodes``."""
        self._by_ref: dict[str, NodePut] = {}
        for type in input.types:
            read_type(self.change, type)
        contexts = [self._put(Kind.CONTEXT, node, f"contexts.{i}") for i, node in enumerate(input.contexts)]
        artifacts = [self._put(Kind.ARTIFACT, node, f"artifacts.{i}") for i, node in enumerate(input.artifacts)]
        executions = [self._put(Kind.EXECUTION, node, f"executions.{i}") for i, node in enumerate(input.executions)]
        for put, execution in zip(executions, input.executions, strict=True):
            self._uses(put, execution.inputs, EventType.INPUT)
            self._uses(put, execution.outputs, EventType.OUTPUT)
            self._links(self.change.associations, execution.contexts, put)
        for put, artifact in zip(artifacts, input.artifacts, strict=True):
            self._links(self.change.attributions, artifact.contexts, put)
        for put, context in zip(contexts, input.contexts, strict=True):
            self._links(self.change.parents, context.parents, put)
        self._edges(input)

    def _edges(self, input: ChangeInput) -> None:
        for event in input.events:
            self.change.event(
                self.end(event.artifact, Kind.ARTIFACT, "events.artifact"),
                self.end(event.execution, Kind.EXECUTION, "events.execution"),
                event.type,
                path=tuple(event.path),  # type: ignore[arg-type]
                time_ms=event.time_ms,
                exist_ok=event.exist_ok,
                source=event.source,
                confidence=event.confidence,
            )
        for put in input.withdrawals:
            self.change.withdraw(
                self.end(put.artifact, Kind.ARTIFACT, "withdrawals.artifact"),
                self.end(put.execution, Kind.EXECUTION, "withdrawals.execution"),
                put.type,
            )
        self._link_inputs(self.change.attributions, input.attributions, Kind.ARTIFACT, "attributions")
        self._link_inputs(self.change.associations, input.associations, Kind.EXECUTION, "associations")
        self._link_inputs(self.change.parents, input.parents, Kind.CONTEXT, "parents")

    def _put(self, kind: Kind, node: NodeInput, where: str) -> NodePut:
        put = NodePut(
            kind=kind,
            type=_type_ref(node.type, node.type_version, where),
            id=_own_id(kind, node.id, where),
            name=node.name,
            external_id=node.external_id,
            namespace=node.namespace,
            properties=_values(node.properties),
            custom_properties=_values(node.custom_properties),
            created_ms=node.created_ms,
            updated_ms=node.updated_ms,
            mode=node.mode.value,
            reuse=node.reuse.value,
            remove=tuple(_removed(name) for name in node.remove),
            expect_updated_seq=node.expect_updated_seq,
            expect_updated_ms=node.expect_updated_ms,
            force_update_time=node.force_update_time,
            if_absent=node.if_absent,
            insert_id=node.insert_id,
        )
        if isinstance(node, ArtifactInput):
            put.uri, put.state, put.digest, put.size_bytes = node.uri, node.state, node.digest, node.size_bytes
            put.state_rule = node.state_rule.value
        elif isinstance(node, ExecutionInput):
            put.state, put.fingerprint = node.state, node.fingerprint
            put.started_ms, put.ended_ms = node.started_ms, node.ended_ms
            put.state_rule = node.state_rule.value
        if node.ref is not None:
            self._name(node.ref, put, where)
        self.refs.append(node.ref)
        return self.change.node(put)

    def _name(self, ref: str, put: NodePut, where: str) -> None:
        if ref in self._by_ref or not ref or ":" in ref:
            raise Invalid(
                f"{ref[:80]!r} cannot be a ref" if ref not in self._by_ref else f"ref {ref!r} is used twice",
                field=f"{where}.ref",
                value=ref,
                remedy="Give each node its own ref, without a colon",
            )
        self._by_ref[ref] = put

    def end(self, text: str, kind: Kind, where: str) -> NodePut | int:
        """The node that a ref of this change, or an id, names. Errors: Invalid."""
        put = self._by_ref.get(text)
        if put is None and ":" not in text:
            raise Invalid(
                f"no node of this change has the ref {text[:80]!r}",
                field=where,
                value=text,
                remedy=f"Give a node that ref, or write {kind.value}:N",
            )
        found = NodeRef.parse(text, where) if put is None else put
        if found.kind is not kind:
            raise Invalid(f"{text} is no {kind.value}", field=where, value=text, remedy=f"Name an {kind.value} here")
        return found if isinstance(found, NodePut) else found.id

    def _uses(self, execution: NodePut, uses: list[UseInput], usual: EventType) -> None:
        for use in uses:
            self.change.event(
                self.end(use.artifact, Kind.ARTIFACT, "executions.artifact"),
                execution,
                usual if use.type is None else use.type,
                path=tuple(use.path),  # type: ignore[arg-type]
                time_ms=use.time_ms,
            )

    def _links(self, into: list[LinkPut], contexts: list[str], member: NodePut) -> None:
        into += [LinkPut(self.end(context, Kind.CONTEXT, "contexts"), member) for context in contexts]

    def _link_inputs(self, into: list[LinkPut], links: list[LinkInput], kind: Kind, where: str) -> None:
        for link in links:
            context = self.end(link.context, Kind.CONTEXT, f"{where}.context")
            into.append(LinkPut(context, self.end(link.member, kind, f"{where}.member"), link.exist_ok))


def read_type(change: Change, input: TypeInput) -> None:
    """Add the type of ``input`` to ``change``. Errors: Invalid."""
    names = [declared.name for declared in input.properties]
    if len(set(names)) < len(names):
        raise Invalid(
            f"type {input.name!r} declares a property twice", field="types.properties", value=", ".join(names)
        )
    type = NodeType(
        kind=input.kind,
        name=input.name,
        version=input.version,
        properties={declared.name: declared.kind for declared in input.properties},
        description=input.description,
        external_id=input.external_id,
        input_type=_struct(input.input_type, "types.inputType"),
        output_type=_struct(input.output_type, "types.outputType"),
    )
    change.type(
        type,
        base_type=_type_ref(input.base_type, "", "types.baseType"),
        can_add_fields=input.can_add_fields,
        can_omit_fields=input.can_omit_fields,
    )


def _struct(value: object, field: str) -> dict[str, object] | None:
    if value is None or isinstance(value, dict):
        return value
    raise Invalid("not a JSON object", field=field, value=value)


def _type_ref(text: str | None, version: str, where: str) -> TypeRef | None:
    if text is None:
        return None
    if text.startswith("type:"):
        number = text[5:]
        if number.isascii() and number.isdigit() and len(number) < 19:
            return int(number)
        raise Invalid(
            f"{text[:80]!r} is not a type id", field=f"{where}.type", value=text, remedy="Write type:N, or a name"
        )
    return (text, version) if version else text


def _own_id(kind: Kind, id: strawberry.ID | None, where: str) -> int | None:
    if id is None:
        return None
    ref = NodeRef.parse(id, f"{where}.id")
    if ref.kind is not kind:
        raise Invalid(f"{ref} is no {kind.value}", field=f"{where}.id", value=str(ref), remedy=f"Write {kind.value}:N")
    return ref.id


def _values(properties: list[PropertyInput] | None) -> Mapping[str, Value] | None:
    if properties is None:
        return None
    values: dict[str, Value] = {}
    for property in properties:
        if property.name in values:
            raise Invalid(f"property {property.name!r} is given twice", field=f"properties.{property.name}")
        values[property.name] = value_from_json(property.name, property.value, property.kind)
    return values


_RECORD_NAMES = {
    "customProperties": "custom_properties",
    "externalId": "external_id",
    "sizeBytes": "size_bytes",
    "startedMs": "started_ms",
    "endedMs": "ended_ms",
}


def _removed(name: str) -> str:
    """``customProperties.k`` -> ``custom_properties.k``; the record's own spelling passes too."""
    head, dot, key = name.partition(".")
    return _RECORD_NAMES.get(head, head) + dot + key
