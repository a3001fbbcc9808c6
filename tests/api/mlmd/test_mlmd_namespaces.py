"""ML Metadata's world is the namespace default: what lies in another is not there, whoever points at it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import MetadataStoreService
from clew.api.service import Services
from clew.graph.embedded import EmbeddedEngine
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.states import EventType

Walk = pb.LineageSubgraphQueryOptions
TEAM = "team"


def record_both_worlds(record: Any) -> None:
    """a1 -> e1 -> a2 -> E2 -> A3 -> e3 -> a4, where E2 and A3 are the team's.

    In context c1 are a1, A3 and e1; in the team's C2 are a2 and e3. c1 lies in C2 and in c3, C2 in c3.
    """
    change = Change()
    data, work = change.type(NodeType(Kind.ARTIFACT, "Data")), change.type(NodeType(Kind.EXECUTION, "Work"))
    group = change.type(NodeType(Kind.CONTEXT, "Group"))
    artifacts = [change.artifact(data, uri=f"s3://{i}", namespace=TEAM if i == 3 else None) for i in range(1, 5)]
    executions = [change.execution(work, namespace=TEAM if i == 2 else None) for i in range(1, 4)]
    names = [("c1", None), ("c2", TEAM), ("c3", None)]
    contexts = [change.context(group, name=name, namespace=where) for name, where in names]
    for i, execution in enumerate(executions):
        change.event(artifacts[i], execution, EventType.INPUT)
        change.event(artifacts[i + 1], execution, EventType.OUTPUT)
    for context, artifact in ((0, 0), (0, 2), (1, 1)):
        change.attribute(contexts[context], artifacts[artifact])
    change.associate(contexts[0], executions[0])
    change.associate(contexts[1], executions[2])
    for child, parent in ((0, 1), (0, 2), (1, 2)):
        change.parent(contexts[child], contexts[parent])
    record.commit(change)


@pytest.fixture
def worlds(store: Any) -> Any:
    """Both worlds behind the service."""
    record_both_worlds(store.record)
    return store


@pytest.fixture(params=["sql", "embedded"])
def walked(worlds: Any, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The same, over each of the engines that walk."""
    if request.param == "sql":
        yield worlds
        return
    engine = EmbeddedEngine(worlds.record)
    worlds.service = MetadataStoreService(Services(worlds.record, engine))
    yield worlds
    engine.close()


def ids(nodes: Any) -> list[int]:
    return [node.id for node in nodes]


def links(events: Any) -> list[tuple[int, int]]:
    return [(event.execution_id, event.artifact_id) for event in events]


def test_a_walk_ends_at_the_border(walked: Any) -> None:
    for direction, hops in product((Walk.UPSTREAM, Walk.DOWNSTREAM, Walk.BIDIRECTIONAL), (2, 20)):
        options = Walk(starting_artifacts=Walk.StartingNodes(filter_query="id IN (1, 2, 3)"), max_num_hops=hops)
        options.direction = direction
        graph = walked(svc.GetLineageSubgraphRequest(lineage_subgraph_query_options=options)).lineage_subgraph
        assert (sorted(ids(graph.artifacts)), ids(graph.executions)) == ([1, 2], [1])
        assert sorted(links(graph.events)) == [(1, 1), (1, 2)]
        assert ids(graph.contexts) == [1]
        assert [(a.artifact_id, a.context_id) for a in graph.attributions] == [(1, 1)]
        assert [(a.execution_id, a.context_id) for a in graph.associations] == [(1, 1)]


def test_the_older_walk_ends_at_the_border_too(worlds: Any) -> None:
    options = pb.LineageGraphQueryOptions(artifacts_options=pb.ListOperationOptions(filter_query="id < 4"))
    graph = worlds(svc.GetLineageGraphRequest(options=options)).subgraph
    assert (sorted(ids(graph.artifacts)), ids(graph.executions), ids(graph.contexts)) == ([1, 2], [1], [1])


def test_no_walk_begins_elsewhere(worlds: Any) -> None:
    options = Walk(starting_artifacts=Walk.StartingNodes(filter_query="id = 3"))
    assert worlds.status(svc.GetLineageSubgraphRequest(lineage_subgraph_query_options=options)) == "NOT_FOUND"


def test_events_have_both_ends_inside(worlds: Any) -> None:
    by_artifact = worlds(svc.GetEventsByArtifactIDsRequest(artifact_ids=[2, 3, 4]))
    by_execution = worlds(svc.GetEventsByExecutionIDsRequest(execution_ids=[1, 2, 3]))
    assert links(by_artifact.events) == [(1, 2), (3, 4)]
    assert links(by_execution.events) == [(1, 1), (1, 2), (3, 4)]


def test_contexts_hold_and_are_what_is_inside(worlds: Any) -> None:
    assert ids(worlds(svc.GetArtifactsByContextRequest(context_id=1)).artifacts) == [1]
    assert not worlds(svc.GetArtifactsByContextRequest(context_id=2)).artifacts
    assert not worlds(svc.GetExecutionsByContextRequest(context_id=2)).executions
    assert ids(worlds(svc.GetContextsByArtifactRequest(artifact_id=1)).contexts) == [1]
    for outside in (2, 3):  # the one lies in the team's context, the other is the team's
        assert worlds.status(svc.GetContextsByArtifactRequest(artifact_id=outside)) == "NOT_FOUND"
        assert worlds.status(svc.GetContextsByExecutionRequest(execution_id=outside)) == "NOT_FOUND"


def test_parents_and_children_are_inside(worlds: Any) -> None:
    assert ids(worlds(svc.GetParentContextsByContextRequest(context_id=1)).contexts) == [3]
    assert ids(worlds(svc.GetChildrenContextsByContextRequest(context_id=3)).contexts) == [1]
    assert not worlds(svc.GetParentContextsByContextRequest(context_id=2)).contexts
    parents = worlds(svc.GetParentContextsByContextsRequest(context_ids=[1, 2, 3])).contexts
    children = worlds(svc.GetChildrenContextsByContextsRequest(context_ids=[1, 2, 3])).contexts
    assert {child: ids(found.parent_contexts) for child, found in parents.items()} == {1: [3]}
    assert {parent: ids(found.children_contexts) for parent, found in children.items()} == {3: [1]}


def test_types_of_nodes_elsewhere_are_not_told_of(worlds: Any) -> None:
    found = worlds(svc.GetArtifactsByIDRequest(artifact_ids=[3], populate_artifact_types=True))
    assert not found.artifacts
    assert not found.artifact_types


def wrong(id: int) -> list[Any]:
    """Writes that name a node by its id: an artifact, an execution, a context; as what is changed, and as an end."""
    step = svc.PutExecutionRequest(execution=pb.Execution(type_id=11))
    step.artifact_event_pairs.add().event.CopyFrom(pb.Event(artifact_id=id, type=pb.Event.INPUT))
    subgraph = svc.PutLineageSubgraphRequest(executions=[pb.Execution(type_id=11)])
    event = pb.Event(artifact_id=id, type=pb.Event.INPUT)
    subgraph.event_edges.add(execution_index=0).event.CopyFrom(event)
    inside = pb.Context(id=id, type_id=12, name="x")
    return [
        svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=10), pb.Artifact(id=id, type_id=10)]),
        svc.PutArtifactsRequest(artifacts=[pb.Artifact(id=id)], update_mask={"paths": ["uri"]}),
        svc.PutExecutionsRequest(executions=[pb.Execution(id=id, type_id=11)]),
        svc.PutContextsRequest(contexts=[inside]),
        svc.PutEventsRequest(events=[pb.Event(artifact_id=id, execution_id=1, type=pb.Event.DECLARED_INPUT)]),
        svc.PutEventsRequest(events=[pb.Event(artifact_id=1, execution_id=id, type=pb.Event.DECLARED_INPUT)]),
        svc.PutAttributionsAndAssociationsRequest(attributions=[pb.Attribution(artifact_id=id, context_id=1)]),
        svc.PutAttributionsAndAssociationsRequest(attributions=[pb.Attribution(artifact_id=1, context_id=id)]),
        svc.PutAttributionsAndAssociationsRequest(associations=[pb.Association(execution_id=id, context_id=1)]),
        svc.PutParentContextsRequest(parent_contexts=[pb.ParentContext(child_id=id, parent_id=3)]),
        svc.PutParentContextsRequest(parent_contexts=[pb.ParentContext(child_id=3, parent_id=id)]),
        svc.PutExecutionRequest(execution=pb.Execution(id=id, type_id=11)),
        svc.PutExecutionRequest(execution=pb.Execution(type_id=11), contexts=[inside]),
        svc.PutExecutionRequest(execution=pb.Execution(type_id=11), contexts=[inside], options=FORCED),
        step,
        subgraph,
    ]


FORCED = svc.PutExecutionRequest.Options(force_reuse_context=True)


def test_a_write_that_names_a_node_elsewhere_is_refused_as_one_that_names_none(worlds: Any) -> None:
    # Moved to one number: artifact, execution and context 5 are the team's; 99 is nobody's.
    change = Change(namespace=TEAM)
    for _ in range(2):
        change.artifact("Data")
        change.execution("Work")
    for name in ("c4", "c5"):
        change.context("Group", name=name)
    worlds.record.commit(change)
    with worlds.record.read() as reader:
        before = reader.seq
    for elsewhere, nowhere in zip(wrong(5), wrong(99), strict=True):
        assert worlds.status(elsewhere) == worlds.status(nowhere), elsewhere
        assert worlds.status(elsewhere) in ("INVALID_ARGUMENT", "NOT_FOUND")
        assert worlds.refusal(elsewhere) == worlds.refusal(nowhere).replace("99", "5")
    with worlds.record.read() as reader:
        assert reader.seq == before


def test_names_and_external_ids_of_elsewhere_are_free(worlds: Any) -> None:
    change = Change(namespace=TEAM)
    change.context("Group", name="shared", external_id="x")
    worlds.record.commit(change)
    (id,) = worlds(
        svc.PutContextsRequest(contexts=[pb.Context(type_id=12, name="shared", external_id="x")])
    ).context_ids
    found = worlds(svc.GetContextByTypeAndNameRequest(type_name="Group", context_name="shared")).context
    assert found.id == id
    assert ids(worlds(svc.GetContextsByExternalIdsRequest(external_ids=["x"])).contexts) == [id]
