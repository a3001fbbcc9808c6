"""Lineage on the wire: walks as ML Metadata walks, a level at a time.

A hop goes from artifacts to executions or back, over the events that point in the asked direction. Both ways at once
reaches siblings too, unlike the engine's ``Direction.BOTH``. Ending nodes are reached and not left.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from clew.api.mlmd.listing import filter_of
from clew.api.mlmd.node_types import write_type
from clew.api.mlmd.nodes import NAMESPACE, write_events, write_nodes
from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.service import Services
from clew.metadata.errors import ArtifactNotFound, Invalid, NotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Event
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

HOPS_LIMIT = 100
START_LIMIT = 101
"""Starting nodes beyond these are left out, as in ML Metadata."""
FIELDS = frozenset(pb.LineageGraph.DESCRIPTOR.fields_by_name)
_EITHER = INPUT_EVENTS | OUTPUT_EVENTS
_FOLLOWED = {
    # direction: (events followed from an artifact to executions, events followed from an execution to artifacts)
    pb.LineageSubgraphQueryOptions.UPSTREAM: (OUTPUT_EVENTS, INPUT_EVENTS),
    pb.LineageSubgraphQueryOptions.DOWNSTREAM: (INPUT_EVENTS, OUTPUT_EVENTS),
}
_BOTH_WAYS = (_EITHER, _EITHER)


@dataclass(slots=True)
class Walk:
    """What was reached, in the order in which it was."""

    artifacts: dict[int, None] = field(default_factory=dict)
    executions: dict[int, None] = field(default_factory=dict)
    events: dict[tuple[int, int, int], Event] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ends:
    """Filters that end a walk, and whether what they select is shown."""

    filters: dict[Kind, str]
    shown: dict[Kind, bool]

    def among(self, reader: Reader, kind: Kind, ids: Iterable[int]) -> set[int]:
        """Those of ``ids`` that end the walk."""
        where = self.filters.get(kind)
        return reader.among(kind, ids, where=where) if where else set()


def lineage_subgraph(services: Services, request: svc.GetLineageSubgraphRequest) -> svc.GetLineageSubgraphResponse:
    """Walk from the nodes a filter selects."""
    options = request.lineage_subgraph_query_options
    hops = _hops(options)
    kind, where = _start(options)
    ends = _ends(options)
    wanted = FIELDS if not request.read_mask.paths else FIELDS & set(request.read_mask.paths)
    answer = svc.GetLineageSubgraphResponse()
    graph = answer.lineage_subgraph
    graph.SetInParent()
    with services.record.read() as reader:
        walk = _walk(
            reader, _starting(reader, kind, where), kind, hops, _FOLLOWED.get(options.direction, _BOTH_WAYS), ends
        )
        for name, ids in (("artifacts", walk.artifacts), ("executions", walk.executions)):
            if name in wanted:
                for id in ids:
                    getattr(graph, name).add().id = id
        if "events" in wanted:
            write_events(walk.events.values(), graph.events)
        _write_contexts(reader, walk, wanted, graph)
        _write_types(reader, wanted, graph)
    return answer


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
    graph = answer.subgraph
    with services.record.read() as reader:
        page = reader.artifacts(
            where=filter_of(listing.filter_query), namespace=NAMESPACE, limit=min(max(listing.max_result_size, 1), 100)
        )
        start = [int(node.id) for node in page.items]
        if not start:
            raise _nothing()
        walk = _walk(reader, start, Kind.ARTIFACT, hops, _BOTH_WAYS, ends)
        _cut(walk, options.max_node_size)
        write_nodes(Kind.ARTIFACT, reader.artifacts_by_id(walk.artifacts).values(), graph.artifacts)
        write_nodes(Kind.EXECUTION, reader.executions_by_id(walk.executions).values(), graph.executions)
        write_events(walk.events.values(), graph.events)
        _write_contexts(reader, walk, FIELDS, graph)
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


def _walk(
    reader: Reader,
    start: list[int],
    kind: Kind,
    hops: int,
    followed: tuple[frozenset[Any], frozenset[Any]],
    ends: Ends,
) -> Walk:
    walk = Walk()
    here, hidden = kind, _hidden(reader, kind, start, ends)
    frontier = hidden.open
    _reached(walk, kind).update(dict.fromkeys(hidden.shown))
    dropped: dict[Kind, set[int]] = {Kind.ARTIFACT: set(), Kind.EXECUTION: set()}
    dropped[kind] |= hidden.dropped
    for _ in range(hops):
        if not frontier:
            break
        there = Kind.EXECUTION if here is Kind.ARTIFACT else Kind.ARTIFACT
        events = _events(reader, here, frontier, followed[0 if here is Kind.ARTIFACT else 1])
        known, seen = _reached(walk, there), dropped[there]
        far = [_end(event, there) for event in events]
        new = [id for id in dict.fromkeys(far) if id not in known and id not in seen]
        met = _hidden(reader, there, new, ends)
        seen |= met.dropped
        known.update(dict.fromkeys(met.shown))
        for event, id in zip(events, far, strict=True):
            if id not in seen:
                walk.events.setdefault((event.execution_id, event.artifact_id, event.type), event)
        here, frontier = there, met.open
    return walk


@dataclass(frozen=True, slots=True)
class _Met:
    """Nodes met: those shown, of these those to go on from, and those that are kept out."""

    shown: list[int]
    open: list[int]
    dropped: set[int]


def _hidden(reader: Reader, kind: Kind, ids: list[int], ends: Ends) -> _Met:
    ending = ends.among(reader, kind, ids) if ids else set()
    if not ending:
        return _Met(ids, ids, set())
    open_ = [id for id in ids if id not in ending]
    return _Met(ids, open_, set()) if ends.shown.get(kind) else _Met(open_, open_, ending)


def _reached(walk: Walk, kind: Kind) -> dict[int, None]:
    return walk.artifacts if kind is Kind.ARTIFACT else walk.executions


def _end(event: Event, kind: Kind) -> int:
    return event.artifact_id if kind is Kind.ARTIFACT else event.execution_id


def _events(reader: Reader, kind: Kind, ids: list[int], types: frozenset[Any]) -> list[Event]:
    read = reader.events_of_artifacts if kind is Kind.ARTIFACT else reader.events_of_executions
    return [event for event in read(ids) if event.type in types]


def _cut(walk: Walk, limit: int) -> None:
    """Keep the ``limit`` nodes of each kind that were reached first, and the events between them."""
    walk.artifacts = dict.fromkeys(list(walk.artifacts)[:limit])
    walk.executions = dict.fromkeys(list(walk.executions)[:limit])
    walk.events = {
        key: event
        for key, event in walk.events.items()
        if event.artifact_id in walk.artifacts and event.execution_id in walk.executions
    }


def _write_contexts(reader: Reader, walk: Walk, wanted: frozenset[str], graph: pb.LineageGraph) -> None:
    if not wanted & {"contexts", "attributions", "associations"}:
        return
    attributed = reader.contexts_of_artifacts(walk.artifacts)
    associated = reader.contexts_of_executions(walk.executions)
    if "attributions" in wanted:
        for id, contexts in attributed.items():
            for context in contexts:
                graph.attributions.add(artifact_id=id, context_id=context.id)
    if "associations" in wanted:
        for id, contexts in associated.items():
            for context in contexts:
                graph.associations.add(execution_id=id, context_id=context.id)
    if "contexts" in wanted:
        found = {c.id for linked in (attributed, associated) for contexts in linked.values() for c in contexts}
        for id in sorted(found):
            graph.contexts.add().id = id


def _write_types(reader: Reader, wanted: frozenset[str], graph: pb.LineageGraph) -> None:
    """All types, also those of no node that was reached."""
    for kind in Kind:
        name = f"{kind.value}_types"
        if name in wanted:
            for node_type in reader.types(kind):
                write_type(node_type, getattr(graph, name).add())
