"""What clients branch on: ids, codes, masks, reuse, optimistic concurrency, walks."""

from __future__ import annotations

from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc

Walk = pb.LineageSubgraphQueryOptions


def test_type_ids_begin_behind_the_predefined_ones_which_listings_hide(store: Any) -> None:
    assert (store.artifact_type(), store.execution_type(), store.context_type()) == (10, 11, 12)
    assert store(svc.GetArtifactTypeRequest(type_name="mlmd.Dataset")).artifact_type.id == 1
    assert [t.id for t in store(svc.GetArtifactTypesRequest()).artifact_types] == [10]


def test_a_type_grows_only_when_told_and_never_changes(store: Any) -> None:
    store.artifact_type(a=pb.INT)
    grown = pb.ArtifactType(name="Dataset", properties={"a": pb.INT, "b": pb.STRING})
    assert store.status(svc.PutArtifactTypeRequest(artifact_type=grown)) == "ALREADY_EXISTS"
    assert store.status(svc.PutArtifactTypeRequest(artifact_type=grown, can_add_fields=True)) == "OK"
    other = pb.ArtifactType(name="Dataset", properties={"a": pb.DOUBLE})
    asked = svc.PutArtifactTypeRequest(artifact_type=other, can_add_fields=True, can_omit_fields=True)
    assert store.status(asked) == "ALREADY_EXISTS"
    assert store.status(svc.PutArtifactTypeRequest(artifact_type=grown, all_fields_match=False)) == "UNIMPLEMENTED"


def test_many_types_are_put_all_or_none(store: Any) -> None:
    request = svc.PutTypesRequest(artifact_types=[pb.ArtifactType(name="T")], context_types=[pb.ContextType()])
    assert store.status(request) == "INVALID_ARGUMENT"
    assert not store(svc.GetArtifactTypesRequest()).artifact_types


def test_the_structure_of_an_execution_type_comes_back(store: Any) -> None:
    wanted = pb.ExecutionType(name="Train", base_type=pb.ExecutionType.TRAIN)
    wanted.input_type.dict.properties["data"].simple.name = "Dataset"
    wanted.output_type.list.element.any.SetInParent()
    store(svc.PutExecutionTypeRequest(execution_type=wanted))
    found = store(svc.GetExecutionTypeRequest(type_name="Train")).execution_type
    wanted.id = found.id
    assert found == wanted


@pytest.mark.parametrize(
    ("artifact", "status"),
    [
        (pb.Artifact(), "INVALID_ARGUMENT"),
        (pb.Artifact(type_id=99), "NOT_FOUND"),
        (pb.Artifact(type_id=11), "NOT_FOUND"),
        (pb.Artifact(id=7, type_id=10), "INVALID_ARGUMENT"),
        (pb.Artifact(id=1, type_id=99), "INVALID_ARGUMENT"),
        (pb.Artifact(type_id=10, properties={"unknown": pb.Value(int_value=1)}), "INVALID_ARGUMENT"),
        (pb.Artifact(type_id=10, properties={"i": pb.Value(double_value=1)}), "INVALID_ARGUMENT"),
        (pb.Artifact(type_id=10, name="taken"), "ALREADY_EXISTS"),
        (pb.Artifact(type_id=10, external_id="taken"), "ALREADY_EXISTS"),
    ],
)
def test_a_wrong_artifact_is_refused_and_the_right_one_beside_it_not_written(
    store: Any, artifact: pb.Artifact, status: str
) -> None:
    store.artifact_type(i=pb.INT)
    store.execution_type()
    store.put(pb.Artifact(type_id=10, name="taken", external_id="taken"))
    assert store.status(svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=10), artifact])) == status
    assert len(store(svc.GetArtifactsRequest()).artifacts) == 1


def test_an_update_replaces_and_keeps_the_name(store: Any) -> None:
    type_id = store.artifact_type(i=pb.INT)
    value = {"i": pb.Value(int_value=1)}
    (id,) = store.put(pb.Artifact(type_id=type_id, name="n", uri="u", state=pb.Artifact.LIVE, properties=value))
    store.put(pb.Artifact(id=id, type_id=type_id, name="other"))
    found = store.artifact(id)
    assert (found.name, found.uri, found.HasField("state"), dict(found.properties)) == ("n", "", False, {})


def test_a_mask_narrows_an_update(store: Any) -> None:
    type_id = store.artifact_type(i=pb.INT, j=pb.INT)
    values = {"i": pb.Value(int_value=1), "j": pb.Value(int_value=2)}
    (id,) = store.put(pb.Artifact(type_id=type_id, uri="u", state=pb.Artifact.LIVE, properties=values))
    update = pb.Artifact(id=id, type_id=type_id, uri="ignored", properties={"i": pb.Value(int_value=5)})
    paths = ["properties.i", "properties.j", "state", "name", "odd"]
    store(svc.PutArtifactsRequest(artifacts=[update], update_mask={"paths": paths}))
    found = store.artifact(id)
    assert (found.uri, found.HasField("state")) == ("u", False)
    assert {key: value.int_value for key, value in found.properties.items()} == {"i": 5}


@pytest.mark.parametrize(
    ("paths", "name", "status"),
    [(["name"], "new", "OK"), (["name", "external_id"], "", "INVALID_ARGUMENT"), (["external_id"], "", "OK")],
)
def test_a_mask_can_rename_a_context_but_not_to_nothing(store: Any, paths: list[str], name: str, status: str) -> None:
    type_id = store.context_type()
    (id,) = store(svc.PutContextsRequest(contexts=[pb.Context(type_id=type_id, name="old")])).context_ids
    update = svc.PutContextsRequest(contexts=[pb.Context(id=id, name=name)], update_mask={"paths": paths})
    assert store.status(update) == status
    (found,) = store(svc.GetContextsByIDRequest(context_ids=[id])).contexts
    assert found.name == (name or "old")


def test_types_come_as_often_as_they_are_asked_for(store: Any) -> None:
    first, second = store.artifact_type("A"), store.artifact_type("B")
    asked = [second, first, 99, second]
    found = store(svc.GetArtifactTypesByIDRequest(type_ids=asked)).artifact_types
    assert [t.id for t in found] == [second, first, second]


def test_an_update_of_what_changed_meanwhile_is_refused(store: Any) -> None:
    type_id = store.artifact_type()
    (id,) = store.put(pb.Artifact(type_id=type_id))
    read = store.artifact(id)
    guarded = svc.PutArtifactsRequest.Options(abort_if_latest_updated_time_changed=True)
    read.uri = "first"
    assert store.status(svc.PutArtifactsRequest(artifacts=[read], options=guarded)) == "OK"
    read.uri = "second"
    assert store.status(svc.PutArtifactsRequest(artifacts=[read], options=guarded)) == "FAILED_PRECONDITION"
    after = store.artifact(id)
    assert (after.uri, after.last_update_time_since_epoch > read.last_update_time_since_epoch) == ("first", True)


def test_a_step_is_published_once_and_its_context_reused(store: Any) -> None:
    artifact_type, execution_type, context_type = store.artifact_type(), store.execution_type(), store.context_type()
    request = svc.PutExecutionRequest(
        execution=pb.Execution(type_id=execution_type), contexts=[pb.Context(type_id=context_type, name="run")]
    )
    request.options.reuse_context_if_already_exist = True
    pair = request.artifact_event_pairs.add()
    pair.artifact.CopyFrom(pb.Artifact(type_id=artifact_type, external_id="x"))
    pair.event.type = pb.Event.OUTPUT
    request.artifact_event_pairs.add()
    first = store(request)
    assert (first.execution_id, list(first.artifact_ids), list(first.context_ids)) == (1, [1, -1], [1])
    assert store.status(request) == "ALREADY_EXISTS"
    request.options.reuse_artifact_if_already_exist_by_external_id = True
    second = store(request)
    assert (second.execution_id, list(second.artifact_ids), list(second.context_ids)) == (2, [1, -1], [1])
    assert [c.id for c in store(svc.GetContextsByArtifactRequest(artifact_id=1)).contexts] == [1]


def test_a_forced_context_must_exist(store: Any) -> None:
    request = svc.PutExecutionRequest(execution=pb.Execution(type_id=store.execution_type()))
    request.contexts.add().id = 5
    assert store.status(request) == "INVALID_ARGUMENT"
    request.options.force_reuse_context = True
    assert store.status(request) == "NOT_FOUND"


def test_an_edge_outside_the_lists_is_out_of_range(store: Any) -> None:
    request = svc.PutLineageSubgraphRequest(executions=[pb.Execution(type_id=store.execution_type())])
    edge = request.event_edges.add(execution_index=0, artifact_index=3)
    edge.event.type = pb.Event.INPUT
    assert store.status(request) == "OUT_OF_RANGE"


@pytest.mark.parametrize(
    ("options", "reached"),
    [
        (Walk(direction=Walk.DOWNSTREAM), {"a1", "e1", "a2", "e2", "a3"}),
        (Walk(direction=Walk.DOWNSTREAM, max_num_hops=2), {"a1", "e1", "a2"}),
        (Walk(direction=Walk.UPSTREAM), {"a1"}),
        (Walk(max_num_hops=0), {"a1"}),
        (Walk(ending_artifacts=Walk.EndingNodes(filter_query="id = 2")), {"a1", "e1"}),
        (
            Walk(ending_artifacts=Walk.EndingNodes(filter_query="id = 2", include_ending_nodes=True)),
            {"a1", "e1", "a2"},
        ),
    ],
)
def test_a_walk_reaches_what_it_should(store: Any, options: Walk, reached: set[str]) -> None:
    artifact_type, execution_type = store.artifact_type(), store.execution_type()
    request = svc.PutLineageSubgraphRequest(
        artifacts=[pb.Artifact(type_id=artifact_type)] * 3, executions=[pb.Execution(type_id=execution_type)] * 2
    )
    for execution, artifact, kind in ((0, 0, 3), (0, 1, 4), (1, 1, 3), (1, 2, 4)):
        request.event_edges.add(execution_index=execution, artifact_index=artifact).event.type = kind
    store(request)
    wanted = Walk(starting_artifacts=Walk.StartingNodes(filter_query="id = 1"))
    wanted.MergeFrom(options)
    graph = store(svc.GetLineageSubgraphRequest(lineage_subgraph_query_options=wanted)).lineage_subgraph
    assert {f"a{a.id}" for a in graph.artifacts} | {f"e{e.id}" for e in graph.executions} == reached
    assert len(graph.events) == len(reached) - 1


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (Walk(), "INVALID_ARGUMENT"),
        (Walk(starting_artifacts=Walk.StartingNodes()), "INVALID_ARGUMENT"),
        (Walk(starting_artifacts=Walk.StartingNodes(filter_query="id = 1"), max_num_hops=-1), "INVALID_ARGUMENT"),
        (Walk(starting_executions=Walk.StartingNodes(filter_query="id = 1")), "NOT_FOUND"),
    ],
)
def test_a_walk_from_nowhere_is_refused(store: Any, options: Walk, status: str) -> None:
    assert store.status(svc.GetLineageSubgraphRequest(lineage_subgraph_query_options=options)) == status


@pytest.mark.parametrize(
    "options",
    [
        pb.ListOperationOptions(max_result_size=0),
        pb.ListOperationOptions(next_page_token="garbage"),
        pb.ListOperationOptions(filter_query="id = "),
        pb.ListOperationOptions(filter_query=" "),
        pb.ListOperationOptions(order_by_field={"field": 0}),
    ],
)
def test_a_wrong_page_is_refused(store: Any, options: pb.ListOperationOptions) -> None:
    assert store.status(svc.GetArtifactsRequest(options=options)) == "INVALID_ARGUMENT"


def test_a_token_of_another_order_is_refused(store: Any) -> None:
    type_id = store.artifact_type()
    store.put(*(pb.Artifact(type_id=type_id) for _ in range(3)))
    options = pb.ListOperationOptions(max_result_size=1)
    options.next_page_token = store(svc.GetArtifactsRequest(options=options)).next_page_token
    options.order_by_field.is_asc = False
    assert store.status(svc.GetArtifactsRequest(options=options)) == "INVALID_ARGUMENT"


def test_events_come_in_the_order_in_which_they_were_put(store: Any) -> None:
    type_id = store.artifact_type()
    ids = store.put(*(pb.Artifact(type_id=type_id) for _ in range(4)))
    request = svc.PutExecutionRequest(execution=pb.Execution(type_id=store.execution_type()))
    put = [(ids[2], pb.Event.OUTPUT), (ids[3], pb.Event.INPUT), (ids[0], pb.Event.OUTPUT), (ids[1], pb.Event.INPUT)]
    for id, kind in put:
        request.artifact_event_pairs.add().event.CopyFrom(pb.Event(artifact_id=id, type=kind))
    store(request)
    for found in (
        store(svc.GetEventsByExecutionIDsRequest(execution_ids=[1])),
        store(svc.GetEventsByArtifactIDsRequest(artifact_ids=ids)),
    ):
        assert [(event.artifact_id, event.type) for event in found.events] == put
