"""The calls that read nodes, edges and types: each at one snapshot."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf.unknown_fields import UnknownFieldSet

from clew.api.mlmd.events import event_rows, write_event_rows
from clew.api.mlmd.listing import FIELD, list_nodes
from clew.api.mlmd.node_types import is_predefined, write_type
from clew.api.mlmd.nodes import NAMESPACE, WRITE, write_nodes
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.world import world_of
from clew.api.service import Services
from clew.metadata.errors import (
    ArtifactNotFound,
    ContextNotFound,
    ExecutionNotFound,
    Invalid,
    NotFound,
    TypeNotFound,
)
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Context, NodeType
from clew.metadata.reader import Reader

Call = Callable[[Services, Any], Any]
_NOUN = {Kind.ARTIFACT: "Artifact", Kind.EXECUTION: "Execution", Kind.CONTEXT: "Context"}
_NOT_FOUND: dict[Kind, type[NotFound]] = {
    Kind.ARTIFACT: ArtifactNotFound,
    Kind.EXECUTION: ExecutionNotFound,
    Kind.CONTEXT: ContextNotFound,
}


def calls_of(kind: Kind) -> dict[str, Call]:
    """The calls that every kind of node has, by name."""
    noun, nouns = _NOUN[kind], _NOUN[kind] + "s"
    return {
        f"Get{nouns}": _all(kind),
        f"Get{nouns}ByID": _by_id(kind),
        f"Get{nouns}ByType": _by_type(kind),
        f"Get{noun}ByTypeAndName": _by_type_and_name(kind),
        f"Get{nouns}ByExternalIds": _by_external_ids(kind),
        f"Get{noun}Type": _type(kind),
        f"Get{noun}Types": _types(kind),
        f"Get{noun}TypesByID": _types_by_id(kind),
        f"Get{noun}TypesByExternalIds": _types_by_external_ids(kind),
    }


# -- nodes of any kind -----------------------------------------------------------------------------------------------


def _all(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}sResponse")

    def call(services: Services, request: Any) -> Any:
        with services.read() as reader:
            return list_nodes(reader, kind, request, response)

    return call


def _by_id(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}sByIDResponse")
    field, ids = FIELD[kind], f"{kind.value}_ids"

    def call(services: Services, request: Any) -> Any:
        answer = response()
        with services.read() as reader:
            nodes = [node for node in _nodes(reader, kind, getattr(request, ids)) if node.namespace == NAMESPACE]
            write_nodes(kind, nodes, getattr(answer, field))
            if kind is Kind.ARTIFACT and request.populate_artifact_types:
                wanted = sorted({node.type_id for node in nodes})
                _write_types(reader.types_by_id(wanted).values(), answer.artifact_types)
        return answer

    return call


def _nodes(reader: Reader, kind: Kind, ids: Iterable[int]) -> list[Any]:
    read: dict[Kind, Any] = {
        Kind.ARTIFACT: reader.artifacts_by_id,
        Kind.EXECUTION: reader.executions_by_id,
        Kind.CONTEXT: reader.contexts_by_id,
    }
    return list(read[kind](ids).values())


def _by_type(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}sByTypeResponse")

    def call(services: Services, request: Any) -> Any:
        with services.read() as reader:
            found = _find_type(reader, kind, request)
            return response() if found is None else list_nodes(reader, kind, request, response, type_id=found.id)

    return call


def _by_type_and_name(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}ByTypeAndNameResponse")
    name = f"{kind.value}_name"

    def call(services: Services, request: Any) -> Any:
        answer = response()
        with services.read() as reader:
            found = _find_type(reader, kind, request)
            if found is not None:
                node = reader.find(kind, found.name, getattr(request, name), NAMESPACE, found.version)
                if node is not None:
                    WRITE[kind](node, getattr(answer, kind.value))
        return answer

    return call


def _by_external_ids(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}sByExternalIdsResponse")

    def call(services: Services, request: Any) -> Any:
        answer = response()
        wanted = _external_ids(request)
        if wanted:
            with services.read() as reader:
                write_nodes(kind, reader.find_external(kind, wanted, NAMESPACE), getattr(answer, FIELD[kind]))
            if not getattr(answer, FIELD[kind]):
                raise _NOT_FOUND[kind](f"No {FIELD[kind]} found for the external ids", field="external_ids")
        return answer

    return call


def _external_ids(request: Any) -> list[str]:
    wanted = list(request.external_ids)
    if "" in wanted:
        raise Invalid("an external id is empty", field="external_ids", remedy="Leave it out")
    return wanted


# -- types -----------------------------------------------------------------------------------------------------------


def _find_type(reader: Reader, kind: Kind, request: Any) -> NodeType | None:
    try:
        return reader.type(kind, request.type_name, request.type_version)
    except TypeNotFound:
        return None


def _write_types(types: Iterable[NodeType], into: Any) -> None:
    for node_type in types:
        write_type(node_type, into.add())


def _type(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}TypeResponse")

    def call(services: Services, request: Any) -> Any:
        answer = response()
        with services.read() as reader:
            write_type(
                reader.type(kind, request.type_name, request.type_version), getattr(answer, f"{kind.value}_type")
            )
        return answer

    return call


def _types(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}TypesResponse")

    def call(services: Services, request: Any) -> Any:
        answer = response()
        with services.read() as reader:
            found = [t for t in reader.types(kind) if not is_predefined(t)]
        _write_types(found, getattr(answer, f"{kind.value}_types"))
        return answer

    return call


def _types_by_id(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}TypesByIDResponse")

    def call(services: Services, request: Any) -> Any:
        answer = response()
        with services.read() as reader:
            found = reader.types_by_id(request.type_ids)
        # In the order asked for, twice what is asked for twice: TFX pairs them with the nodes whose types they are.
        wanted = (found[id] for id in request.type_ids if id in found)
        _write_types((t for t in wanted if t.kind is kind), getattr(answer, f"{kind.value}_types"))
        return answer

    return call


def _types_by_external_ids(kind: Kind) -> Call:
    response = getattr(svc, f"Get{_NOUN[kind]}TypesByExternalIdsResponse")

    def call(services: Services, request: Any) -> Any:
        answer = response()
        wanted = set(_external_ids(request))
        if wanted:
            with services.read() as reader:
                found = [t for t in reader.types(kind) if t.external_id in wanted]
            if not found:
                raise TypeNotFound(f"No {kind.value} types found for the external ids", field="external_ids")
            _write_types(found, getattr(answer, f"{kind.value}_types"))
        return answer

    return call


# -- what only one kind has --------------------------------------------------------------------------------------------


def artifacts_by_uri(services: Services, request: svc.GetArtifactsByURIRequest) -> svc.GetArtifactsByURIResponse:
    """The artifacts that were recorded with one of these URIs, to the letter."""
    if any(field.field_number == 1 for field in UnknownFieldSet(request)):
        raise Invalid("the field `uri` is of a client older than 0.21", field="uri", remedy="Send `uris`")
    answer = svc.GetArtifactsByURIResponse()
    found: dict[int, Artifact] = {}
    with services.read() as reader:
        for uri in dict.fromkeys(request.uris):
            if uri:
                found |= {a.id: a for a in reader.artifacts_at(uri) if a.uri == uri}
            else:
                for chunk in reader.every(Kind.ARTIFACT, namespace=NAMESPACE):
                    found |= {a.id: a for a in chunk if not a.uri}
    write_nodes(Kind.ARTIFACT, (found[id] for id in sorted(found)), answer.artifacts)
    return answer


def events_by_artifact_ids(
    services: Services, request: svc.GetEventsByArtifactIDsRequest
) -> svc.GetEventsByArtifactIDsResponse:
    """Who read and wrote these artifacts."""
    answer = svc.GetEventsByArtifactIDsResponse()
    with services.read() as reader:
        rows = world_of(services).events_inside(reader, event_rows(reader, Kind.ARTIFACT, request.artifact_ids))
    write_event_rows(rows, answer.events)
    return answer


def events_by_execution_ids(
    services: Services, request: svc.GetEventsByExecutionIDsRequest
) -> svc.GetEventsByExecutionIDsResponse:
    """What these executions read and wrote."""
    answer = svc.GetEventsByExecutionIDsResponse()
    with services.read() as reader:
        rows = world_of(services).events_inside(reader, event_rows(reader, Kind.EXECUTION, request.execution_ids))
    write_event_rows(rows, answer.events)
    return answer


def artifacts_by_context(services: Services, request: svc.GetArtifactsByContextRequest) -> Any:
    """What lies in a context; nothing in one that does not exist."""
    response = svc.GetArtifactsByContextResponse
    with services.read() as reader:
        if request.context_id <= 0 or world_of(services).outside(reader, Kind.CONTEXT, [request.context_id]):
            return response()
        return list_nodes(reader, Kind.ARTIFACT, request, response, context_id=request.context_id)


def executions_by_context(services: Services, request: svc.GetExecutionsByContextRequest) -> Any:
    """What was done in a context; nothing in one that does not exist."""
    response = svc.GetExecutionsByContextResponse
    with services.read() as reader:
        if request.context_id <= 0 or world_of(services).outside(reader, Kind.CONTEXT, [request.context_id]):
            return response()
        return list_nodes(reader, Kind.EXECUTION, request, response, context_id=request.context_id)


def contexts_by_artifact(services: Services, request: svc.GetContextsByArtifactRequest) -> Any:
    """The contexts an artifact lies in. Errors: ContextNotFound for none, as in ML Metadata."""
    answer = svc.GetContextsByArtifactResponse()
    with services.read() as reader:
        ids = world_of(services).inside(reader, Kind.ARTIFACT, [request.artifact_id])
        _write_contexts(reader.contexts_of_artifacts(ids), answer.contexts)
    return _unless_empty(answer, "artifact_id", request.artifact_id)


def contexts_by_execution(services: Services, request: svc.GetContextsByExecutionRequest) -> Any:
    """The contexts an execution lies in. Errors: ContextNotFound for none, as in ML Metadata."""
    answer = svc.GetContextsByExecutionResponse()
    with services.read() as reader:
        ids = world_of(services).inside(reader, Kind.EXECUTION, [request.execution_id])
        _write_contexts(reader.contexts_of_executions(ids), answer.contexts)
    return _unless_empty(answer, "execution_id", request.execution_id)


def parent_contexts(
    services: Services, request: svc.GetParentContextsByContextRequest
) -> svc.GetParentContextsByContextResponse:
    """The contexts a context lies in."""
    answer = svc.GetParentContextsByContextResponse()
    with services.read() as reader:
        ids = world_of(services).inside(reader, Kind.CONTEXT, [request.context_id])
        _write_contexts(reader.parents_of(ids), answer.contexts)
    return answer


def children_contexts(
    services: Services, request: svc.GetChildrenContextsByContextRequest
) -> svc.GetChildrenContextsByContextResponse:
    """The contexts that lie in a context."""
    answer = svc.GetChildrenContextsByContextResponse()
    with services.read() as reader:
        ids = world_of(services).inside(reader, Kind.CONTEXT, [request.context_id])
        _write_contexts(reader.children_of(ids), answer.contexts)
    return answer


def parent_contexts_of_many(
    services: Services, request: svc.GetParentContextsByContextsRequest
) -> svc.GetParentContextsByContextsResponse:
    """The contexts each of many lies in; those that lie in none are left out."""
    answer = svc.GetParentContextsByContextsResponse()
    with services.read() as reader:
        ids = world_of(services).inside(reader, Kind.CONTEXT, request.context_ids)
        for child, parents in reader.parents_of(ids).items():
            if found := [parent for parent in parents if parent.namespace == NAMESPACE]:
                write_nodes(Kind.CONTEXT, found, answer.contexts[child].parent_contexts)
    return answer


def children_contexts_of_many(
    services: Services, request: svc.GetChildrenContextsByContextsRequest
) -> svc.GetChildrenContextsByContextsResponse:
    """The contexts that lie in each of many; those that hold none are left out."""
    answer = svc.GetChildrenContextsByContextsResponse()
    with services.read() as reader:
        ids = world_of(services).inside(reader, Kind.CONTEXT, request.context_ids)
        for parent, children in reader.children_of(ids).items():
            if found := [child for child in children if child.namespace == NAMESPACE]:
                write_nodes(Kind.CONTEXT, found, answer.contexts[parent].children_contexts)
    return answer


def _write_contexts(linked: dict[int, list[Context]], into: Any) -> None:
    for contexts in linked.values():
        write_nodes(Kind.CONTEXT, contexts, into)


def _unless_empty(answer: Any, field: str, id: int) -> Any:
    if not answer.contexts:
        raise ContextNotFound(f"No contexts found for {field}: {id}", field=field, value=id)
    return answer
