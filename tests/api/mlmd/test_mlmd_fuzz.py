"""Requests bent at random: each is answered or refused, none is INTERNAL, none leaves a half-written change.

``CLEW_MLMD_MUTATIONS`` sets how many are tried (100,000 take some minutes), ``CLEW_MLMD_SEED`` which.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from typing import Any

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import Refused
from clew.metadata.replay import differences

MUTATIONS = int(os.environ.get("CLEW_MLMD_MUTATIONS", "4000"))
SEED = int(os.environ.get("CLEW_MLMD_SEED", "20"))
NUMBERS = (0, 1, 2, 3, -1, 7, 10, 11, 12, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
TEXTS = ("", "a", "Dataset", "id = 1", "x\0y", "é", "n" * 3000, "type = 'T' OR", "properties.a", "9" * 40)


def bend(message: Any, rng: random.Random, rate: float, depth: int = 0) -> Any:
    """Set such a share of the fields of ``message``, at any depth, to what nobody expects."""
    for field in message.DESCRIPTOR.fields:
        if rng.random() >= rate or depth > 4:
            continue
        if field.message_type is None:
            value = scalar(field, rng)
            if field.is_repeated:
                getattr(message, field.name).extend(scalar(field, rng) for _ in range(rng.randrange(3)))
            else:
                setattr(message, field.name, value)
        elif field.message_type.GetOptions().map_entry:
            into, item = getattr(message, field.name), field.message_type.fields_by_name["value"]
            key = scalar(field.message_type.fields_by_name["key"], rng)
            if item.message_type is None:
                into[key] = scalar(item, rng)
            else:
                bend(into[key], rng, rate, depth + 1)
        elif field.is_repeated:
            for _ in range(rng.randrange(3)):
                bend(getattr(message, field.name).add(), rng, rate, depth + 1)
        else:
            getattr(message, field.name).SetInParent()
            bend(getattr(message, field.name), rng, rate, depth + 1)
    return message


def scalar(field: Any, rng: random.Random) -> Any:
    if field.enum_type is not None:
        return rng.choice(field.enum_type.values).number
    if field.cpp_type == field.CPPTYPE_BOOL:
        return rng.random() < 0.5
    if field.cpp_type in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
        return rng.choice((0.0, -1.5, float("inf"), float("nan"), 1e308))
    if field.type == field.TYPE_BYTES:
        return rng.randbytes(4)
    if field.cpp_type == field.CPPTYPE_STRING:
        return rng.choice(TEXTS)
    number = rng.choice(NUMBERS)
    return number if field.cpp_type == field.CPPTYPE_INT64 or abs(number) < 2**31 else 5


def corrupt(body: bytes, rng: random.Random) -> bytes:
    """Some bytes of the wire changed, cut off or doubled."""
    wire = bytearray(body)
    for _ in range(rng.randrange(3) if wire else 0):
        at = rng.randrange(len(wire) or 1)
        wire[at : at + 1] = rng.choice((b"", rng.randbytes(1), rng.randbytes(3)))
    return bytes(wire)


def right() -> list[Any]:
    """Requests as clients send them: what is bent is not always nonsense from the start."""
    artifact = pb.Artifact(type_id=10, uri="u", name="a", external_id="x", state=pb.Artifact.LIVE)
    artifact.properties["a"].int_value = 1
    artifact.custom_properties["s"].struct_value.update({"k": [1.5, None, {"deep": True}]})
    artifact.custom_properties["p"].proto_value.type_url = "t/x"
    event = pb.Event(type=pb.Event.OUTPUT, path=pb.Event.Path(steps=[pb.Event.Path.Step(key="out")]))
    context, execution = pb.Context(type_id=12, name="c"), pb.Execution(type_id=11, last_known_state=pb.Execution.NEW)
    step = svc.PutExecutionRequest(execution=execution, contexts=[context])
    step.artifact_event_pairs.add(artifact=artifact, event=event)
    step.options.reuse_context_if_already_exist = step.options.reuse_artifact_if_already_exist_by_external_id = True
    subgraph = svc.PutLineageSubgraphRequest(executions=[execution], artifacts=[artifact], contexts=[context])
    subgraph.event_edges.add(execution_index=0, artifact_index=0, event=event)
    subgraph.options.CopyFrom(svc.PutLineageSubgraphRequest.Options(reuse_context_if_already_exist=True))
    page = pb.ListOperationOptions(filter_query="type = 'Dataset' AND events_0.type = OUTPUT", max_result_size=3)
    walk = pb.LineageSubgraphQueryOptions(max_num_hops=5)
    walk.starting_artifacts.filter_query = "id < 4"
    return [
        svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="Dataset", properties={"a": pb.INT})),
        svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=10), pb.Artifact(id=1, type_id=10)]),
        svc.PutArtifactsRequest(artifacts=[pb.Artifact(id=1, uri="v")], update_mask={"paths": ["uri", "properties.a"]}),
        svc.PutEventsRequest(events=[pb.Event(artifact_id=1, execution_id=1, type=pb.Event.INPUT)]),
        svc.PutParentContextsRequest(parent_contexts=[pb.ParentContext(child_id=2, parent_id=1)]),
        svc.PutAttributionsAndAssociationsRequest(attributions=[pb.Attribution(artifact_id=1, context_id=1)]),
        svc.GetArtifactsRequest(options=page),
        svc.GetExecutionsByContextRequest(context_id=1, options=page),
        svc.GetLineageSubgraphRequest(lineage_subgraph_query_options=walk),
        svc.GetEventsByArtifactIDsRequest(artifact_ids=[1, 2, 3]),
        step,
        subgraph,
    ]


def test_no_request_is_internal_or_slow_or_half_written(sqlite_store: Any) -> None:
    rng, statuses = random.Random(SEED), Counter[str]()
    surprises: list[tuple[str, bytes, Any]] = []
    sqlite_store.artifact_type("Dataset", a=pb.INT)
    sqlite_store.execution_type("Train", a=pb.STRING)
    sqlite_store.context_type("Run")
    methods, good = svc.DESCRIPTOR.services_by_name["MetadataStoreService"].methods, right()
    for _ in range(MUTATIONS):
        if rng.random() < 0.5:
            method = rng.choice(methods)
            name, request = method.name, bend(getattr(svc, method.input_type.name)(), rng, 0.55)
        else:
            chosen = rng.choice(good)
            name = chosen.DESCRIPTOR.name.removesuffix("Request")
            request = bend(type(chosen).FromString(chosen.SerializeToString()), rng, rng.choice((0.0, 0.05, 0.2)))
        body = request.SerializeToString()
        if rng.random() < 0.3:
            body = corrupt(body, rng)
        began = time.monotonic()
        try:
            sqlite_store.service.call(name, body)
            statuses["OK"] += 1
        except Refused as refused:
            statuses[refused.status] += 1
            if refused.status == "INTERNAL":
                surprises.append((name, body, refused.__cause__))
        if time.monotonic() - began > 10:
            surprises.append((name, body, "took too long"))
    assert surprises == []
    assert statuses.total() == MUTATIONS
    assert statuses["OK"] > MUTATIONS / 10
    assert {*statuses} >= {"INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "OUT_OF_RANGE", "UNIMPLEMENTED"}
    with sqlite_store.record.read() as reader:
        assert differences(reader) == []
