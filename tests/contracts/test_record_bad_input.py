"""Bad input: one typed error naming field and remedy, and not one byte of the record changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from clew.metadata.change import Change, EventPut, LinkPut, NodePut, TypePut
from clew.metadata.errors import (
    AlreadyRecorded,
    ArtifactNotFound,
    ChangeNotFound,
    ClewError,
    ContextNotFound,
    CycleIntroduced,
    ExecutionNotFound,
    Invalid,
    InvalidCursor,
    KeyReused,
    TypeConflict,
    TypeNotFound,
    UnknownProperty,
    UnmatchedPropertyType,
    Unsupported,
    VersionConflict,
)
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType

A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT
HUGE = 2**70
Dump = dict[str, list[str]]
SURROGATE = "\ud800"


def stock(record: Record) -> Record:
    """Types A, E, C; artifact 1, execution 1, contexts 1 inside 2 inside 3; a key used; an event."""
    change = Change(key="used")
    base = change.type(NodeType(A, "Base"))
    change.type(NodeType(A, "A", properties={"n": PropertyType.INT}, external_id="tx"), base_type=("Base", ""))
    change.type(NodeType(E, "E"))
    change.type(NodeType(C, "C"))
    artifact = change.artifact("A", name="a", external_id="ax", uri="s3://b/k", properties={"n": 1})
    execution = change.execution("E", name="e", state=ExecutionState.RUNNING)
    contexts = [change.context("C", name=n) for n in ("inner", "middle", "outer")]
    change.event(artifact, execution, EventType.OUTPUT)
    change.parent(contexts[0], contexts[1])
    change.parent(contexts[1], contexts[2])
    change.attribute(contexts[0], artifact)
    assert record.commit(change).id(base) == 10
    return record


@pytest.fixture(scope="module")
def stocked(shared_record_url: str) -> Iterator[Record]:
    """One record for every test here: that none of them changes it is what they show."""
    with Record.open(shared_record_url) as record:
        yield stock(record)


@pytest.fixture
def dump(shared_record_url: str, dump_database: Callable[[str], Dump]) -> Callable[[], Dump]:
    return lambda: dump_database(shared_record_url)


@pytest.fixture
def sqlite_stocked(sqlite_record: Record) -> Record:
    return stock(sqlite_record)


def node(kind: Kind, type: Any = "", **fields: Any) -> Change:
    change = Change()
    change.node(NodePut(kind, {A: "A", E: "E", C: "C"}[kind] if type == "" else type, **fields))
    return change


def typed(node_type: NodeType, **options: Any) -> Change:
    change = Change()
    change.type(node_type, **options)
    return change


def edge(**edges: Any) -> Change:
    return Change(**{name: [put] for name, put in edges.items()})  # type: ignore[arg-type]


def both(*changes: Change) -> Change:
    """One change that holds the puts of several: a good part must not survive a bad one."""
    together = Change()
    for change in changes:
        for name in ("types", "nodes", "events", "attributions", "associations", "parents"):
            getattr(together, name).extend(getattr(change, name))
    return together


def _new_run_reads(artifact: int) -> Change:
    change = Change()
    change.event(artifact, change.execution("E"), EventType.INPUT)
    return change


def _new_artifact_in(context: int) -> Change:
    change = Change()
    change.attribute(context, change.artifact("A"))
    return change


NEW = NodePut(A, "A", name="never added")
BAD: dict[str, tuple[type[ClewError], Callable[[], Change]]] = {
    # types
    "a type without a name": (Invalid, lambda: typed(NodeType(A, ""))),
    "a type name with NUL": (Invalid, lambda: typed(NodeType(A, "a\0"))),
    "a type name with a lone surrogate": (Invalid, lambda: typed(NodeType(A, SURROGATE))),
    "a type name beyond the limit": (Invalid, lambda: typed(NodeType(A, "x" * 5000))),
    "a type name that is no text": (Invalid, lambda: typed(NodeType(A, 5))),  # type: ignore[arg-type]
    "a type of no kind": (Invalid, lambda: typed(NodeType("model", "M"))),  # type: ignore[arg-type]
    "a version that is no text": (Invalid, lambda: typed(NodeType(A, "M", 1))),  # type: ignore[arg-type]
    "a property of unknown kind": (Invalid, lambda: typed(NodeType(A, "M", properties={"p": PropertyType.UNKNOWN}))),
    "a property of no kind": (Invalid, lambda: typed(NodeType(A, "M", properties={"p": 77}))),  # type: ignore[dict-item]
    "a property without a name": (Invalid, lambda: typed(NodeType(A, "M", properties={"": PropertyType.INT}))),
    "properties that are no mapping": (Invalid, lambda: typed(NodeType(A, "M", properties=["p"]))),  # type: ignore[arg-type]
    "an input type JSON cannot say": (Invalid, lambda: typed(NodeType(E, "M", input_type={"a": object()}))),
    "a type id beyond 64 bits": (Invalid, lambda: typed(NodeType(A, "M", id=HUGE))),  # type: ignore[arg-type]
    "a negative type id": (Invalid, lambda: typed(NodeType(A, "M", id=-4))),  # type: ignore[arg-type]
    "a property that changes kind": (
        TypeConflict, lambda: typed(NodeType(A, "A", properties={"n": PropertyType.DOUBLE})),
    ),
    "a property added where none may be": (
        TypeConflict,
        lambda: typed(NodeType(A, "A", properties={"m": PropertyType.INT}), can_add_fields=False),
    ),
    "a property omitted where none may be": (TypeConflict, lambda: typed(NodeType(A, "A"), can_omit_fields=False)),
    "an external id another type has": (AlreadyRecorded, lambda: typed(NodeType(A, "M", external_id="tx"))),
    "an unknown base type": (TypeNotFound, lambda: typed(NodeType(A, "M"), base_type="Nothing")),
    "a base type that would change": (Unsupported, lambda: typed(NodeType(A, "A"), base_type="A")),
    # nodes
    "an unknown type": (TypeNotFound, lambda: node(A, "Nothing")),
    "a type of another kind": (TypeNotFound, lambda: node(A, "E")),
    "a type id of another kind": (TypeNotFound, lambda: node(A, 12)),
    "an unknown type id": (TypeNotFound, lambda: node(A, 99)),
    "a type id beyond 64 bits on a node": (TypeNotFound, lambda: node(A, HUGE)),
    "an unknown version": (TypeNotFound, lambda: node(A, ("A", "9"))),
    "a node without a type": (Invalid, lambda: node(A, None)),
    "a type that is a list": (Invalid, lambda: node(A, ["A"])),
    "a type that is half a pair": (Invalid, lambda: node(A, ("A",))),
    "a type put of no change": (ClewError, lambda: node(A, TypePut(NodeType(A, "Lost")))),
    "a kind that is none": (Invalid, lambda: Change(nodes=[NodePut("model", "A")])),  # type: ignore[arg-type]
    "an unknown property": (UnknownProperty, lambda: node(A, properties={"m": 1})),
    "a property of another kind": (UnmatchedPropertyType, lambda: node(A, properties={"n": 1.0})),
    "a bool for an int": (UnmatchedPropertyType, lambda: node(A, properties={"n": True})),
    "a list as a value": (Invalid, lambda: node(A, custom_properties={"x": [1]})),
    "None as a value": (Invalid, lambda: node(A, custom_properties={"x": None})),
    "an int beyond 64 bits": (Invalid, lambda: node(A, properties={"n": 2**63})),
    "properties that are a list": (Invalid, lambda: node(A, custom_properties=["x"])),
    "a text with a lone surrogate": (Invalid, lambda: node(A, custom_properties={"x": SURROGATE})),
    "a name with NUL": (Invalid, lambda: node(A, name="\0")),
    "a name beyond the limit": (Invalid, lambda: node(A, name="ä" * 3000)),
    "a name that is no text": (Invalid, lambda: node(A, name=5)),
    "a name with a lone surrogate": (Invalid, lambda: node(A, name=SURROGATE)),
    "an external id with NUL": (Invalid, lambda: node(A, external_id="a\0b")),
    "a namespace without a name": (Invalid, lambda: node(A, namespace="")),
    "a namespace that is no text": (Invalid, lambda: node(A, namespace=5)),
    "a uri with NUL": (Invalid, lambda: node(A, uri="s3://\0")),
    "a uri of 9000 characters": (Invalid, lambda: node(A, uri="s3://" + "x" * 9000)),
    "a uri that is no text": (Invalid, lambda: node(A, uri=b"s3://b")),
    "a malformed digest": (Invalid, lambda: node(A, digest="sha256:123")),
    "a digest that is no text": (Invalid, lambda: node(A, digest=5)),
    "a malformed fingerprint": (Invalid, lambda: node(E, fingerprint="x")),
    "a negative size": (Invalid, lambda: node(A, size_bytes=-1)),
    "a size beyond 64 bits": (Invalid, lambda: node(A, size_bytes=HUGE)),
    "a size that is a float": (Invalid, lambda: node(A, size_bytes=1.5)),
    "a start before time": (Invalid, lambda: node(E, started_ms=-1)),
    "an end that is text": (Invalid, lambda: node(E, ended_ms="now")),
    "a creation time beyond 64 bits": (Invalid, lambda: node(A, created_ms=HUGE)),
    "a creation time that is text": (Invalid, lambda: node(A, created_ms="x")),
    "an update time beyond 64 bits": (Invalid, lambda: node(A, updated_ms=HUGE)),
    "a state that is none": (Invalid, lambda: node(A, state=77)),
    "a state of another kind": (Invalid, lambda: node(E, state=99)),
    "a state that is text": (Invalid, lambda: node(E, state="COMPLETE")),
    "a context with a state": (Invalid, lambda: node(C, name="c", state=1)),
    "a context that ended at 0": (Invalid, lambda: node(C, name="c", ended_ms=0)),
    "an execution with a uri": (Invalid, lambda: node(E, uri="s3://b")),
    "an artifact with a fingerprint": (Invalid, lambda: node(A, fingerprint="sha256:" + "0" * 64)),
    "a context without a name": (Invalid, lambda: node(C)),
    "a context with an empty name": (Invalid, lambda: node(C, name="")),
    "a name that is taken": (AlreadyRecorded, lambda: node(A, name="a")),
    "an external id that is taken": (AlreadyRecorded, lambda: node(A, external_id="ax")),
    "an id that is missing": (ArtifactNotFound, lambda: node(A, id=9)),
    "an execution id that is missing": (ExecutionNotFound, lambda: node(E, id=9)),
    "a context id that is missing": (ContextNotFound, lambda: node(C, id=9, name="c")),
    "an id of 0": (ArtifactNotFound, lambda: node(A, id=0)),
    "an id beyond 64 bits": (ArtifactNotFound, lambda: node(A, id=HUGE)),
    "an id that is text": (ClewError, lambda: node(A, id="1")),
    "an id that is True": (ClewError, lambda: node(A, id=True)),
    "an import id that is taken": (AlreadyRecorded, lambda: node(A, insert_id=1)),
    "an import id beyond 64 bits": (Invalid, lambda: node(A, insert_id=HUGE)),
    "an import id of 0": (Invalid, lambda: node(A, insert_id=0)),
    "an import id that is text": (Invalid, lambda: node(A, insert_id="7")),
    "another type on update": (Invalid, lambda: node(A, "Base", id=1)),
    "a stale seq": (VersionConflict, lambda: node(A, id=1, expect_updated_seq=0, name="z")),
    "a stale time": (VersionConflict, lambda: node(A, id=1, expect_updated_ms=5, name="z")),
    "a field that cannot be removed": (Invalid, lambda: node(A, id=1, remove=("type_id",))),
    "a field of another kind removed": (Invalid, lambda: node(C, id=1, remove=("uri",))),
    "the name of a context removed": (Invalid, lambda: node(C, id=1, remove=("name",))),
    "reuse by what there is not": (Invalid, lambda: node(A, reuse="uri")),
    "reuse by name without a name": (Invalid, lambda: node(A, reuse="name")),
    "reuse by external id without one": (Invalid, lambda: node(A, reuse="external_id")),
    "a mode that is none": (Invalid, lambda: node(A, id=1, mode="upsert")),
    "a state rule that is none": (Invalid, lambda: node(A, id=1, state=2, state_rule="force")),
    # edges
    "an event on a missing artifact": (ArtifactNotFound, lambda: edge(events=EventPut(9, 1, EventType.INPUT))),
    "an event on a missing execution": (ExecutionNotFound, lambda: edge(events=EventPut(1, 9, EventType.INPUT))),
    "an event on a put of no change": (Invalid, lambda: edge(events=EventPut(NEW, 1, EventType.INPUT))),
    "an event on an artifact beyond 64 bits": (ClewError, lambda: edge(events=EventPut(HUGE, 1, EventType.INPUT))),
    "an event on the very next artifact": (ArtifactNotFound, lambda: _new_run_reads(2)),
    "an event on the artifact the change makes, by number": (
        ArtifactNotFound, lambda: both(node(A, name="new"), _new_run_reads(2)),
    ),
    "an attribution of a new artifact to the very next context": (
        ContextNotFound, lambda: _new_artifact_in(4),
    ),
    "an event on text": (Invalid, lambda: edge(events=EventPut("1", 1, EventType.INPUT))),  # type: ignore[arg-type]
    "an event of unknown type": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.UNKNOWN))),
    "an event of no type": (Invalid, lambda: edge(events=EventPut(1, 1, 77))),  # type: ignore[arg-type]
    "an event type that is a list": (Invalid, lambda: edge(events=EventPut(1, 1, []))),  # type: ignore[arg-type]
    "an event path with a float": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (1.5,)))),  # type: ignore[arg-type]
    "an event path beyond 64 bits": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (HUGE,)))),
    "a position beyond 64 bits": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (2**63,)))),
    "an event path of a surrogate": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (SURROGATE,)))),
    "an event before time": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (), -1))),
    "an event time beyond 64 bits": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (), HUGE))),
    "an event time that is text": (Invalid, lambda: edge(events=EventPut(1, 1, EventType.INPUT, (), "x"))),  # type: ignore[arg-type]
    "an event recorded already": (
        AlreadyRecorded, lambda: edge(events=EventPut(1, 1, EventType.OUTPUT, exist_ok=False)),
    ),
    "an attribution to a missing context": (ContextNotFound, lambda: edge(attributions=LinkPut(9, 1))),
    "an attribution of a missing artifact": (ArtifactNotFound, lambda: edge(attributions=LinkPut(1, 9))),
    "an attribution recorded already": (AlreadyRecorded, lambda: edge(attributions=LinkPut(1, 1, exist_ok=False))),
    "an association of a missing execution": (ExecutionNotFound, lambda: edge(associations=LinkPut(1, 9))),
    "an association of text": (Invalid, lambda: edge(associations=LinkPut("1", 1))),  # type: ignore[arg-type]
    "a context as its own parent": (CycleIntroduced, lambda: edge(parents=LinkPut(1, 1))),
    "a grandchild as a parent": (CycleIntroduced, lambda: edge(parents=LinkPut(1, 3))),
    "a parent that is missing": (ContextNotFound, lambda: edge(parents=LinkPut(9, 1))),
    "a parent recorded already": (AlreadyRecorded, lambda: edge(parents=LinkPut(2, 1, exist_ok=False))),
    "a cycle within one change": (
        CycleIntroduced, lambda: Change(parents=[LinkPut(3, 1), LinkPut(1, 3)]),
    ),
    # the change itself
    "a namespace with a lone surrogate": (Invalid, lambda: Change(namespace=SURROGATE)),
    "a change in no namespace": (Invalid, lambda: Change(namespace="")),
    "an actor with NUL": (Invalid, lambda: Change(actor="\0")),
    "an actor that is no text": (Invalid, lambda: Change(actor=None)),  # type: ignore[arg-type]
    "a key with NUL": (Invalid, lambda: Change(key="\0")),
    "a key that is no text": (Invalid, lambda: Change(key=5)),  # type: ignore[arg-type]
    "a key used for another request": (KeyReused, lambda: Change(key="used", nodes=[NodePut(A, "A")])),
    "a keyed change with a creation time beyond 64 bits": (
        Invalid, lambda: Change(key="new", nodes=[NodePut(A, "A", created_ms=HUGE)]),
    ),
    "a keyed change with an odd path": (
        Invalid, lambda: Change(key="new", events=[EventPut(1, 1, EventType.INPUT, (SURROGATE,))]),
    ),
    "a keyed change with an odd type": (ClewError, lambda: Change(key="new", nodes=[NodePut(A, object())])),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_typed_error_and_changes_nothing(stocked: Record, dump: Callable[[], Dump], case: str) -> None:
    wanted, change = BAD[case]
    before = dump()
    with_good = change()
    with_good.nodes.insert(0, NodePut(A, "A", name="good"))
    with_good.types.insert(0, TypePut(NodeType(A, "Good")))
    for attempt in (change(), with_good):
        with pytest.raises(wanted) as caught:
            stocked.commit(attempt)
        assert caught.value.message
        assert len(str(caught.value)) < 1000
    assert dump() == before


# Bad only as long as nobody else makes the next artifact.
ALONE = {"an event on the very next artifact", "an event on the artifact the change makes, by number"}


@pytest.mark.parametrize("case", sorted(BAD.keys() - ALONE))
def test_a_bad_change_takes_nothing_from_the_good_ones_beside_it(sqlite_stocked: Record, case: str) -> None:
    wanted, change = BAD[case]
    first, bad, last = sqlite_stocked.commit_many([node(A, name="first"), change(), node(A, name="last")])
    assert isinstance(bad, wanted)
    assert not isinstance(first, BaseException)
    assert not isinstance(last, BaseException)
    assert (first.seq, last.seq) == (2, 3)
    assert (first.node_ids, last.node_ids) == ((2,), (3,))


@dataclass
class Page:
    """The arguments of a listing that must be refused."""

    arguments: dict[str, Any]
    wanted: type[ClewError] = Invalid


@pytest.mark.parametrize(
    "page",
    [
        Page({"limit": 0}), Page({"limit": -1}), Page({"limit": 10**9}), Page({"limit": "5"}), Page({"limit": True}),
        Page({"order": "colour"}), Page({"order": "id; DROP TABLE artifact"}),
        Page({"after": "garbage"}, InvalidCursor), Page({"after": ""}, InvalidCursor),
        Page({"after": "\ud800"}, InvalidCursor), Page({"after": "ä"}, InvalidCursor),
        Page({"after": "WyJpZCIsZmFsc2UsMTg0NDY3NDQwNzM3MDk1NTE2MTVd"}, InvalidCursor),  # id 2^64-1
        Page({"after": "WyJpZCIsdHJ1ZSwxXQ"}, InvalidCursor),  # of a descending listing
        Page({"type": "Nothing"}, TypeNotFound), Page({"type": "E"}, TypeNotFound),
        Page({"type": SURROGATE}, ClewError), Page({"type": 5.0}, ClewError), Page({"type": HUGE}),
        Page({"type": True}),
        Page({"namespace": SURROGATE}), Page({"namespace": 5}), Page({"context_id": HUGE}), Page({"context_id": "x"}),
        Page({"where": "name ="}), Page({"where": "nothing = 1"}), Page({"where": "'" * 9}), Page({"where": SURROGATE}),
        Page({"where": f"id = {HUGE}"}),
    ],
    ids=lambda page: repr(page.arguments),
)  # fmt: skip
def test_a_bad_listing_is_one_typed_error(stocked: Record, page: Page) -> None:
    with stocked.read() as reader, pytest.raises(page.wanted):
        reader.artifacts(**page.arguments)


@pytest.mark.parametrize(
    ("wanted", "ask"),
    [
        (ArtifactNotFound, lambda r: r.artifact(9)),
        (ArtifactNotFound, lambda r: r.node(NodeRef(A, 0))),
        (ArtifactNotFound, lambda r: r.artifact(-1)),
        (ClewError, lambda r: r.artifact(HUGE)),
        (ClewError, lambda r: r.artifact("1")),
        (ClewError, lambda r: r.artifacts_by_id(["1"])),
        (ClewError, lambda r: r.events_of_artifacts([None])),
        (ClewError, lambda r: r.contexts_of_artifacts([HUGE])),
        (ExecutionNotFound, lambda r: r.execution(9)),
        (ContextNotFound, lambda r: r.context(9)),
        (ArtifactNotFound, lambda r: r.history(NodeRef(A, 9))),
        (TypeNotFound, lambda r: r.type(A, "Nothing")),
        (TypeNotFound, lambda r: r.find(A, "Nothing", "x")),
        (Invalid, lambda r: r.find(A, "A", SURROGATE)),
        (Invalid, lambda r: r.find_external(A, [SURROGATE])),
        (Invalid, lambda r: r.find_external(A, ["a\0b"])),
        (Invalid, lambda r: r.artifacts_at("a\0b")),
        (Invalid, lambda r: r.artifacts_with_digest("x")),
        (Invalid, lambda r: r.executions_with_fingerprint("x")),
        (Invalid, lambda r: r.executions_with_fingerprint("sha256:" + "0" * 64, limit=-1)),
        (Invalid, lambda r: r.changes(limit=-1)),
        (Invalid, lambda r: r.changes(after=HUGE)),
        (Invalid, lambda r: r.seq_at(HUGE)),
    ],
)
def test_a_bad_question_is_one_typed_error(
    stocked: Record, wanted: type[ClewError], ask: Callable[[Any], object]
) -> None:
    with stocked.read() as reader, pytest.raises(wanted):
        ask(reader)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [({"as_of": 2}, ChangeNotFound), ({"as_of": -1}, ChangeNotFound), ({"as_of": HUGE}, ClewError),
     ({"as_of": "1"}, ClewError), ({"as_of_ms": "now"}, ClewError), ({"as_of_ms": HUGE}, ClewError)],
)  # fmt: skip
def test_a_moment_that_is_none_is_refused(stocked: Record, arguments: Any, wanted: type[ClewError]) -> None:
    with pytest.raises(wanted), stocked.read(**arguments):
        pass


def test_an_artifact_state_is_kept_when_a_change_fails(stocked: Record) -> None:
    with pytest.raises(ArtifactNotFound):
        stocked.commit(both(node(A, id=1, state=ArtifactState.DELETED), node(A, id=9)))
    with stocked.read() as reader:
        assert reader.artifact(1).state is None
