"""Brief reads: what the event loop answers itself, and what it leaves to the threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import BRIEF_ROWS, MetadataStoreService, Refused
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType

FEW, MANY = BRIEF_ROWS // 2, BRIEF_ROWS + 1


@pytest.fixture
def service(tmp_path: Path) -> Iterator[MetadataStoreService]:
    """Contexts 1 (a few artifacts) and 2 (more than a brief read reads)."""
    with Record.open(tmp_path) as record:
        change = Change()
        for kind in Kind:
            change.type(NodeType(kind, "T"))
        step = change.execution("T")
        for count in (FEW, MANY):
            run = change.context("T", name=f"of {count}")
            for n in range(count):
                artifact = change.artifact("T", name=f"{count}.{n}", uri=f"mem://{count}")
                change.attribute(run, artifact)
                change.event(artifact, step, EventType.INPUT)
        record.commit(change)
        yield MetadataStoreService(Services(record, SqlEngine(record)))


def by_context(context: int, where: str = "") -> bytes:
    request = svc.GetArtifactsByContextRequest(context_id=context)
    if where:
        request.options.filter_query = where
    return bytes(request.SerializeToString())


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("GetArtifactsByContext", by_context(1)),
        ("GetArtifactsByID", svc.GetArtifactsByIDRequest(artifact_ids=range(1, 101)).SerializeToString()),
        ("GetArtifactsByURI", svc.GetArtifactsByURIRequest(uris=[f"mem://{FEW}"]).SerializeToString()),
        ("GetEventsByArtifactIDs", svc.GetEventsByArtifactIDsRequest(artifact_ids=[1, 2]).SerializeToString()),
        ("GetArtifactType", svc.GetArtifactTypeRequest(type_name="T").SerializeToString()),
        ("GetContexts", svc.GetContextsRequest(options=pb.ListOperationOptions()).SerializeToString()),
    ],
)
def test_a_brief_answer_is_the_whole_answer(service: MetadataStoreService, name: str, request_: bytes) -> None:
    brief = service.brief(name, request_)
    assert brief == service.call(name, request_)
    assert brief


@pytest.mark.parametrize(
    ("name", "request_"),
    [
        ("GetArtifactsByContext", by_context(2)),
        ("GetArtifacts", b""),
        ("GetArtifactsByURI", svc.GetArtifactsByURIRequest(uris=[f"mem://{MANY}"]).SerializeToString()),
        ("GetEventsByExecutionIDs", svc.GetEventsByExecutionIDsRequest(execution_ids=[1]).SerializeToString()),
        ("GetArtifactsByID", svc.GetArtifactsByIDRequest(artifact_ids=range(1, 1000)).SerializeToString()),
        ("GetArtifactsByContext", by_context(1, "id = 1")),
        ("GetLineageSubgraph", b""),
        ("PutContexts", b""),
    ],
    ids=["context", "all", "uri", "events", "long request", "filter", "lineage", "write"],
)
def test_what_may_take_long_is_left_to_the_threads(service: MetadataStoreService, name: str, request_: bytes) -> None:
    assert service.brief(name, request_) is None


def test_a_brief_read_is_refused_as_any_other(service: MetadataStoreService) -> None:
    request = svc.GetArtifactTypeRequest(type_name="none").SerializeToString()
    with pytest.raises(Refused) as told:
        service.brief("GetArtifactType", request)
    assert told.value.status == "NOT_FOUND"
