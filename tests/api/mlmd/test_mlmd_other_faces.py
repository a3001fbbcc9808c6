"""What other faces record, beyond ML Metadata's words, does not keep clients from reading the rest."""

from __future__ import annotations

from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState


def lists_of(store: Any) -> dict[str, Any]:
    return {
        f"{kind}s": getattr(store(getattr(svc, f"Get{kind}TypesRequest")()), f"{kind.lower()}_types") for kind in KINDS
    }


KINDS = ("Artifact", "Execution", "Context")


def test_a_type_may_be_based_on_any_other(store: Any) -> None:
    change = Change()
    for kind in Kind:
        change.type(NodeType(kind, "Parent"))
        change.type(NodeType(kind, "Child"), base_type="Parent")
    change.type(NodeType(Kind.ARTIFACT, "Table"), base_type="mlmd.Dataset")
    store.record.commit(change)
    found = lists_of(store)
    assert [t.name for t in found["Artifacts"]] == ["Parent", "Child", "Table"]
    assert [t.base_type for t in found["Artifacts"]] == [
        pb.ArtifactType.UNSET,
        pb.ArtifactType.UNSET,
        pb.ArtifactType.DATASET,
    ]
    assert [[t.name for t in found[kinds]] for kinds in ("Executions", "Contexts")] == [["Parent", "Child"]] * 2


@pytest.mark.parametrize("structure", [{"odd": {"a": 1}}, {"dict": 5}, {}])
def test_the_structure_of_a_type_may_be_of_any_shape(store: Any, structure: dict[str, Any]) -> None:
    change = Change()
    change.type(NodeType(Kind.EXECUTION, "Work", input_type=structure, output_type={"any": {}}))
    store.record.commit(change)
    (found,) = lists_of(store)["Executions"]
    assert not found.input_type.WhichOneof("kind")
    assert found.output_type.WhichOneof("kind") == "any"


def test_every_state_and_kind_of_event_is_said(store: Any) -> None:
    change = Change()
    data, work = change.type(NodeType(Kind.ARTIFACT, "Data")), change.type(NodeType(Kind.EXECUTION, "Work"))
    made = [change.artifact(data, state=state) for state in ArtifactState]
    steps = [change.execution(work, state=state, started_ms=1, ended_ms=2) for state in ExecutionState]
    kinds = [kind for kind in EventType if kind]
    for kind in kinds:
        change.event(made[0], steps[0], kind, path=("a", 0, -1))
    store.record.commit(change)
    assert [a.state for a in store(svc.GetArtifactsRequest()).artifacts] == list(ArtifactState)
    assert [e.last_known_state for e in store(svc.GetExecutionsRequest()).executions] == list(ExecutionState)
    assert [e.type for e in store(svc.GetEventsByArtifactIDsRequest(artifact_ids=[1])).events] == kinds


def test_text_that_is_no_text_is_refused_in_structures_too(store: Any) -> None:
    wanted = pb.ExecutionType(name="Work")
    wanted.input_type.dict.properties["kk"].any.SetInParent()
    body = svc.PutExecutionTypeRequest(execution_type=wanted).SerializeToString().replace(b"kk", b"\xff\xfe")
    assert store.status_of("PutExecutionType", body) == "INVALID_ARGUMENT"
