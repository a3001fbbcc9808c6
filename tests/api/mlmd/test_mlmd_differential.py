"""The same calls, by random sequences, to Clew and to the C++ library: the same answers, field by field.

What Clew does otherwise on purpose (docs/mlmd.md) is named where it is passed over. Compared of times is whether they
are the server's own or those that were given; of events, the order in which each execution put them.
``CLEW_MLMD_SEQUENCES`` tries so many other sequences instead of the same few on each run; the default takes a minute.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.message import Message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.api.mlmd.service import MetadataStoreService, Refused
from clew.api.service import Services
from clew.graph.sql import SqlEngine
from clew.metadata.record import Record

ASKED = int(os.environ.get("CLEW_MLMD_SEQUENCES", "0"))
SEQUENCES = {"sqlite": ASKED or 800, "postgres": ASKED or 120}
STATUS = {
    0: "OK",
    3: "INVALID_ARGUMENT",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    9: "FAILED_PRECONDITION",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
}
NO_BASE_TYPES = ("LineageGraph", "GetArtifactsByIDResponse")
"""Upstream's leave out the base types of artifact types, as look-ups by external id do."""
INTERNAL_UPSTREAM = {"ALREADY_EXISTS", "OK"}
"""What Clew answers where upstream is INTERNAL: a second external id on update; filters SQLite cannot compute."""


# -- random calls, from pools so small that they meet: ids, names and types are reused

NODES: dict[str, Any] = {"Artifact": pb.Artifact, "Execution": pb.Execution, "Context": pb.Context}
KINDS = st.sampled_from([*NODES])
IDS = st.integers(1, 5)
RARELY = st.one_of(*(st.none() for _ in range(4)), IDS)
SOME_IDS = st.lists(st.integers(0, 6), max_size=4)
TYPE_IDS = {"Artifact": 10, "Execution": 11, "Context": 12}
"""Of SETUP."""
NAMES = st.sampled_from(["a", "b", "ü"])
TYPE_NAMES = st.sampled_from(["T", "U", "mlmd.Dataset", "mlmd.Train"])
EXTERNAL_IDS = st.sampled_from(["x", "y"])
INT, STRING = pb.Value(int_value=3), pb.Value(string_value="s")
VALUES = st.sampled_from([INT, STRING, pb.Value(double_value=0.5), pb.Value(bool_value=True)])
# Names of the two maps differ: upstream deletes a property when the custom one of the same name is updated.
PROPERTIES = st.sampled_from([{}, {"i": INT}, {"s": STRING}, {"i": INT, "s": STRING}, {"i": STRING}, {"x": INT}])
CUSTOM = st.dictionaries(st.sampled_from(["c", "d"]), VALUES, max_size=2)
PATHS = st.sampled_from(
    [
        "uri",
        "state",
        "last_known_state",
        "external_id",
        "name",
        "properties.i",
        "custom_properties.c",
        "properties",
        "x",
    ]
)
EVENT_TYPES = st.sampled_from([0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 6, 7])
TIMES = st.sampled_from([None, None, None, 0, 7])
FLAG = st.none() | st.booleans()


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


def message(cls: Any, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Messages with some of the fields: those whose strategy draws None are not set."""
    return st.fixed_dictionaries(fields).map(lambda d: cls(**{k: v for k, v in d.items() if v is not None}))


def node(kind: str, *, new: bool = False) -> st.SearchStrategy[Any]:
    fields = {
        "id": st.none() if new else maybe(IDS),
        "type_id": st.sampled_from([*[TYPE_IDS[kind]] * 12, 13, 13, 10, 11, 12, 14, None]),
        "name": st.one_of(NAMES, NAMES, NAMES, st.none()) if kind == "Context" else maybe(NAMES),
        "external_id": st.one_of(st.none(), st.none(), EXTERNAL_IDS),
        "properties": PROPERTIES,
        "custom_properties": CUSTOM,
        "create_time_since_epoch": TIMES,
        "last_update_time_since_epoch": TIMES,
    }
    if kind == "Artifact":
        fields |= {"uri": maybe(st.sampled_from(["u", "v"])), "state": maybe(st.integers(0, 4))}
    if kind == "Execution":
        fields |= {"last_known_state": maybe(st.integers(0, 6))}
    return message(NODES[kind], **fields)


def event(*, linked: bool) -> st.SearchStrategy[Any]:
    ids: dict[str, Any] = {"artifact_id": IDS, "execution_id": IDS} if linked else {"artifact_id": RARELY}
    path = message(
        pb.Event.Path, steps=st.lists(st.sampled_from([pb.Event.Path.Step(key="k"), pb.Event.Path.Step(index=0)]))
    )
    return message(pb.Event, type=EVENT_TYPES, path=maybe(path), milliseconds_since_epoch=TIMES, **ids)


def node_type(kind: str) -> st.SearchStrategy[Any]:
    base = {"Artifact": maybe(st.integers(0, 4)), "Execution": maybe(st.integers(0, 5)), "Context": st.none()}[kind]
    return message(
        getattr(pb, f"{kind}Type"),
        name=st.sampled_from(["T", "U"]),
        version=maybe(st.just("v")),
        properties=st.dictionaries(st.sampled_from(["i", "s"]), st.sampled_from([1, 1, 3]), max_size=2),
        external_id=st.one_of(st.none(), EXTERNAL_IDS),
        description=maybe(NAMES),
        base_type=base,
    )


GROWTH: dict[str, Any] = {"can_add_fields": FLAG, "can_omit_fields": FLAG}


def put_type(kind: str) -> st.SearchStrategy[Any]:
    wanted: dict[str, Any] = {f"{kind.lower()}_type": node_type(kind)}
    return message(getattr(svc, f"Put{kind}TypeRequest"), **wanted, **GROWTH)


def put_types() -> st.SearchStrategy[Any]:
    wanted: dict[str, Any] = {f"{kind.lower()}_types": st.lists(node_type(kind), max_size=2) for kind in NODES}
    return message(svc.PutTypesRequest, **wanted, **GROWTH)


def put_nodes(kind: str) -> st.SearchStrategy[Any]:
    mask = maybe(st.lists(PATHS, max_size=3).map(lambda paths: {"paths": paths}))
    fields: dict[str, Any] = {f"{kind.lower()}s": st.lists(node(kind), max_size=2), "update_mask": mask}
    if kind == "Artifact":  # the time it was read at is 0 or 7: never what is stored
        fields["options"] = maybe(message(svc.PutArtifactsRequest.Options, abort_if_latest_updated_time_changed=FLAG))
    return message(getattr(svc, f"Put{kind}sRequest"), **fields)


def put_execution() -> st.SearchStrategy[Any]:
    request = svc.PutExecutionRequest
    pair = message(request.ArtifactAndEvent, artifact=maybe(node("Artifact")), event=maybe(event(linked=False)))
    options = message(
        request.Options,
        reuse_context_if_already_exist=FLAG,
        reuse_artifact_if_already_exist_by_external_id=FLAG,
        force_reuse_context=FLAG,
        force_update_time=FLAG,
    )
    return message(
        request,
        execution=node("Execution"),
        artifact_event_pairs=st.lists(pair, max_size=2),
        contexts=st.lists(node("Context"), max_size=2),
        options=maybe(options),
    )


def put_subgraph() -> st.SearchStrategy[Any]:
    request, index = svc.PutLineageSubgraphRequest, st.integers(-1, 2)
    edge = message(request.EventEdge, execution_index=index, artifact_index=index, event=event(linked=False))
    options = message(
        request.Options, reuse_context_if_already_exist=FLAG, reuse_artifact_if_already_exist_by_external_id=FLAG
    )
    return message(
        request,
        executions=st.lists(node("Execution"), max_size=2),
        artifacts=st.lists(node("Artifact"), max_size=2),
        contexts=st.lists(node("Context"), max_size=1),
        event_edges=st.lists(edge, max_size=3),
        options=maybe(options),
    )


def links() -> st.SearchStrategy[Any]:
    attribution = message(pb.Attribution, artifact_id=maybe(IDS), context_id=IDS)
    association = message(pb.Association, execution_id=IDS, context_id=IDS)
    return st.one_of(
        message(svc.PutEventsRequest, events=st.lists(event(linked=True), max_size=2)),
        message(
            svc.PutAttributionsAndAssociationsRequest,
            attributions=st.lists(attribution, max_size=2),
            associations=st.lists(association, max_size=2),
        ),
        message(
            svc.PutParentContextsRequest,
            parent_contexts=st.lists(message(pb.ParentContext, child_id=maybe(IDS), parent_id=IDS), max_size=2),
        ),
    )


FILTERS = {
    "Artifact": ["uri = 'u'", "state = LIVE", "state != LIVE", "contexts_a.name = 'a'", "events_0.type = OUTPUT"],
    "Execution": ["last_known_state IN (NEW, RUNNING)", "contexts_q.id = 1", "events_0.artifact_id = 1 OR id = 2"],
    "Context": ["artifacts_0.uri = 'u'", "parent_contexts_p.id = 1", "child_contexts_c.name LIKE 'A%'"],
}
COMMON = [
    "type = 'T'", "id > 1 AND NOT (name = 'a')", "properties.i.int_value = 3", "custom_properties.c.bool_value",
    "external_id IS NULL", "name IN ('a', 'ü')", "id = '1'", "nonsense", "", "type_id BETWEEN 11 AND 12",
]  # fmt: skip


def list_options(kind: str) -> st.SearchStrategy[Any]:
    """Options of pages, which are followed to the end; LAST_UPDATE_TIME would lead upstream round for ever."""
    options = pb.ListOperationOptions
    order = message(options.OrderByField, field=st.sampled_from([0, 1, 1, 3, 3, 3]), is_asc=FLAG)
    return message(
        options,
        max_result_size=st.sampled_from([None, 0, 1, 1, 2, 2, 3, 4, 100]),
        order_by_field=maybe(order),
        filter_query=maybe(st.sampled_from(COMMON + FILTERS[kind])),
        next_page_token=st.sampled_from([None, None, None, None, "", "garbage"]),
    )


def listing(kind: str) -> st.SearchStrategy[Any]:
    by_type: dict[str, Any] = {"type_name": TYPE_NAMES, "type_version": maybe(st.just("v"))}
    by_name = by_type | {f"{kind.lower()}_name": NAMES}
    own: dict[str, Any] = {f"{kind.lower()}_ids": SOME_IDS}
    external = st.lists(EXTERNAL_IDS | st.just(""), max_size=2)
    calls = [
        message(getattr(svc, f"Get{kind}sByIDRequest"), **own),
        message(getattr(svc, f"Get{kind}TypeRequest"), **by_type),
        message(getattr(svc, f"Get{kind}TypesByIDRequest"), type_ids=st.lists(st.integers(0, 16), max_size=4)),
        message(getattr(svc, f"Get{kind}TypesByExternalIdsRequest"), external_ids=external),
        message(getattr(svc, f"Get{kind}sRequest"), options=maybe(list_options(kind))),
        message(getattr(svc, f"Get{kind}sByTypeRequest"), options=maybe(list_options(kind)), **by_type),
        message(getattr(svc, f"Get{kind}ByTypeAndNameRequest"), **by_name),
        message(getattr(svc, f"Get{kind}sByExternalIdsRequest"), external_ids=external),
    ]
    if kind == "Artifact":
        calls.append(message(svc.GetArtifactsByIDRequest, artifact_ids=SOME_IDS, populate_artifact_types=FLAG))
        uris = st.lists(st.sampled_from(["u", "v", "w"]), max_size=2)
        calls.append(message(svc.GetArtifactsByURIRequest, uris=uris))
    if kind == "Context":
        calls += [
            message(svc.GetParentContextsByContextsRequest, context_ids=SOME_IDS),
            message(svc.GetChildrenContextsByContextsRequest, context_ids=SOME_IDS),
            message(svc.GetChildrenContextsByContextRequest, context_id=IDS),
        ]
    else:
        events: dict[str, Any] = {f"{kind.lower()}_ids": SOME_IDS}
        calls.append(message(getattr(svc, f"GetEventsBy{kind}IDsRequest"), **events))
        by_context = getattr(svc, f"Get{kind}sByContextRequest")
        calls.append(message(by_context, context_id=IDS, options=maybe(list_options(kind))))
        of: dict[str, Any] = {f"{kind.lower()}_id": IDS}
        calls.append(message(getattr(svc, f"GetContextsBy{kind}Request"), **of))
    return st.one_of(calls)


def walks() -> st.SearchStrategy[Any]:
    options = pb.LineageSubgraphQueryOptions
    where = st.sampled_from(["id = 1", "id = 2", "id < 3", "type = 'T'", "contexts_a.name = 'a'"])
    start = message(options.StartingNodes, filter_query=where)
    end = message(options.EndingNodes, filter_query=where, include_ending_nodes=maybe(st.booleans()))
    fields: dict[str, Any] = {
        "max_num_hops": maybe(st.integers(0, 4)),
        "direction": maybe(st.integers(1, 3)),
        "ending_artifacts": maybe(end),
        "ending_executions": maybe(end),
    }
    query = st.one_of(
        message(options, starting_artifacts=start, **fields), message(options, starting_executions=start, **fields)
    )
    masks = ["artifacts", "executions", "contexts", "events", "attributions", "associations", "artifact_types", "odd"]
    mask = maybe(st.lists(st.sampled_from(masks), max_size=4).map(lambda paths: {"paths": paths}))
    return message(svc.GetLineageSubgraphRequest, lineage_subgraph_query_options=query, read_mask=mask)


def old_walks() -> st.SearchStrategy[Any]:
    where = st.sampled_from(["id = 1", "id < 3", "type = 'T'", "contexts_a.name = 'a'"])
    stop = message(pb.LineageGraphQueryOptions.BoundaryConstraint, max_num_hops=maybe(st.integers(0, 4)))
    start = message(pb.ListOperationOptions, filter_query=where, max_result_size=st.just(100))
    options = message(pb.LineageGraphQueryOptions, artifacts_options=start, stop_conditions=stop)
    return message(svc.GetLineageGraphRequest, options=options)


def writes() -> st.SearchStrategy[Any]:
    by_kind = [each for kind in NODES for each in (put_type(kind), put_nodes(kind))]
    return st.one_of(*by_kind, put_types(), links(), links(), put_execution(), put_execution(), put_subgraph())


def reads() -> st.SearchStrategy[Any]:
    return st.one_of(*(listing(kind) for kind in NODES), walks(), walks(), old_walks())


KINDS_OF_VALUE: dict[str, Any] = {"i": pb.INT, "s": pb.STRING}


def some_nodes() -> Iterator[Any]:
    """Types 10, 11 and 12; then a little of everything, so that random calls meet something."""
    yield svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="T", properties=KINDS_OF_VALUE))
    yield svc.PutExecutionTypeRequest(execution_type=pb.ExecutionType(name="T", properties=KINDS_OF_VALUE))
    yield svc.PutContextTypeRequest(context_type=pb.ContextType(name="T", properties=KINDS_OF_VALUE))
    artifacts = [
        pb.Artifact(type_id=10, uri="u", state=pb.Artifact.LIVE, properties={"i": INT}),
        pb.Artifact(type_id=10),
    ]
    yield svc.PutArtifactsRequest(artifacts=[*artifacts, pb.Artifact(type_id=10, name="a", external_id="x")])
    yield svc.PutContextsRequest(contexts=[pb.Context(type_id=12, name=name) for name in ("a", "b")])
    yield svc.PutParentContextsRequest(parent_contexts=[pb.ParentContext(child_id=2, parent_id=1)])
    for made, used in ((2, 1), (3, 2)):
        step = svc.PutExecutionRequest(execution=pb.Execution(type_id=11, last_known_state=pb.Execution.RUNNING))
        for artifact_id, kind in ((made, pb.Event.OUTPUT), (used, pb.Event.INPUT)):
            step.artifact_event_pairs.add().event.CopyFrom(pb.Event(artifact_id=artifact_id, type=kind))
        step.contexts.add(id=made - 1)
        step.options.force_reuse_context = True
        yield step


SETUP = list(some_nodes())


def everything() -> list[Any]:
    """Requests that read all there is."""
    asked: list[Any] = [getattr(svc, f"Get{kind}{what}Request")() for kind in NODES for what in ("s", "Types")]
    some = list(range(1, 8))
    asked += [
        svc.GetEventsByArtifactIDsRequest(artifact_ids=some),
        svc.GetEventsByExecutionIDsRequest(execution_ids=some),
        svc.GetParentContextsByContextsRequest(context_ids=some),
        svc.GetChildrenContextsByContextsRequest(context_ids=some),
    ]
    for id in some:
        asked += [svc.GetContextsByArtifactRequest(artifact_id=id), svc.GetContextsByExecutionRequest(execution_id=id)]
    return asked


# -- both servers: each takes a request to a status, and the answer when it is OK or else the text

Answer = tuple[str, Any]
Ask = Callable[[Any], Answer]


def response(request: Any) -> Any:
    return getattr(svc, request.DESCRIPTOR.name.removesuffix("Request") + "Response")


class Library:
    """The C++ library in its own Python."""

    def __init__(self, python: Path) -> None:
        bridge = Path(__file__).parents[2] / "library_bridge.py"
        self._process = subprocess.Popen(
            [python, bridge], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def call(self, name: str, request: bytes) -> tuple[int, bytes]:
        pipe, answer = self._process.stdin, self._process.stdout
        assert pipe is not None
        assert answer is not None
        pipe.write(f"{name} {len(request)}\n".encode() + request)
        pipe.flush()
        line = answer.readline()
        assert line, f"the library died of {name} {request!r}"
        code, length = map(int, line.split())
        return code, answer.read(length)

    def ask(self, request: Any) -> Answer:
        """The answer; to the three calls the library cannot be asked in-process, made of those to others."""
        if isinstance(request, svc.GetParentContextsByContextsRequest):
            return self._of_each(request, svc.GetParentContextsByContextRequest, "parent_contexts")
        if isinstance(request, svc.GetChildrenContextsByContextsRequest):
            return self._of_each(request, svc.GetChildrenContextsByContextRequest, "children_contexts")
        if isinstance(request, svc.GetLineageGraphRequest):  # UNIMPLEMENTED upstream
            return self._walk(request.options)
        code, body = self.call(request.DESCRIPTOR.name.removesuffix("Request"), request.SerializeToString())
        return STATUS.get(code, str(code)), body[:300] if code else response(request).FromString(body)

    def _of_each(self, request: Any, single: Any, field: str) -> Answer:
        made = response(request)()
        for id in request.context_ids:
            _, answer = self.ask(single(context_id=id))
            if answer.contexts:
                del getattr(made.contexts[id], field)[:]
                getattr(made.contexts[id], field).extend(answer.contexts)
        return "OK", made

    def _walk(self, options: pb.LineageGraphQueryOptions) -> Answer:
        walk = pb.LineageSubgraphQueryOptions()
        walk.starting_artifacts.filter_query = options.artifacts_options.filter_query
        if options.stop_conditions.HasField("max_num_hops"):
            walk.max_num_hops = options.stop_conditions.max_num_hops
        mask = {"paths": ["artifacts", "executions", "events"]}
        status, answer = self.ask(svc.GetLineageSubgraphRequest(lineage_subgraph_query_options=walk, read_mask=mask))
        return status, skeleton(answer.lineage_subgraph) if status == "OK" else answer

    def close(self) -> None:
        self._process.communicate()


def skeleton(graph: pb.LineageGraph) -> dict[str, Any]:
    """What was reached, as ids, and the events between."""
    ids = {kind: sorted(node.id for node in getattr(graph, kind)) for kind in ("artifacts", "executions")}
    return {**ids, "events": sorted((e.execution_id, e.type, e.artifact_id) for e in graph.events)}


def clew(service: MetadataStoreService) -> Ask:
    def ask(request: Any) -> Answer:
        try:
            body = service.call(request.DESCRIPTOR.name.removesuffix("Request"), request.SerializeToString())
        except Refused as refused:
            return refused.status, refused.text
        answer = response(request).FromString(body)
        return "OK", skeleton(answer.subgraph) if isinstance(request, svc.GetLineageGraphRequest) else answer

    return ask


def pages(ask: Ask, request: Any) -> list[Answer]:
    """All pages of a listing, each server by its own tokens; of another request its one answer."""
    answers: list[Answer] = [ask(request)]
    request = type(request).FromString(request.SerializeToString())
    while answers[-1][0] == "OK" and (token := getattr(answers[-1][1], "next_page_token", None)):
        assert len(answers) < 50, (request, answers)
        request.options.next_page_token = token
        answers.append(ask(request))
    return answers


# -- what is compared


def plain(message: Any, request: Any = None) -> Any:
    """A message as values that compare."""
    if not isinstance(message, Message):
        return message
    found: dict[str, Any] = {}
    for field, value in message.ListFields():  # type: ignore[attr-defined,unused-ignore]
        if field.name.endswith("_since_epoch"):
            found[field.name] = "now" if value > 10**12 else value
        elif field.message_type is not None and field.message_type.GetOptions().map_entry:
            found[field.name] = {key: plain(value[key]) for key in value}
        elif field.is_repeated:
            found[field.name] = [plain(item) for item in value]
        elif field.name == "next_page_token":
            if value:  # upstream's last page by type says "", the others nothing
                found[field.name] = "more"
        else:
            found[field.name] = plain(value)
    for name in ("attributions", "associations"):
        if name in found:
            found[name] = sorted(found[name], key=repr)
    if message.DESCRIPTOR.name == "LineageGraph":
        found = {key: sorted(value, key=repr) for key, value in found.items()}
    if message.DESCRIPTOR.name == "GetEventsByArtifactIDsResponse":  # by execution upstream, as put in Clew
        found = {key: sorted(value, key=repr) for key, value in found.items()}
    if message.DESCRIPTOR.name == "GetEventsByExecutionIDsResponse":  # upstream goes from execution to execution
        found = {key: sorted(value, key=lambda event: event["execution_id"]) for key, value in found.items()}
    for each in [found, *found.get("artifact_types", ()), *found.get("execution_types", ())]:
        if message.DESCRIPTOR.name.endswith("Type"):
            each.pop("external_id", None)  # upstream leaves it out of listings
        if message.DESCRIPTOR.name in NO_BASE_TYPES or message.DESCRIPTOR.name.endswith("ExternalIdsResponse"):
            each.pop("base_type", None)
    return found


def difference(request: Any, theirs: Answer, ours: Answer) -> Any:
    """What is different that should not be; None for nothing. Upstream's answer comes first."""
    expected, got = theirs[0], ours[0]
    if expected == "OK" and not plain(theirs[1]) and got == "INVALID_ARGUMENT" and hasattr(request, "options"):
        return None  # upstream does not look at the options where there is nothing to be listed
    if request.DESCRIPTOR.name.startswith("Put") and "OK" not in (expected, got):
        return None  # a request that is wrong in two ways may be refused for either
    if expected != got:
        return expected, got, ours[1]
    if got == "OK" and plain(theirs[1]) != plain(ours[1]):
        return plain(theirs[1]), plain(ours[1])
    return None


def is_missing(refusal: Any, ours: Ask) -> bool:
    """Whether a node is said not to be there, which is not there."""
    told = re.match(r"Cannot find the given id: no (artifact|execution|context) (\d+)\.", str(refusal))
    if told is None:
        return False
    request = getattr(svc, f"Get{told[1].title()}sByIDRequest")(**{f"{told[1]}_ids": [int(told[2])]})
    return not ours(request)[1].ListFields()


@pytest.fixture(scope="module")
def library(client_python: Path) -> Iterator[Library]:
    made = Library(client_python)
    yield made
    made.close()


Fresh = Callable[[], Record]


@pytest.fixture
def fresh_sqlite(tmp_path: Path) -> Fresh:
    """Opens a fresh record, many times: a copy of an empty one, which is faster than making it."""
    Record.open(tmp_path / "empty").close()
    number = count()

    def fresh() -> Record:
        home = tmp_path / str(next(number) % 2)
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(tmp_path / "empty", home)
        return Record.open(home)

    return fresh


@pytest.fixture
def fresh_postgres(fresh_postgres_url: str, wipe_postgres: Callable[[str], None]) -> Fresh:
    """Opens a fresh record, many times: one whose tables are emptied."""

    def fresh() -> Record:
        wipe_postgres(fresh_postgres_url)
        return Record.open(fresh_postgres_url)

    return fresh


CALLS = st.lists(st.one_of(writes(), writes(), reads()), min_size=5, max_size=25)


def compare(calls: list[Any], library: Library, record: Record) -> None:
    """Make the calls to both, and read everything at the end."""
    library.call("open", b"{}")
    ours = clew(MetadataStoreService(Services(record, SqlEngine(record))))
    for request in [*SETUP, *calls, *everything()]:
        expected, got = pages(library.ask, request), pages(ours, request)
        if expected[-1][0] == "INTERNAL" and got[-1][0] in INTERNAL_UPSTREAM:
            if got[-1][0] == "OK" and request.DESCRIPTOR.name.startswith("Put"):
                return  # the stores differ from here on
            continue
        if expected[0][0] == "OK" and is_missing(got[0][1], ours):
            return  # upstream has accepted an event on no artifact, or a guess of the id its own request gives a node
        assert len(expected) == len(got), (request, expected, got)
        for theirs, answer in zip(expected, got, strict=True):
            assert difference(request, theirs, answer) is None, (request, difference(request, theirs, answer))


def tried(database: str) -> settings:
    return settings(
        max_examples=SEQUENCES[database],
        derandomize=not ASKED,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.e2e
@tried("sqlite")
@given(calls=CALLS)
def test_clew_on_sqlite_answers_as_the_library_does(calls: list[Any], library: Library, fresh_sqlite: Fresh) -> None:
    with fresh_sqlite() as record:
        compare(calls, library, record)


@pytest.mark.e2e
@pytest.mark.postgres
@tried("postgres")
@given(calls=CALLS)
def test_clew_on_postgres_answers_as_the_library_does(
    calls: list[Any], library: Library, fresh_postgres: Fresh
) -> None:
    with fresh_postgres() as record:
        compare(calls, library, record)
