"""What the record promises, on SQLite and on PostgreSQL: types, nodes, edges, values."""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Callable
from typing import Any, Protocol

import pytest

from clew.metadata.change import Change, NodePut
from clew.metadata.errors import AlreadyRecorded, TypeConflict, VersionConflict
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Proto

A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT
DIGEST = "sha256:" + "0" * 64


class Clock(Protocol):
    now_ms: int

    def advance(self, ms: int) -> None: ...


@pytest.fixture
def typed(record: Record) -> Record:
    """A record with one type of each kind, named Data, Step and Run."""
    change = Change()
    for kind, name in ((A, "Data"), (E, "Step"), (C, "Run")):
        change.type(NodeType(kind, name))
    record.commit(change)
    return record


def put(record: Record, kind: Kind, type: Any = None, **fields: Any) -> int:
    """Record one node put; return the node's id."""
    change = Change()
    change.node(NodePut(kind, type or {A: "Data", E: "Step", C: "Run"}[kind], **fields))
    return record.commit(change).node_ids[0]


def declare(record: Record, node_type: NodeType, **options: Any) -> int:
    """Register or evolve a type; return its id."""
    change = Change()
    change.type(node_type, **options)
    return record.commit(change).type_ids[0]


# -- types ---------------------------------------------------------------------------------------------------------


def test_the_first_type_of_a_user_is_number_ten_after_the_predefined_nine(record: Record) -> None:
    with record.read() as reader:
        predefined = [(t.id, t.kind, t.name) for t in reader.types()]
    assert [p[0] for p in predefined] == list(range(1, 10))
    assert predefined[0] == (1, A, "mlmd.Dataset")
    assert predefined[8] == (9, E, "mlmd.Deploy")
    assert declare(record, NodeType(A, "Data")) == 10
    assert declare(record, NodeType(E, "Data")) == 11
    assert declare(record, NodeType(A, "Data", version="1")) == 12
    assert declare(record, NodeType(A, "Data")) == 10


def test_a_type_keeps_what_it_was_given(record: Record) -> None:
    structure = {"union": [{"simple": {}}, {"any": {"deep": [1, None]}}]}
    given = NodeType(
        E, "Ünï", "v1", {"a b": PropertyType.PROTO, "x": PropertyType.BOOLEAN}, "words", "ext", None, structure, {}
    )
    declare(record, given)
    with record.read() as reader:
        kept = reader.type(E, "Ünï", "v1")
    for name in ("kind", "name", "version", "properties", "description", "external_id", "input_type", "output_type"):
        assert getattr(kept, name) == getattr(given, name)


def test_a_type_grows_and_never_forgets(record: Record) -> None:
    declare(record, NodeType(A, "T", properties={"a": PropertyType.INT, "b": PropertyType.STRING}))
    declare(record, NodeType(A, "T", properties={"c": PropertyType.STRUCT}))
    with record.read() as reader:
        kept = reader.type(A, "T")
    assert kept.properties == {"a": PropertyType.INT, "b": PropertyType.STRING, "c": PropertyType.STRUCT}
    assert (kept.created_seq, kept.updated_seq) == (1, 2)


def test_a_property_never_changes_its_kind_while_another_version_may(record: Record) -> None:
    declare(record, NodeType(A, "T", properties={"a": PropertyType.INT}))
    with pytest.raises(TypeConflict):
        declare(record, NodeType(A, "T", properties={"a": PropertyType.STRING}))
    declare(record, NodeType(A, "T", version="2", properties={"a": PropertyType.STRING}))
    with record.read() as reader:
        assert reader.type(A, "T").properties == {"a": PropertyType.INT}
        assert reader.type(A, "T", "2").properties == {"a": PropertyType.STRING}


def test_a_base_type_is_set_once_and_may_come_later(record: Record) -> None:
    declare(record, NodeType(A, "T"))
    assert declare(record, NodeType(A, "T"), base_type="mlmd.Dataset") == 10
    declare(record, NodeType(A, "T"), base_type=1)
    declare(record, NodeType(A, "T"))
    with record.read() as reader:
        assert reader.type(A, "T").base_type_id == 1


def test_registering_a_type_again_changes_nothing(record: Record) -> None:
    node_type = NodeType(A, "T", properties={"a": PropertyType.INT})
    declare(record, node_type)
    change = Change()
    change.type(node_type)
    receipt = record.commit(change)
    assert (receipt.seq, receipt.changed) == (1, False)


def test_types_and_nodes_of_one_change_may_name_each_other(record: Record) -> None:
    change = Change()
    node_type = change.type(NodeType(A, "T", version="7", properties={"n": PropertyType.INT}))
    artifact = change.artifact(node_type, properties={"n": 5})
    by_name = change.artifact(("T", "7"))
    receipt = record.commit(change)
    assert receipt.seq == 1
    with record.read() as reader:
        assert reader.artifact(receipt.id(artifact)).type_id == receipt.id(node_type)
        assert reader.artifact(receipt.id(by_name)).type == "T"


# -- values --------------------------------------------------------------------------------------------------------

VALUES: dict[str, Any] = {
    "int64 max": 2**63 - 1,
    "int64 min": -(2**63),
    "an int no double holds": 2**53 + 1,
    "zero": 0,
    "minus zero": -0.0,
    "a double that is whole": 1e22,
    "the smallest denormal": 5e-324,
    "the largest double": 1.7976931348623157e308,
    "a tenth": 0.1,
    "infinity": math.inf,
    "minus infinity": -math.inf,
    "nan": math.nan,
    "a nan with a payload": struct.unpack(">d", bytes.fromhex("7ff8000000abcdef"))[0],
    "a negative signalling nan": struct.unpack(">d", bytes.fromhex("fff4000000000001"))[0],
    "no text": "",
    "NUL": "a\0b",
    "only NUL": "\0",
    "Unicode": "ü \U0001f9f6 \u202e \uffff \ufdd0 \x7f \x1f 'quote' \"double\" \\back%s ? :x",
    "text like a tag": '{"d": "7ff8000000000000"}',
    "text like MLMD's null": "__MLMD_NULL__",
    "a long text": "x" * 1_000_000,
    "true": True,
    "false": False,
    "an empty struct": {},
    "a struct": {
        "z": 2**100,
        "a": [1, 1.0, True, None, "\0", {"n": math.nan, "i": -math.inf, "": []}],
        "s": {"d": "x"},
    },
    "no proto bytes": Proto("type.googleapis.com/x.Y", b""),
    "proto bytes": Proto("", bytes(range(256))),
}


def exact(value: Any) -> Any:
    """A form whose equality tells 1 from 1.0 and True, 0.0 from -0.0, and one nan from another."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, dict):
        return [(k, exact(v)) for k, v in value.items()]
    if isinstance(value, list):
        return [exact(v) for v in value]
    return (type(value).__name__, value)


def test_every_value_comes_back_as_it_was_given(typed: Record) -> None:
    artifact = put(typed, A, custom_properties=VALUES)
    execution = put(typed, E, custom_properties=VALUES)
    context = put(typed, C, name="c", custom_properties=VALUES)
    with typed.read() as reader:
        for ref in (NodeRef(A, artifact), NodeRef(E, execution), NodeRef(C, context)):
            kept = reader.node(ref).custom_properties
            assert {k: exact(v) for k, v in kept.items()} == {k: exact(v) for k, v in VALUES.items()}


def test_a_value_survives_an_update_of_its_neighbour(typed: Record) -> None:
    artifact = put(typed, A, custom_properties=VALUES)
    put(typed, A, id=artifact, custom_properties={"new": 1})
    with typed.read() as reader:
        now, before = reader.artifact(artifact), reader.history(NodeRef(A, artifact))[0]
    assert now.custom_properties.keys() == VALUES.keys() | {"new"}
    for name, value in VALUES.items():
        assert exact(now.custom_properties[name]) == exact(value)
        assert exact(before.custom_properties[name]) == exact(value)


def test_declared_and_custom_properties_of_one_name_are_two(typed: Record) -> None:
    declare(typed, NodeType(A, "Data", properties={"x": PropertyType.INT}))
    artifact = put(typed, A, properties={"x": 1}, custom_properties={"x": "one"})
    put(typed, A, id=artifact, custom_properties={"x": "two"})
    with typed.read() as reader:
        kept = reader.artifact(artifact)
    assert (kept.properties, kept.custom_properties) == ({"x": 1}, {"x": "two"})


# -- nodes ---------------------------------------------------------------------------------------------------------


def test_ids_are_dense_and_count_each_kind_apart(typed: Record) -> None:
    assert [put(typed, A) for _ in range(3)] == [1, 2, 3]
    assert [put(typed, E) for _ in range(2)] == [1, 2]
    assert put(typed, C, name="c") == 1
    with pytest.raises(AlreadyRecorded):
        put(typed, C, name="c")
    assert put(typed, C, name="d") == 2


def test_an_artifact_keeps_every_field(typed: Record, clock: Clock) -> None:
    clock.advance(5)
    artifact = put(
        typed, A, name="näme", external_id="ext", uri="S3A://Bucket/key/", state=ArtifactState.LIVE, digest=DIGEST,
        size_bytes=2**63 - 1, namespace="team",
    )  # fmt: skip
    with typed.read() as reader:
        kept = reader.artifact(artifact)
    assert (kept.name, kept.external_id, kept.namespace, kept.type) == ("näme", "ext", "team", "Data")
    assert (kept.uri, kept.location) == ("S3A://Bucket/key/", "s3://Bucket/key")
    assert (kept.state, kept.digest, kept.size_bytes) == (ArtifactState.LIVE, DIGEST, 2**63 - 1)
    assert (kept.created_ms, kept.updated_ms, kept.created_seq, kept.updated_seq) == (clock.now_ms, clock.now_ms, 2, 2)


def test_an_execution_keeps_every_field(typed: Record) -> None:
    execution = put(
        typed, E, name="", fingerprint=DIGEST, started_ms=0, ended_ms=2**63 - 1, state=ExecutionState.FAILED
    )
    with typed.read() as reader:
        kept = reader.execution(execution)
    assert (kept.name, kept.external_id, kept.state) == ("", None, ExecutionState.FAILED)
    assert (kept.fingerprint, kept.started_ms, kept.ended_ms) == (DIGEST, 0, 2**63 - 1)


def test_names_and_external_ids_are_unique_within_their_namespace_only(typed: Record) -> None:
    assert put(typed, A, name="n", external_id="x") == 1
    assert put(typed, A, name="n", external_id="x", namespace="other") == 2
    declare(typed, NodeType(A, "Other"))
    assert put(typed, A, "Other", name="n") == 3
    with pytest.raises(AlreadyRecorded):
        put(typed, A, "Other", external_id="x")
    assert put(typed, A) == put(typed, A) - 1 == 4
    with typed.read() as reader:
        assert reader.find(A, "Data", "n") == reader.artifact(1)
        assert reader.find(A, "Data", "n", "other") == reader.artifact(2)
        assert reader.find(A, "Data", "missing") is None
        assert reader.find_external(A, ["x", "y"], "other") == [reader.artifact(2)]
        assert [a.id for a in reader.artifacts(namespace="other").items] == [2]


def test_a_namespace_given_to_the_change_is_that_of_its_nodes(typed: Record) -> None:
    change = Change(namespace="team")
    change.artifact("Data")
    change.artifact("Data", namespace="own")
    typed.commit(change)
    with typed.read() as reader:
        assert [a.namespace for a in reader.artifacts().items] == ["team", "own"]
        assert [c.seq for c in reader.changes(namespace="team")] == [2]


def test_protocols_that_spell_a_uri_differently_meet_at_one_location(typed: Record) -> None:
    ids = [put(typed, A, uri=uri) for uri in ("s3://b/k", "s3a://b/k/", "S3N://b/k", "s3://b/other")]
    with typed.read() as reader:
        assert [a.id for a in reader.artifacts_at("s3://b/k")] == ids[2::-1]
        assert reader.artifacts_at("s3://b") == []


def test_nodes_are_found_by_digest_and_fingerprint_newest_first(typed: Record) -> None:
    artifacts = [put(typed, A, digest=DIGEST) for _ in range(3)]
    executions = [put(typed, E, fingerprint=DIGEST) for _ in range(3)]
    with typed.read() as reader:
        assert [a.id for a in reader.artifacts_with_digest(DIGEST)] == artifacts[::-1]
        assert [e.id for e in reader.executions_with_fingerprint(DIGEST, limit=2)] == executions[:0:-1]
        assert reader.artifacts_with_digest("sha256:" + "1" * 64) == []


def test_a_late_or_repeated_report_never_moves_a_finished_execution_back(typed: Record) -> None:
    execution = put(typed, E, state=ExecutionState.RUNNING)
    put(typed, E, id=execution, state=ExecutionState.COMPLETE, ended_ms=5)
    for late in (ExecutionState.NEW, ExecutionState.RUNNING, ExecutionState.FAILED, ExecutionState.COMPLETE):
        put(typed, E, id=execution, state=late)
    with typed.read() as reader:
        assert reader.execution(execution).state is ExecutionState.COMPLETE
        assert reader.seq == 3
    put(typed, E, id=execution, state=ExecutionState.FAILED, state_rule="replace")
    with typed.read() as reader:
        assert reader.execution(execution).state is ExecutionState.FAILED


def test_merge_keeps_what_it_does_not_name_and_replace_clears_it(typed: Record) -> None:
    first = {"uri": "s3://b/k", "external_id": "x", "state": ArtifactState.LIVE, "digest": DIGEST}
    for mode, kept in (("merge", ("s3://b/k", "y", {"a": 1, "b": 2})), ("replace", (None, "z", {"b": 2}))):
        artifact = put(typed, A, custom_properties={"a": 1}, **first | {"external_id": f"{mode}"})
        put(typed, A, id=artifact, mode=mode, external_id=kept[1], custom_properties={"b": 2})
        with typed.read() as reader:
            now = reader.artifact(artifact)
        assert (now.uri, now.external_id, now.custom_properties) == kept
        assert now.location == kept[0]
        assert now.digest == DIGEST


def test_single_fields_and_properties_can_be_removed(typed: Record) -> None:
    artifact = put(typed, A, name="n", uri="s3://b/k", digest=DIGEST, custom_properties={"a": 1, "b.c": 2, "d": 3})
    put(typed, A, id=artifact, remove=("uri", "digest", "custom_properties.b.c"), custom_properties={"d": 4})
    with typed.read() as reader:
        now = reader.artifact(artifact)
    assert (now.uri, now.location, now.digest, now.name) == (None, None, None, "n")
    assert now.custom_properties == {"a": 1, "d": 4}


def test_an_update_that_changes_nothing_leaves_no_trace(typed: Record, clock: Clock) -> None:
    artifact = put(typed, A, name="n", custom_properties={"a": 1, "b": 2})
    clock.advance(10)
    change = Change()
    change.artifact(id=artifact, name="n", custom_properties={"b": 2, "a": 1})
    receipt = typed.commit(change)
    assert (receipt.changed, receipt.seq, receipt.node_ids) == (False, 2, (artifact,))
    with typed.read() as reader:
        assert len(reader.history(NodeRef(A, artifact))) == 1
        assert reader.artifact(artifact).updated_ms == clock.now_ms - 10


def test_the_update_time_strictly_grows_even_when_the_clock_stands_or_goes_back(typed: Record, clock: Clock) -> None:
    artifact = put(typed, A)
    times: list[int] = []
    for step in (0, -1000, 0, 5):
        clock.advance(step)
        put(typed, A, id=artifact, custom_properties={"n": len(times)})
        with typed.read() as reader:
            times.append(reader.artifact(artifact).updated_ms)
    assert all(a < b for a, b in itertools.pairwise(times))


def test_reuse_finds_by_name_or_external_id_and_updates_or_leaves(typed: Record) -> None:
    first = put(typed, A, name="n", external_id="x", reuse="name")
    assert put(typed, A, name="n", reuse="name", custom_properties={"a": 1}) == first
    assert put(typed, A, external_id="x", reuse="external_id", custom_properties={"b": 1}) == first
    assert put(typed, A, name="n", reuse="name", if_absent=True, custom_properties={"c": 1}) == first
    assert put(typed, A, name="n", reuse="name", namespace="other") == first + 1
    with typed.read() as reader:
        assert reader.artifact(first).custom_properties == {"a": 1, "b": 1}


def test_two_puts_of_one_change_may_reuse_one_name(typed: Record) -> None:
    change = Change()
    puts = [change.context("Run", name="r", reuse="name", custom_properties={"n": n}) for n in range(3)]
    receipt = typed.commit(change)
    assert [receipt.id(p) for p in puts] == [1, 1, 1]
    with typed.read() as reader:
        assert reader.context(1).custom_properties == {"n": 2}
        assert len(reader.history(NodeRef(C, 1))) == 1


def test_an_update_expecting_an_older_state_is_refused(typed: Record) -> None:
    artifact = put(typed, A)
    with typed.read() as reader:
        seen = reader.artifact(artifact)
    put(typed, A, id=artifact, custom_properties={"by": "other"}, expect_updated_seq=seen.updated_seq)
    with pytest.raises(VersionConflict) as caught:
        put(typed, A, id=artifact, custom_properties={"by": "me"}, expect_updated_seq=seen.updated_seq)
    assert caught.value.field == "expect_updated_seq"
    with typed.read() as reader:
        assert reader.artifact(artifact).custom_properties == {"by": "other"}


def test_an_import_keeps_its_ids_and_times_and_the_counter_goes_on_behind_them(typed: Record) -> None:
    assert put(typed, A, insert_id=7, created_ms=5, updated_ms=6) == 7
    assert put(typed, A) == 8
    assert put(typed, A, insert_id=3) == 3
    assert put(typed, A) == 9
    with typed.read() as reader:
        assert (reader.artifact(7).created_ms, reader.artifact(7).updated_ms) == (5, 6)
        assert [a.id for a in reader.artifacts().items] == [3, 7, 8, 9]
    change = Change()
    change.event(4, change.execution("Step"), EventType.INPUT)
    with pytest.raises(LookupError):
        typed.commit(change)


# -- edges ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def linked(typed: Record) -> Record:
    """raw -> step -> model; both artifacts and the step in a run, which lies in a project."""
    change = Change()
    raw, model = change.artifact("Data", name="raw"), change.artifact("Data", name="model")
    step = change.execution("Step")
    run, project = change.context("Run", name="run"), change.context("Run", name="project")
    change.event(raw, step, EventType.INPUT, path=("data", 0, "ключ\0"), time_ms=5)
    change.event(model, step, EventType.OUTPUT)
    for artifact in (raw, model):
        change.attribute(run, artifact)
    change.associate(run, step)
    change.parent(run, project)
    typed.commit(change)
    return typed


def test_events_keep_their_path_and_time(linked: Record, clock: Clock) -> None:
    with linked.read() as reader:
        read, written = reader.events_of_executions([1])
        assert reader.events_of_artifacts([1]) == [read]
    assert (read.artifact_id, read.type, read.path, read.time_ms) == (1, EventType.INPUT, ("data", 0, "ключ\0"), 5)
    assert (written.artifact_id, written.type, written.path, written.time_ms) == (2, EventType.OUTPUT, (), clock.now_ms)
    assert read.created_seq == written.created_seq == 2


def test_contexts_are_found_from_their_members_and_from_each_other(linked: Record) -> None:
    with linked.read() as reader:
        run, project = reader.context(1), reader.context(2)
        assert reader.contexts_of_artifacts([1, 2, 99]) == {1: [run], 2: [run], 99: []}
        assert reader.contexts_of_executions([1]) == {1: [run]}
        assert (reader.parents_of([1, 2]), reader.children_of([2])) == ({1: [project], 2: []}, {2: [run]})
        assert [a.id for a in reader.artifacts(context_id=1).items] == [1, 2]
        assert [e.id for e in reader.executions(context_id=1).items] == [1]
        assert reader.artifacts(context_id=2).items == []


def test_an_edge_reported_again_changes_nothing(linked: Record) -> None:
    change = Change()
    change.event(1, 1, EventType.INPUT, path=("other",))
    change.attribute(1, 1)
    change.associate(1, 1)
    change.parent(1, 2)
    assert linked.commit(change).changed is False
    with linked.read() as reader:
        assert reader.events_of_artifacts([1])[0].path == ("data", 0, "ключ\0")


def test_one_artifact_may_be_input_and_output_of_one_execution(linked: Record) -> None:
    change = Change()
    change.event(1, 1, EventType.OUTPUT)
    change.event(1, 1, EventType.DECLARED_INPUT)
    linked.commit(change)
    with linked.read() as reader:
        types = [e.type for e in reader.events_of_artifacts([1])]
    assert types == [EventType.INPUT, EventType.OUTPUT, EventType.DECLARED_INPUT]


def test_a_context_may_have_several_parents(linked: Record) -> None:
    other = put(linked, C, name="other")
    change = Change()
    change.parent(1, other)
    change.parent(2, other)
    linked.commit(change)
    with linked.read() as reader:
        assert [c.name for c in reader.parents_of([1])[1]] == ["project", "other"]


# -- listings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["id", "created", "updated", "name"])
@pytest.mark.parametrize("descending", [False, True])
def test_pages_hold_every_node_once_in_order_even_where_keys_tie(typed: Record, order: Any, descending: bool) -> None:
    names = ["b", None, "a", "ä", None, "Z", "\U0001f9f6", ""]
    for name in names:
        put(typed, A, name=name)
    with typed.read() as reader:
        whole = reader.artifacts(order=order, descending=descending).items
        paged, after = [], None
        for _ in names:
            page = reader.artifacts(order=order, descending=descending, after=after, limit=3)
            paged += page.items
            after = page.next_cursor
            if after is None:
                break
    assert paged == whole
    assert sorted(a.id for a in paged) == list(range(1, len(names) + 1))
    if order != "name":
        assert [a.id for a in paged] == sorted(range(1, len(names) + 1), reverse=descending)


def test_counts_agree_with_listings(typed: Record) -> None:
    declare(typed, NodeType(A, "Other"))
    for n in range(5):
        put(typed, A, "Other" if n % 2 else "Data", namespace="x" if n == 4 else None)
    with typed.read() as reader:
        assert reader.count(A) == 5
        assert reader.count(A, type="Other") == 2
        assert reader.count(A, namespace="x") == 1
        assert reader.count_by_type(A) == {10: 3, 13: 2}
        assert reader.count(E) == 0
        assert [a.id for a in reader.artifacts(type="Other").items] == [2, 4]
        assert reader.artifacts(type=13).items == reader.artifacts(type="Other").items
        assert (reader.count(A, type=13), reader.artifacts(type=999).items) == (2, [])


def test_bulk_rows_hold_the_same_as_the_listings(linked: Record) -> None:
    with linked.read() as reader:
        edges = [tuple(row) for chunk in reader.edge_rows() for row in chunk]
        nodes = [tuple(row) for chunk in reader.node_rows(A) for row in chunk]
        kept = reader.artifacts().items
    assert edges == [(1, 3, 1), (1, 4, 2)]
    assert nodes == [(a.id, a.type_id, None, "default", a.created_ms, 2, 2) for a in kept]


# -- durability ----------------------------------------------------------------------------------------------------


def test_what_is_acknowledged_is_on_disk(record_url: str, run_sql: Callable[[str, str], None]) -> None:
    """The settings that make it so; make torture shows the rest. A lax database is not taken at its word."""
    if not record_url.startswith("sqlite"):
        run_sql(record_url, f"ALTER DATABASE {record_url.rpartition('/')[2]} SET synchronous_commit = off")
    with Record.open(record_url) as record, record.store.write(locked=True) as session:
        if record.store.dialect == "sqlite":
            assert session.fetch("PRAGMA journal_mode") == [("wal",)]
            assert session.fetch("PRAGMA synchronous") == [(2,)]  # FULL
        else:
            assert session.fetch("SHOW synchronous_commit") == [("on",)]
            assert session.fetch("SHOW fsync") == [("on",)]
