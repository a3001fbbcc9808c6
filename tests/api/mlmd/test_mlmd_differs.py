"""Where Clew does better than the original: the lines of the table in docs/mlmd.md."""

from __future__ import annotations

import math
from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc

Options = pb.ListOperationOptions


def test_an_empty_value_is_refused(store: Any) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type(i=pb.INT))
    artifact.custom_properties["empty"].SetInParent()
    assert store.status(svc.PutArtifactsRequest(artifacts=[artifact])) == "INVALID_ARGUMENT"
    artifact = pb.Artifact(type_id=artifact.type_id)
    artifact.properties["i"].SetInParent()
    assert store.refusal(svc.PutArtifactsRequest(artifacts=[artifact])).startswith("Found unmatched property type: i")


@pytest.mark.parametrize("number", [0.1, -0.0, math.inf, -math.inf, 5e-324, 1.7976931348623157e308, 1e22])
def test_doubles_come_back_exactly(store: Any, number: float) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type())
    artifact.custom_properties["d"].double_value = number
    (id,) = store.put(artifact)
    found = store.artifact(id).custom_properties["d"].double_value
    assert (found, math.copysign(1, found)) == (number, math.copysign(1, number))


def test_not_a_number_comes_back(store: Any) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type())
    artifact.custom_properties["d"].double_value = math.nan
    (id,) = store.put(artifact)
    assert math.isnan(store.artifact(id).custom_properties["d"].double_value)


@pytest.mark.parametrize("text", ["a\0b", "__MLMD_NULL__", "mlmd-struct::x", ""])
def test_any_text_is_text(store: Any, text: str) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type())
    artifact.custom_properties["s"].string_value = text
    (id,) = store.put(artifact)
    assert store.artifact(id).custom_properties["s"].string_value == text
    (listed,) = store(svc.GetArtifactsRequest(options=Options(max_result_size=5))).artifacts
    assert listed.custom_properties["s"].string_value == text


def test_structs_and_messages_come_back(store: Any) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type())
    artifact.custom_properties["t"].struct_value.update({"a": [1.5, None, {"b": True}], "c": "", "d": {}, "e": []})
    artifact.custom_properties["p"].proto_value.type_url = "type.googleapis.com/x"
    artifact.custom_properties["p"].proto_value.value = b"\x00\xff"
    (id,) = store.put(artifact)
    assert store.artifact(id).custom_properties == artifact.custom_properties


def test_a_property_and_a_custom_one_of_the_same_name_both_stay(store: Any) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type(same=pb.INT))
    artifact.properties["same"].int_value = 1
    (artifact.id,) = store.put(artifact)
    update = pb.Artifact(id=artifact.id, type_id=artifact.type_id)
    update.custom_properties["same"].string_value = "custom"
    store(svc.PutArtifactsRequest(artifacts=[update], update_mask={"paths": ["custom_properties.same"]}))
    found = store.artifact(artifact.id)
    assert (found.properties["same"].int_value, found.custom_properties["same"].string_value) == (1, "custom")


@pytest.mark.parametrize("field", [Options.OrderByField.LAST_UPDATE_TIME, Options.OrderByField.CREATE_TIME])
def test_pages_by_time_end_though_all_times_are_equal(store: Any, field: Any) -> None:
    type_id = store.artifact_type()
    ids = store.put(*(pb.Artifact(type_id=type_id) for _ in range(7)))
    options, seen = Options(max_result_size=2, order_by_field=Options.OrderByField(field=field)), []
    for _ in range(4):
        page = store(svc.GetArtifactsRequest(options=options))
        seen += [artifact.id for artifact in page.artifacts]
        options.next_page_token = page.next_page_token
    assert (seen, options.next_page_token) == (ids, "")


def test_a_page_holds_a_hundred_and_leads_on(store: Any) -> None:
    type_id = store.artifact_type()
    store.put(*(pb.Artifact(type_id=type_id) for _ in range(101)))
    page = store(svc.GetArtifactsRequest(options=Options(max_result_size=1000)))
    assert len(page.artifacts) == 100
    assert page.next_page_token
    assert len(store(svc.GetArtifactsRequest()).artifacts) == 101


def test_an_event_on_an_artifact_that_is_not_there_is_refused_whole(store: Any) -> None:
    request = svc.PutExecutionRequest(execution=pb.Execution(type_id=store.execution_type()))
    request.artifact_event_pairs.add().event.CopyFrom(pb.Event(artifact_id=99, type=pb.Event.INPUT))
    assert store.status(request) == "INVALID_ARGUMENT"
    assert not store(svc.GetExecutionsRequest()).executions


def test_a_second_external_id_on_update_already_exists(store: Any) -> None:
    type_id = store.artifact_type()
    _, second = store.put(pb.Artifact(type_id=type_id, external_id="x"), pb.Artifact(type_id=type_id))
    update = pb.Artifact(id=second, type_id=type_id, external_id="x")
    assert store.status(svc.PutArtifactsRequest(artifacts=[update])) == "ALREADY_EXISTS"


def test_an_artifact_without_a_uri_says_the_empty_one_and_is_found_by_it(store: Any) -> None:
    (id,) = store.put(pb.Artifact(type_id=store.artifact_type()))
    assert store.artifact(id).HasField("uri")
    assert [a.id for a in store(svc.GetArtifactsByURIRequest(uris=[""])).artifacts] == [id]


def test_the_oldest_lineage_call_is_answered(store: Any) -> None:
    artifact_type, execution_type = store.artifact_type(), store.execution_type()
    request = svc.PutExecutionRequest(execution=pb.Execution(type_id=execution_type))
    pair = request.artifact_event_pairs.add()
    pair.artifact.type_id, pair.event.type = artifact_type, pb.Event.OUTPUT
    store(request)
    options = pb.LineageGraphQueryOptions(artifacts_options=Options(filter_query="id = 1"))
    graph = store(svc.GetLineageGraphRequest(options=options)).subgraph
    assert ([a.type for a in graph.artifacts], [e.type for e in graph.executions]) == (["Dataset"], ["Train"])
    assert len(graph.events) == 1


def test_error_texts_are_short(store: Any) -> None:
    artifact = pb.Artifact(type_id=store.artifact_type(), name="n" * 100_000)
    assert len(store.refusal(svc.PutArtifactsRequest(artifacts=[artifact]))) <= 300


def test_nodes_of_other_namespaces_are_not_in_mlmds_world(store: Any) -> None:
    from clew.metadata.change import Change

    change = Change(namespace="team")
    change.artifact(store.artifact_type(), uri="s3://team/x")
    store.record.commit(change)
    assert not store(svc.GetArtifactsRequest()).artifacts
    assert not store(svc.GetArtifactsByIDRequest(artifact_ids=[1])).artifacts
    assert not store(svc.GetArtifactsByURIRequest(uris=["s3://team/x"])).artifacts
