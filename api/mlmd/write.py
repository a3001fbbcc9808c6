"""The twelve calls that write: each is one change of the record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from clew.api.errors import OUT_OF_RANGE, RequestError
from clew.api.mlmd.node_types import type_put
from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.puts import node_put
from clew.api.mlmd.world import world_of
from clew.api.service import Services
from clew.metadata.change import Change, EventPut, NodeArg, NodePut, Receipt
from clew.metadata.errors import (
    AlreadyRecorded,
    ArtifactNotFound,
    ContextNotFound,
    ExecutionNotFound,
    Invalid,
    TypeNotFound,
    Unsupported,
)
from clew.metadata.ids import Kind
from clew.metadata.states import EventType

ACTOR = "ml-metadata"
_NO_NODE = -1
"""What PutExecution answers for a pair that names no artifact."""


def _commit(services: Services, change: Change) -> Receipt:
    """Commit. What a request names and its world has not is the request's fault, but for types: NOT_FOUND."""
    try:
        return world_of(services).commit(services.record, change)
    except (ArtifactNotFound, ExecutionNotFound, ContextNotFound) as error:
        raise Invalid(
            f"Cannot find the given id: {error.message}", field=error.field, value=error.value, remedy=error.remedy
        ) from error
    except TypeNotFound as error:
        updates = {repr(put.type) for put in change.nodes if put.id is not None}
        inserts = {repr(put.type) for put in change.nodes if put.id is None}
        if error.value in updates - inserts:
            raise Invalid(
                "a node keeps its type_id", field="type_id", value=error.value, remedy="Leave type_id out"
            ) from error
        raise


# -- types -----------------------------------------------------------------------------------------------------------


def put_artifact_type(services: Services, request: svc.PutArtifactTypeRequest) -> svc.PutArtifactTypeResponse:
    """Create or evolve a type."""
    (type_id,) = _put_types(services, request, [(Kind.ARTIFACT, request.artifact_type)])
    return svc.PutArtifactTypeResponse(type_id=type_id)


def put_execution_type(services: Services, request: svc.PutExecutionTypeRequest) -> svc.PutExecutionTypeResponse:
    """Create or evolve a type."""
    (type_id,) = _put_types(services, request, [(Kind.EXECUTION, request.execution_type)])
    return svc.PutExecutionTypeResponse(type_id=type_id)


def put_context_type(services: Services, request: svc.PutContextTypeRequest) -> svc.PutContextTypeResponse:
    """Create or evolve a type."""
    (type_id,) = _put_types(services, request, [(Kind.CONTEXT, request.context_type)])
    return svc.PutContextTypeResponse(type_id=type_id)


def put_types(services: Services, request: svc.PutTypesRequest) -> svc.PutTypesResponse:
    """Create or evolve many types, all of them or none."""
    wanted = [
        *((Kind.ARTIFACT, t) for t in request.artifact_types),
        *((Kind.EXECUTION, t) for t in request.execution_types),
        *((Kind.CONTEXT, t) for t in request.context_types),
    ]
    ids = _put_types(services, request, wanted)
    artifacts, executions = len(request.artifact_types), len(request.execution_types)
    return svc.PutTypesResponse(
        artifact_type_ids=ids[:artifacts],
        execution_type_ids=ids[artifacts : artifacts + executions],
        context_type_ids=ids[artifacts + executions :],
    )


def _put_types(services: Services, request: Any, wanted: Sequence[tuple[Kind, Any]]) -> Sequence[int]:
    if not request.all_fields_match:
        raise Unsupported(
            "all_fields_match must be true", field="all_fields_match", value="false", remedy="Use can_add_fields"
        )
    change = Change(ACTOR)
    for kind, message in wanted:
        change.types.append(type_put(kind, message, request.can_add_fields, request.can_omit_fields))
    return _commit(services, change).type_ids


# -- nodes and edges -------------------------------------------------------------------------------------------------


def put_artifacts(services: Services, request: svc.PutArtifactsRequest) -> svc.PutArtifactsResponse:
    """Insert or update artifacts."""
    change = Change(ACTOR)
    guarded = request.options.abort_if_latest_updated_time_changed
    for message in request.artifacts:
        put = node_put(Kind.ARTIFACT, message, request.update_mask.paths)
        if guarded and put.id is not None:
            put.expect_updated_ms = message.last_update_time_since_epoch
        change.nodes.append(put)
    return svc.PutArtifactsResponse(artifact_ids=_commit(services, change).node_ids)


def put_executions(services: Services, request: svc.PutExecutionsRequest) -> svc.PutExecutionsResponse:
    """Insert or update executions."""
    mask = request.update_mask.paths
    change = Change(ACTOR, nodes=[node_put(Kind.EXECUTION, m, mask) for m in request.executions])
    return svc.PutExecutionsResponse(execution_ids=_commit(services, change).node_ids)


def put_contexts(services: Services, request: svc.PutContextsRequest) -> svc.PutContextsResponse:
    """Insert or update contexts."""
    mask = request.update_mask.paths
    change = Change(ACTOR, nodes=[node_put(Kind.CONTEXT, m, mask) for m in request.contexts])
    return svc.PutContextsResponse(context_ids=_commit(services, change).node_ids)


def put_events(services: Services, request: svc.PutEventsRequest) -> svc.PutEventsResponse:
    """Record events."""
    change = Change(ACTOR)
    for event in request.events:
        change.events.append(_event(event, _id(event, "artifact_id", "event"), _id(event, "execution_id", "event")))
    _commit(services, change)
    return svc.PutEventsResponse()


def put_attributions_and_associations(
    services: Services, request: svc.PutAttributionsAndAssociationsRequest
) -> svc.PutAttributionsAndAssociationsResponse:
    """Put artifacts and executions into contexts; those that are there already stay there."""
    change = Change(ACTOR)
    for attribution in request.attributions:
        context = _id(attribution, "context_id", "attribution")
        change.attribute(context, _id(attribution, "artifact_id", "attribution"))
    for association in request.associations:
        context = _id(association, "context_id", "association")
        change.associate(context, _id(association, "execution_id", "association"))
    _commit(services, change)
    return svc.PutAttributionsAndAssociationsResponse()


def put_parent_contexts(services: Services, request: svc.PutParentContextsRequest) -> svc.PutParentContextsResponse:
    """Put contexts into contexts."""
    change = Change(ACTOR)
    for link in request.parent_contexts:
        child, parent = _id(link, "child_id", "parent_context"), _id(link, "parent_id", "parent_context")
        change.parent(child, parent, exist_ok=False)
    _commit(services, change)
    return svc.PutParentContextsResponse()


def _id(message: Any, field: str, of: str) -> int:
    if not message.HasField(field):
        raise Invalid(f"an {of} needs {field}", field=f"{of}.{field}", remedy="Set it")
    return int(getattr(message, field))


def _event(event: pb.Event, artifact: NodeArg, execution: NodeArg) -> EventPut:
    path = tuple(step.key if step.HasField("key") else step.index for step in event.path.steps)
    time_ms = event.milliseconds_since_epoch if event.HasField("milliseconds_since_epoch") else None
    return EventPut(artifact, execution, EventType(event.type), path, time_ms, exist_ok=False, source="mlmd")


# -- a step, and many steps, at once ---------------------------------------------------------------------------------


def put_execution(services: Services, request: svc.PutExecutionRequest) -> svc.PutExecutionResponse:
    """Record one step: its execution, artifacts, events and contexts."""
    options = request.options
    if not request.HasField("execution"):
        raise Invalid("No execution is found", field="execution", remedy="Set it")
    change = Change(ACTOR)
    execution = node_put(Kind.EXECUTION, request.execution)
    execution.force_update_time = options.force_update_time
    artifacts: list[NodeArg | None] = []
    for pair in request.artifact_event_pairs:
        artifact = _paired_artifact(pair, options)
        artifacts.append(artifact)
        if isinstance(artifact, NodePut):
            change.nodes.append(artifact)
        if pair.HasField("event") and artifact is not None:
            _require_execution(pair.event, request.execution)
            change.events.append(_event(pair.event, artifact, execution))
    change.nodes.append(execution)
    contexts = _contexts(change, request.contexts, options)
    _link(change, contexts, [execution], [a for a in artifacts if a is not None])
    try:
        receipt = _commit(services, change)
    except Invalid as error:
        if isinstance(error.__cause__, ContextNotFound) and options.force_reuse_context:
            raise error.__cause__ from error
        raise
    ids = _ids(change, receipt)
    return svc.PutExecutionResponse(
        execution_id=ids(execution),
        artifact_ids=[_NO_NODE if artifact is None else ids(artifact) for artifact in artifacts],
        context_ids=[ids(context) for context in contexts],
    )


def put_lineage_subgraph(services: Services, request: svc.PutLineageSubgraphRequest) -> svc.PutLineageSubgraphResponse:
    """Record many steps at once."""
    options = request.options
    if options.reuse_artifact_if_already_exist_by_external_id:
        _require_distinct(services, request.artifacts)
    change = Change(ACTOR)
    artifacts = [_reusable(node_put(Kind.ARTIFACT, m), options) for m in request.artifacts]
    executions = [node_put(Kind.EXECUTION, m) for m in request.executions]
    for edge in request.event_edges:
        execution = _edge_end(edge, "execution", executions)
        artifact = _edge_end(edge, "artifact", artifacts)
        change.events.append(_event(edge.event, artifact, execution))
    for messages in (request.artifacts, request.executions, request.contexts):
        for message in messages:
            if not message.HasField("type_id"):
                raise Invalid("Type id is missing", field="type_id", remedy="Set it, on updates too")
    contexts = _contexts(change, request.contexts, options)
    change.nodes += [*artifacts, *executions]
    _link(change, contexts, executions, artifacts)
    receipt = _commit(services, change)
    ids = _ids(change, receipt)
    return svc.PutLineageSubgraphResponse(
        execution_ids=[ids(execution) for execution in executions],
        artifact_ids=[ids(artifact) for artifact in artifacts],
        context_ids=[ids(context) for context in contexts],
    )


def _ids(change: Change, receipt: Receipt) -> Callable[[NodeArg], int]:
    """From the nodes of a change to their ids: those the receipt gives, or those they were named by."""
    given = dict(zip(map(id, change.nodes), receipt.node_ids, strict=True))
    return lambda node: given[id(node)] if isinstance(node, NodePut) else node


def _paired_artifact(pair: svc.PutExecutionRequest.ArtifactAndEvent, options: Any) -> NodeArg | None:
    """The artifact of a pair: a put, the id its event names, or nothing."""
    event, artifact = pair.event, pair.artifact
    if not pair.HasField("artifact"):
        if not pair.HasField("event"):
            return None
        if not event.HasField("artifact_id"):
            raise Invalid(
                "If no artifact is present, given event must have an artifact_id", field="event", remedy="Set it"
            )
        return int(event.artifact_id)
    if event.HasField("artifact_id") and (not artifact.HasField("id") or artifact.id != event.artifact_id):
        raise Invalid(
            "Given event.artifact_id is not aligned with the artifact",
            field="event.artifact_id",
            value=event.artifact_id,
            remedy="Leave it out",
        )
    return _reusable(node_put(Kind.ARTIFACT, artifact), options)


def _require_execution(event: pb.Event, execution: pb.Execution) -> None:
    if event.HasField("execution_id") and (not execution.HasField("id") or execution.id != event.execution_id):
        raise Invalid(
            "Request's event.execution_id does not match with the given execution",
            field="event.execution_id",
            value=event.execution_id,
            remedy="Leave it out",
        )


def _reusable(put: NodePut, options: Any) -> NodePut:
    """Update the artifact that has the external id, where the options say so."""
    if options.reuse_artifact_if_already_exist_by_external_id and put.id is None and put.external_id:
        put.reuse, put.mode = "external_id", "replace"
    return put


def _contexts(change: Change, messages: Iterable[pb.Context], options: Any) -> list[NodeArg]:
    contexts: list[NodeArg] = []
    for message in messages:
        if message.HasField("id") and getattr(options, "force_reuse_context", False):
            contexts.append(message.id)
            continue
        put = node_put(Kind.CONTEXT, message)
        if message.HasField("id") and not message.HasField("type_id"):
            raise Invalid("Type id is missing", field="context.type_id", remedy="Set it")
        if options.reuse_context_if_already_exist and put.id is None:
            put.reuse, put.if_absent = "name", True
        contexts.append(put)
        change.nodes.append(put)
    return contexts


def _link(
    change: Change, contexts: Sequence[NodeArg], executions: Sequence[NodeArg], artifacts: Sequence[NodeArg]
) -> None:
    for context in contexts:
        for execution in executions:
            change.associate(context, execution)
        for artifact in artifacts:
            change.attribute(context, artifact)


def _edge_end(edge: svc.PutLineageSubgraphRequest.EventEdge, end: str, nodes: Sequence[NodePut]) -> NodeArg:
    """The node at one end of an edge: by its position, or by the id the event names."""
    index_field, id_field = f"{end}_index", f"{end}_id"
    if not edge.HasField("event"):
        raise Invalid("an event edge needs an event", field="event_edges.event", remedy="Set it")
    if edge.HasField(index_field):
        index = getattr(edge, index_field)
        if not 0 <= index < len(nodes):
            raise RequestError(
                f"{index_field} {index} is outside of the {len(nodes)} {end}s given",
                code=OUT_OF_RANGE,
                field=f"event_edges.{index_field}",
                value=index,
            )
        node: NodePut = nodes[index]
        if edge.event.HasField(id_field) and getattr(edge.event, id_field) != node.id:
            raise Invalid(
                f"the event's {id_field} is not the id of its {end}", field=f"event.{id_field}", remedy="Leave it out"
            )
        return node
    if edge.event.HasField(id_field):
        return int(getattr(edge.event, id_field))
    raise Invalid(f"an event edge needs {index_field} or {id_field}", field="event_edges", remedy="Set one")


def _require_distinct(services: Services, artifacts: Iterable[pb.Artifact]) -> None:
    """Two new artifacts cannot share an external id, though one that exists may be updated twice."""
    wanted = [a.external_id for a in artifacts if a.external_id and not a.HasField("id")]
    twice = {external_id for external_id in wanted if wanted.count(external_id) > 1} if len(wanted) > 1 else set()
    if not twice:
        return
    with services.read() as reader:
        stored = {node.external_id for node in reader.find_external(Kind.ARTIFACT, twice)}
    for external_id in twice - stored:
        raise AlreadyRecorded(
            f"two new artifacts have the external id {external_id!r:.80}", field="external_id", remedy="Give it to one"
        )
