"""Lineage on the wire: what is asked, and how the answer is spelled."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clew.api.mlmd.events import write_event_rows
from clew.api.mlmd.listing import filter_of
from clew.api.mlmd.node_types import write_type
from clew.api.mlmd.nodes import NAMESPACE, write_nodes
from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.walk import Ends, Walk, walk_by_level, walk_of
from clew.api.mlmd.world import World, world_of
from clew.api.service import Services
from clew.graph.protocol import Direction
from clew.metadata.errors import ArtifactNotFound, Invalid, NotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import Row, among, listed

HOPS_LIMIT = 100
START_LIMIT = 101
"""Starting nodes beyond these are left out, as in ML Metadata."""
FIELDS = frozenset(pb.LineageGraph.DESCRIPTOR.fields_by_name)
_DIRECTIONS = {
    pb.LineageSubgraphQueryOptions.UPSTREAM: Direction.UP,
    pb.LineageSubgraphQueryOptions.DOWNSTREAM: Direction.DOWN,
}


def lineage_subgraph(services: Services, request: svc.GetLineageSubgraphRequest) -> svc.GetLineageSubgraphResponse:
    """Walk from the nodes a filter selects."""
    options = request.lineage_subgraph_query_options
    hops = _hops(options)
    kind, where = _start(options)
    ends, direction = _ends(options), _DIRECTIONS.get(options.direction, Direction.BOTH)
    wanted = FIELDS if not request.read_mask.paths else FIELDS & set(request.read_mask.paths)
    answer = svc.GetLineageSubgraphResponse()
    graph = answer.lineage_subgraph
    graph.SetInParent()
    world = world_of(services)
    with services.read() as reader:
        start, seq = _starting(reader, kind, where), reader.seq
        if not _is_plain(direction, ends, hops):
            _write_graph(reader, world, walk_by_level(reader, world, start, kind, hops, direction, ends), wanted, graph)
            return answer
    seeds = [NodeRef(kind, id) for id in start]
    trace = services.engine.trace(seeds, direction, depth=hops, edges=True, min_seq=seq)
    with services.read() as reader:
        walk = walk_of(reader, trace, direction, hops)
        if any(world.outside(reader, reached, ids) for reached, ids in walk.nodes.items()):
            walk = walk_by_level(reader, world, start, kind, hops, direction)  # the engine walks through all namespaces
        _write_graph(reader, world, walk, wanted, graph)
    return answer


def _write_graph(reader: Reader, world: World, walk: Walk, wanted: frozenset[str], graph: pb.LineageGraph) -> None:
    for kind, name in ((Kind.ARTIFACT, "artifacts"), (Kind.EXECUTION, "executions")):
        if name in wanted:
            add = getattr(graph, name).add
            for id in walk.nodes[kind]:
                add(id=id)
    if "events" in wanted:
        write_event_rows(walk.events.values(), graph.events)
    _write_contexts(reader, world, walk, wanted, graph)
    _write_types(reader, wanted, graph)


def lineage_graph(services: Services, request: svc.GetLineageGraphRequest) -> svc.GetLineageGraphResponse:
    """The older call, which upstream refuses: both ways from a listing of artifacts, nodes whole."""
    options = request.options
    listing = options.artifacts_options
    if not options.HasField("artifacts_options"):
        raise Invalid("Missing query_nodes conditions", field="query_nodes", remedy="Set artifacts_options")
    stop = options.stop_conditions
    if stop.max_num_hops < 0 or options.max_node_size <= 0:
        raise Invalid("max_num_hops or max_node_size is negative", field="stop_conditions", remedy="Use 0 or more")
    filters = {Kind.ARTIFACT: stop.boundary_artifacts, Kind.EXECUTION: stop.boundary_executions}
    ends = Ends({k: f"NOT ({w}\n)" for k, w in filters.items() if filter_of(w)}, {})
    hops = min(stop.max_num_hops, HOPS_LIMIT) if stop.HasField("max_num_hops") else HOPS_LIMIT
    answer = svc.GetLineageGraphResponse()
    graph, world = answer.subgraph, world_of(services)
    with services.read() as reader:
        page = reader.artifacts(
            where=filter_of(listing.filter_query), namespace=NAMESPACE, limit=min(max(listing.max_result_size, 1), 100)
        )
        start = [int(node.id) for node in page.items]
        if not start:
            raise _nothing()
        walk = walk_by_level(reader, world, start, Kind.ARTIFACT, hops, Direction.BOTH, ends)
        _cut(walk, options.max_node_size)
        write_nodes(Kind.ARTIFACT, reader.artifacts_by_id(walk.nodes[Kind.ARTIFACT]).values(), graph.artifacts)
        write_nodes(Kind.EXECUTION, reader.executions_by_id(walk.nodes[Kind.EXECUTION]).values(), graph.executions)
        write_event_rows(walk.events.values(), graph.events)
        _write_contexts(reader, world, walk, FIELDS, graph)
        ids = [context.id for context in graph.contexts]
        del graph.contexts[:]
        write_nodes(Kind.CONTEXT, reader.contexts_by_id(ids).values(), graph.contexts)
        _write_types(reader, FIELDS, graph)
    return answer


def _hops(options: pb.LineageSubgraphQueryOptions) -> int:
    if options.max_num_hops < 0:
        raise Invalid("max_num_hops cannot be negative", field="max_num_hops", value=options.max_num_hops)
    return min(options.max_num_hops, HOPS_LIMIT) if options.HasField("max_num_hops") else HOPS_LIMIT


def _start(options: pb.LineageSubgraphQueryOptions) -> tuple[Kind, str]:
    which = options.WhichOneof("starting_nodes")
    if which is None:
        raise Invalid("Missing arguments for listing starting nodes.", field="starting_nodes", remedy="Set one")
    where = getattr(options, which).filter_query
    if not where:
        raise Invalid(
            "Cannot list starting nodes if `filter_query` is unspecified.", field="filter_query", remedy="Set it"
        )
    filter_of(where)
    return (Kind.ARTIFACT if which == "starting_artifacts" else Kind.EXECUTION), where


def _ends(options: pb.LineageSubgraphQueryOptions) -> Ends:
    ends = {Kind.ARTIFACT: options.ending_artifacts, Kind.EXECUTION: options.ending_executions}
    filters = {kind: where for kind, end in ends.items() if (where := filter_of(end.filter_query))}
    return Ends(filters, {kind: end.include_ending_nodes for kind, end in ends.items()})


def _starting(reader: Reader, kind: Kind, where: str) -> list[int]:
    listing: Any = reader.artifacts if kind is Kind.ARTIFACT else reader.executions
    found = [node.id for node in listing(where=where, namespace=NAMESPACE, limit=START_LIMIT).items]
    if not found:
        raise _nothing()
    return found


def _nothing() -> NotFound:
    return ArtifactNotFound("Cannot find qualified nodes to start the traversal.", field="filter_query")


def _is_plain(direction: Direction, ends: Ends, hops: int) -> bool:
    """Whether the engine walks so: one way, without ends, and far enough to be worth it."""
    return direction is not Direction.BOTH and not ends.filters and hops > 1


def _cut(walk: Walk, limit: int) -> None:
    """Keep the ``limit`` nodes of each kind that were reached first, and the events between them."""
    for kind, reached in walk.nodes.items():
        walk.nodes[kind] = dict.fromkeys(list(reached)[:limit])
    artifacts, executions = walk.nodes[Kind.ARTIFACT], walk.nodes[Kind.EXECUTION]
    walk.events = {key: row for key, row in walk.events.items() if key[2] in artifacts and key[0] in executions}


def _write_contexts(reader: Reader, world: World, walk: Walk, wanted: frozenset[str], graph: pb.LineageGraph) -> None:
    if not wanted & {"contexts", "attributions", "associations"}:
        return
    attributed = _links(reader, "attribution", "artifact_id", walk.nodes[Kind.ARTIFACT])
    associated = _links(reader, "association", "execution_id", walk.nodes[Kind.EXECUTION])
    kept_out = world.outside(reader, Kind.CONTEXT, {row[1] for row in (*attributed, *associated)})
    if kept_out:
        attributed = [row for row in attributed if row[1] not in kept_out]
        associated = [row for row in associated if row[1] not in kept_out]
    if "attributions" in wanted:
        for artifact_id, context_id in attributed:
            graph.attributions.add(artifact_id=artifact_id, context_id=context_id)
    if "associations" in wanted:
        for execution_id, context_id in associated:
            graph.associations.add(execution_id=execution_id, context_id=context_id)
    if "contexts" in wanted:
        for id in sorted({context_id for _, context_id in (*attributed, *associated)}):
            graph.contexts.add(id=id)


def _links(reader: Reader, table: str, member: str, ids: Iterable[int]) -> list[Row]:
    """(member, context) of the members with these ids."""
    sql = f"SELECT {member}, context_id FROM {table} WHERE {member} {among(reader)} ORDER BY 1, 2"
    return reader.query(sql, (listed(reader, ids),))


def _write_types(reader: Reader, wanted: frozenset[str], graph: pb.LineageGraph) -> None:
    """All types, also those of no node that was reached."""
    for kind in Kind:
        name = f"{kind.value}_types"
        if name in wanted:
            for node_type in reader.types(kind):
                write_type(node_type, getattr(graph, name).add())
