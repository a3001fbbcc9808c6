"""Between GraphQL's JSON and the record's values: nodes and types from answers, changes into input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clew.client.values import value_from_json, value_to_json
from clew.metadata.change import Change, LinkPut, NodePut, TypePut, TypeRef
from clew.metadata.digest import Digest
from clew.metadata.ids import ArtifactId, ContextId, ExecutionId, Kind, NodeRef, Seq, TypeId
from clew.metadata.node import Artifact, Committed, Context, Event, Execution, Node, NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Value, property_type

NODE_FIELDS = """
fragment N on Node {
  id type namespace name externalId createdMs updatedMs createdSeq updatedSeq nodeType { id }
  properties { name kind value } customProperties { name kind value }
  ... on Artifact { uri location artifactState: state digest sizeBytes }
  ... on Execution { executionState: state fingerprint startedMs endedMs }
}
"""
TYPE_FIELDS = """
fragment T on Type {
  id kind name version description externalId createdMs updatedMs createdSeq updatedSeq
  properties { name kind } baseType { id } inputType outputType count
}
"""
EVENT_FIELDS = "type path timeMs createdSeq source confidence"


def node(said: Mapping[str, Any]) -> Node:
    """A node from the fields of NODE_FIELDS."""
    ref = NodeRef.parse(said["id"])
    shared: dict[str, Any] = {
        "type_id": TypeId(_number(said["nodeType"]["id"])),
        "type": said["type"],
        "namespace": said["namespace"],
        "name": said["name"],
        "external_id": said["externalId"],
        "properties": _values(said["properties"]),
        "custom_properties": _values(said["customProperties"]),
        "created_ms": int(said["createdMs"]),
        "updated_ms": int(said["updatedMs"]),
        "created_seq": Seq(int(said["createdSeq"])),
        "updated_seq": Seq(int(said["updatedSeq"])),
    }
    if ref.kind is Kind.ARTIFACT:
        state = said["artifactState"]
        return Artifact(
            id=ArtifactId(ref.id),
            uri=said["uri"],
            location=said["location"],
            state=None if state is None else ArtifactState[state],
            digest=None if said["digest"] is None else Digest(said["digest"]),
            size_bytes=_maybe(said["sizeBytes"]),
            **shared,
        )
    if ref.kind is Kind.EXECUTION:
        state = said["executionState"]
        return Execution(
            id=ExecutionId(ref.id),
            state=None if state is None else ExecutionState[state],
            fingerprint=None if said["fingerprint"] is None else Digest(said["fingerprint"]),
            started_ms=_maybe(said["startedMs"]),
            ended_ms=_maybe(said["endedMs"]),
            **shared,
        )
    return Context(id=ContextId(ref.id), **shared)


def event(said: Mapping[str, Any], execution_id: int, artifact_id: int) -> Event:
    """An event from the fields of EVENT_FIELDS."""
    return Event(
        ExecutionId(execution_id),
        ArtifactId(artifact_id),
        EventType[said["type"]],
        tuple(said["path"]),
        int(said["timeMs"]),
        Seq(int(said["createdSeq"])),
        said["source"],
        said["confidence"],
    )


def node_type(said: Mapping[str, Any]) -> NodeType:
    """A type from the fields of TYPE_FIELDS."""
    return NodeType(
        kind=Kind(said["kind"].lower()),
        name=said["name"],
        version=said["version"],
        properties={declared["name"]: PropertyType[declared["kind"]] for declared in said["properties"]},
        description=said["description"],
        external_id=said["externalId"],
        base_type_id=None if said["baseType"] is None else TypeId(_number(said["baseType"]["id"])),
        input_type=said["inputType"],
        output_type=said["outputType"],
        id=TypeId(_number(said["id"])),
        created_ms=int(said["createdMs"]),
        updated_ms=int(said["updatedMs"]),
        created_seq=Seq(int(said["createdSeq"])),
        updated_seq=Seq(int(said["updatedSeq"])),
    )


def committed(said: Mapping[str, Any]) -> Committed:
    """A row of the change log."""
    return Committed(
        Seq(int(said["seq"])),
        int(said["timeMs"]),
        said["actor"],
        said["namespace"],
        said["log"].encode(),
        Digest(said["digest"]),
    )


def comparison(said: Mapping[str, Any]) -> dict[str, Any]:
    """A comparison as ``graph.compare`` spells it."""
    return {
        "a": said["a"],
        "b": said["b"],
        "kind": said["kind"].lower(),
        "same": said["same"],
        "sections": _grouped(said["entries"]),
        "producers": None if said["producers"] is None else _pair(said["producers"]),
        "tasks": [_pair(pair) for pair in said["tasks"]],
        "partial": said["partial"],
    }


def _pair(said: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: said[key] for key in ("task", "a", "b", "same")}
    return found | {"sections": _grouped(said["entries"])}


def _grouped(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    sections: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        sections.setdefault(entry["section"], []).append({key: entry[key] for key in ("name", "a", "b", "same")})
    return [{"section": section, "entries": found} for section, found in sections.items()]


class SaidChange:
    """A change as ChangeInput, its nodes in the input's order: contexts, artifacts, executions."""

    def __init__(self, change: Change) -> None:
        self._refs = {id(put): f"n{number}" for number, put in enumerate(change.nodes)}
        of = {kind: [put for put in change.nodes if put.kind is kind] for kind in Kind}
        self.order = of[Kind.CONTEXT] + of[Kind.ARTIFACT] + of[Kind.EXECUTION]
        """The change's nodes in the order in which the receipt names them."""
        self.input = _without_none(
            {
                "actor": change.actor,
                "namespace": change.namespace,
                "key": change.key,
                "types": [_type(put) for put in change.types],
                "contexts": [self._node(put) for put in of[Kind.CONTEXT]],
                "artifacts": [self._node(put) for put in of[Kind.ARTIFACT]],
                "executions": [self._node(put) for put in of[Kind.EXECUTION]],
                "events": [
                    {
                        "artifact": self._end(put.artifact, Kind.ARTIFACT),
                        "execution": self._end(put.execution, Kind.EXECUTION),
                        "type": EventType(put.type).name,
                        "path": list(put.path),
                        "timeMs": put.time_ms,
                        "existOk": put.exist_ok,
                        **_without_none({"source": put.source, "confidence": put.confidence}),
                    }
                    for put in change.events
                ],
                "withdrawals": [
                    {
                        "artifact": self._end(put.artifact, Kind.ARTIFACT),
                        "execution": self._end(put.execution, Kind.EXECUTION),
                        "type": EventType(put.type).name,
                    }
                    for put in change.withdrawals
                ],
                "attributions": self._links(change.attributions, Kind.ARTIFACT),
                "associations": self._links(change.associations, Kind.EXECUTION),
                "parents": self._links(change.parents, Kind.CONTEXT),
            }
        )

    def ref(self, put: NodePut) -> str:
        """What a node of the change is called in the input."""
        return self._refs[id(put)]

    def _end(self, node: NodePut | int, kind: Kind) -> str:
        return f"{kind.value}:{node}" if isinstance(node, int) else self._refs[id(node)]

    def _links(self, links: Iterable[LinkPut], kind: Kind) -> list[dict[str, Any]]:
        return [
            {
                "context": self._end(put.context, Kind.CONTEXT),
                "member": self._end(put.member, kind),
                "existOk": put.exist_ok,
            }
            for put in links
        ]

    def _node(self, put: NodePut) -> dict[str, Any]:
        said: dict[str, Any] = {
            "ref": self._refs[id(put)],
            "id": f"{put.kind.value}:{put.id}" if put.id is not None else None,
            "type": _type_name(put.type.type.name if isinstance(put.type, TypePut) else put.type),
            "typeVersion": _type_version(put),
            "name": put.name,
            "externalId": put.external_id,
            "namespace": put.namespace,
            "properties": _properties(put.properties),
            "customProperties": _properties(put.custom_properties),
            "mode": put.mode.upper(),
            "reuse": put.reuse.upper() or "NEVER",
            "ifAbsent": put.if_absent,
            "remove": list(put.remove),
            "expectUpdatedSeq": put.expect_updated_seq,
            "expectUpdatedMs": put.expect_updated_ms,
            "createdMs": put.created_ms,
            "updatedMs": put.updated_ms,
            "forceUpdateTime": put.force_update_time,
            "insertId": put.insert_id,
        }
        if put.kind is Kind.ARTIFACT:
            state = None if put.state is None else ArtifactState(put.state).name
            said |= {"uri": put.uri, "digest": put.digest, "sizeBytes": put.size_bytes}
        elif put.kind is Kind.EXECUTION:
            state = None if put.state is None else ExecutionState(put.state).name
            said |= {"fingerprint": put.fingerprint, "startedMs": put.started_ms, "endedMs": put.ended_ms}
        else:
            return said
        return said | {"state": state, "stateRule": put.state_rule.upper()}


def _type(put: TypePut) -> dict[str, Any]:
    type = put.type
    return {
        "kind": type.kind.name,
        "name": type.name,
        "version": type.version,
        "properties": [{"name": name, "kind": PropertyType(kind).name} for name, kind in type.properties.items()],
        "description": type.description,
        "externalId": type.external_id,
        "baseType": _type_name(put.base_type),
        "inputType": type.input_type,
        "outputType": type.output_type,
        "canAddFields": put.can_add_fields,
        "canOmitFields": put.can_omit_fields,
    }


def _type_name(type: TypeRef | None) -> str | None:
    if isinstance(type, int):
        return f"type:{type}"
    if isinstance(type, tuple):
        return type[0]
    return type


def _type_version(put: NodePut) -> str:
    if isinstance(put.type, TypePut):
        return put.type.type.version
    if isinstance(put.type, tuple):
        return put.type[1]
    return ""


def _properties(values: Mapping[str, Value] | None) -> list[dict[str, Any]] | None:
    if values is None:
        return None
    return [
        {"name": name, "kind": property_type(name, value).name, "value": value_to_json(value)}
        for name, value in values.items()
    ]


def _values(said: Iterable[Mapping[str, Any]]) -> dict[str, Value]:
    return {one["name"]: value_from_json(one["value"], PropertyType[one["kind"]]) for one in said}


def _without_none(value: Any) -> Any:
    """Input without what was not given: GraphQL tells null from absent."""
    if isinstance(value, dict):
        return {k: v if k == "value" else _without_none(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in value]
    return value


def _number(id: str) -> int:
    return int(id.rpartition(":")[2])


def _maybe(value: Any) -> int | None:
    return None if value is None else int(value)
