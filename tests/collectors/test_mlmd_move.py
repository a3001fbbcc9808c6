"""A whole store moves in: what the original library answers from it, Clew answers from the record."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.collectors.mlmd.compare import prove
from clew.collectors.mlmd.mapping import Into
from clew.collectors.mlmd.move import Moved, move
from clew.collectors.mlmd.proof import Proof
from clew.collectors.mlmd.source import Batch
from clew.collectors.mlmd.sqlite import open_sqlite
from clew.metadata.change import Change, NodePut
from clew.metadata.errors import Conflict, Invalid, TypeConflict
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import EventType, PropertyType

Ask = Callable[[Any], Any]


def silent(subject: str, done: int, total: int | None) -> None:
    """Tells nobody."""


def bring_in(path: Path, record: Record, label: str = "old", namespace: str = "default") -> tuple[Moved, Proof]:
    """Move the store ``path`` into ``record``, and compare."""
    source, into = open_sqlite(path), Into(record, label, namespace)
    try:
        moved = move(source, into, silent)
        return moved, prove(source, into, moved, silent)
    finally:
        source.close()


def edit(path: Path, *statements: str) -> None:
    """Change a store behind its library's back."""
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def total(moved: Moved) -> int:
    return sum(moved.added.values()) + sum(moved.updated.values())


# -- what comes in


def test_clew_answers_from_a_moved_store_as_the_library_does(
    library: Any, full_store: Path, record: Record, ask_clew: Any, answers_of: Any
) -> None:
    moved, proof = bring_in(full_store, record)
    assert (moved.keeps_ids, proof.ok, proof.differences, proof.lost) == (True, True, [], [])
    assert answers_of(ask_clew(record)) == answers_of(library)


@pytest.mark.parametrize("version", [6, 7, 8, 9])
def test_older_schemas_are_read_as_they_are(
    library: Any, fill: Any, tmp_path: Path, sqlite_record: Record, ask_clew: Any, answers_of: Any, version: int
) -> None:
    path = tmp_path / "metadata.db"
    library.open(path)
    fill(library, protos=False, external_ids=version >= 9)
    expected = answers_of(library)
    library.close()
    library.downgrade(version, path)
    source = open_sqlite(path)
    assert source.version == version
    source.close()
    _, proof = bring_in(path, sqlite_record)
    assert proof.ok
    assert answers_of(ask_clew(sqlite_record)) == expected


def test_the_log_says_who_brought_it_in(full_store: Path, sqlite_record: Record) -> None:
    bring_in(full_store, sqlite_record, "old")
    with sqlite_record.read() as reader:
        assert {change.actor for change in reader.changes()} == {"import mlmd old"}


def test_exotic_values_come_in_exactly(library: Any, tmp_path: Path, sqlite_record: Record) -> None:
    path = tmp_path / "metadata.db"
    library.open(path)
    kind = library(svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="T", properties={"s": pb.STRING})))
    library(svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=kind.type_id)]))
    library.close()
    connection = sqlite3.connect(path)
    insert = "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, {}) VALUES (1, ?, 1, ?)"
    doubles = {
        "inf": float("inf"),
        "-inf": float("-inf"),
        "third": 1 / 3,
        "tiny": 5e-324,
        "nan": "nan",
        "zero": b"-0.0",
    }
    connection.executemany(insert.format("double_value"), doubles.items())
    texts = {"nul": "a\0b", "null": "__MLMD_NULL__", "no struct": "mlmd-struct::x", "struct": "mlmd-struct::"}
    connection.executemany(insert.format("string_value"), texts.items())
    connection.execute("INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, string_value) "
                       "VALUES (1, 's', 0, 'mlmd-struct::')")  # fmt: skip
    connection.execute(insert.format("int_value"), ("least", -(2**63)))
    connection.commit()
    connection.close()
    _, proof = bring_in(path, sqlite_record)
    assert proof.ok
    with sqlite_record.read() as reader:
        found = reader.artifact(1)
    assert repr(found.custom_properties.pop("nan")) == "nan"
    assert repr(found.custom_properties.pop("zero")) == "-0.0"
    assert found.custom_properties == {
        "inf": float("inf"), "-inf": float("-inf"), "third": 1 / 3, "tiny": 5e-324, "least": -(2**63),
        "nul": "a\0b", "null": "__MLMD_NULL__", "no struct": "mlmd-struct::x", "struct": {},
    }  # fmt: skip
    assert found.properties == {"s": "mlmd-struct::"}, "declared to be text"


def test_types_of_a_store_older_than_the_predefined_ones_make_room_for_them(
    library: Any, full_store: Path, sqlite_record: Record
) -> None:
    """The first libraries had none, and began to count types at 1."""
    library.close()
    edit(
        full_store,
        "UPDATE Type SET id = 100 WHERE id = 1",
        "UPDATE Type SET id = 1 WHERE name = 'Data' AND version IS NULL",
        "UPDATE TypeProperty SET type_id = 1 WHERE type_id = 11",
        "UPDATE ParentType SET type_id = 1, parent_type_id = 100 WHERE type_id = 11",
        "UPDATE Artifact SET type_id = 100 WHERE type_id = 1",
        "UPDATE Artifact SET type_id = 1 WHERE type_id = 11",
    )
    _, proof = bring_in(full_store, sqlite_record)
    assert proof.ok
    with sqlite_record.read() as reader:
        assert reader.type(Kind.ARTIFACT, "mlmd.Dataset").id == 1
        assert reader.type(Kind.ARTIFACT, "Data").id == 101
        assert reader.artifact(1).type == "Data"


# -- what no record can hold


def test_events_of_old_schemas_that_are_there_twice_count_once_the_last(
    library: Any, fill: Any, tmp_path: Path, sqlite_record: Record
) -> None:
    path = tmp_path / "metadata.db"
    library.open(path)
    fill(library, protos=False, external_ids=False)
    library.close()
    library.downgrade(7, path)
    edit(path, "INSERT INTO Event (artifact_id, execution_id, type, milliseconds_since_epoch) VALUES (2, 1, 4, 99)")
    assert bring_in(path, sqlite_record)[1].ok
    with sqlite_record.read() as reader:
        (event,) = [e for e in reader.events_of_executions([1]) if e.artifact_id == 2]
    assert (event.time_ms, event.path) == (99, ())


def test_what_hangs_on_nothing_is_told_as_lost(library: Any, full_store: Path, sqlite_record: Record) -> None:
    library.close()
    edit(
        full_store,
        "INSERT INTO Event (artifact_id, execution_id, type) VALUES (77, 1, 3), (1, 77, 3), (1, 1, 9)",
        "INSERT INTO Attribution (artifact_id, context_id) VALUES (1, 77), (77, 1)",
        "INSERT INTO ParentContext VALUES (1, 77)",
        "INSERT INTO Artifact (type_id) VALUES (77)",
        "UPDATE Artifact SET state = 77 WHERE id = 2",
        "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property) VALUES (2, 'nothing', 1)",
        "INSERT INTO ArtifactProperty (artifact_id, name, is_custom_property, int_value) VALUES (2, '', 1, 1)",
    )
    _, proof = bring_in(full_store, sqlite_record)
    assert proof.differences == []
    assert sorted(proof.lost) == [
        ("artifact:2", "its state 77 is unknown"),
        ("artifact:2", "property '': no value a record could hold"),
        ("artifact:2", "property 'nothing': no value a record could hold"),
        ("artifact:7", "its type 77 does not exist"),
        ("attribution artifact:1 context:77", "an end does not exist"),
        ("attribution artifact:77 context:1", "an end does not exist"),
        ("event execution:1 artifact:1", "type 9 is none"),
        ("event execution:1 artifact:77", "an end does not exist"),
        ("event execution:77 artifact:1", "an end does not exist"),
        ("parent_context context:1 context:77", "an end does not exist"),
    ]


def test_text_that_is_not_utf8_is_told_as_lost_and_the_rest_comes_in(
    library: Any, full_store: Path, sqlite_record: Record
) -> None:
    library.close()
    edit(full_store, "UPDATE Artifact SET uri = CAST(x'61ff62' AS TEXT) WHERE id = 2")
    _, proof = bring_in(full_store, sqlite_record)
    assert (proof.differences, proof.lost) == ([], [("artifact:2", "text that is not UTF-8")])
    with sqlite_record.read() as reader:
        assert reader.artifact(2).uri == "a\ufffdb"


def test_a_node_that_is_refused_is_named_and_what_came_before_stays(
    library: Any, full_store: Path, sqlite_record: Record
) -> None:
    library.close()
    edit(full_store, f"UPDATE Execution SET name = '{'x' * 2001}' WHERE id = 3")
    with pytest.raises(Invalid, match="execution 3 of the store cannot be recorded: name"):
        bring_in(full_store, sqlite_record)
    with sqlite_record.read() as reader:
        assert [reader.count(kind) for kind in Kind] == [6, 0, 3]
    edit(full_store, "UPDATE Execution SET name = 'x' WHERE id = 3")
    assert bring_in(full_store, sqlite_record)[1].ok


# -- again


def test_a_second_run_adds_nothing(
    full_store: Path, record: Record, record_url: str, dump_database: Callable[[str], Any]
) -> None:
    bring_in(full_store, record)
    before = dump_database(record_url)
    moved, proof = bring_in(full_store, record)
    assert (total(moved), proof.ok) == (0, True)
    assert dump_database(record_url) == before


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_store_that_has_grown_is_caught_up_with(
    library: Any, fill: Any, full_store: Path, record: Record, is_empty: bool
) -> None:
    if not is_empty:
        change = Change("ann")
        change.artifact(change.type(NodeType(Kind.ARTIFACT, "Other")))
        record.commit(change)
    bring_in(full_store, record)
    time.sleep(0.002)
    library(svc.PutArtifactsRequest(artifacts=[pb.Artifact(id=2, type_id=11, uri="moved"), pb.Artifact(type_id=11)]))
    library(svc.PutContextsRequest(contexts=[pb.Context(id=1, type_id=13, name="renamed", external_id="c")]))
    library(svc.PutEventsRequest(events=[pb.Event(artifact_id=7, execution_id=3, type=pb.Event.OUTPUT)]))
    library(svc.PutAttributionsAndAssociationsRequest(attributions=[pb.Attribution(artifact_id=2, context_id=2)]))
    grown = pb.ArtifactType(name="Data", properties={"new": pb.INT})
    library(svc.PutArtifactTypeRequest(artifact_type=grown, can_add_fields=True, can_omit_fields=True))
    moved, proof = bring_in(full_store, record)
    assert (proof.ok, proof.differences) == (True, [])
    assert +moved.added == {"artifact": 1, "event": 1, "attribution": 1}
    assert +moved.updated == {"artifact": 1, "context": 1}
    assert total(bring_in(full_store, record)[0]) == 0


def test_a_store_and_a_record_that_both_have_grown_are_brought_together(
    library: Any, full_store: Path, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clew.collectors.mlmd.sql.BATCH", 2)
    bring_in(full_store, record)
    change = Change("ann")
    change.artifact("Data", name="ours")
    record.commit(change)
    for names in (("x", "y", "z", "w"), ("v",)):
        library(svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=11, name=name) for name in names]))
        moved, proof = bring_in(full_store, record)
        assert (proof.ok, moved.added["artifact"]) == (True, len(names))
    with record.read() as reader:
        assert reader.artifact(7).name == "ours"
        assert [a.name for a in reader.find_external(Kind.ARTIFACT, ["mlmd:old:artifact:7"])] == ["x"]
    assert total(bring_in(full_store, record)[0]) == 0


def test_of_two_states_of_a_node_the_later_counts(library: Any, full_store: Path, sqlite_record: Record) -> None:
    bring_in(full_store, sqlite_record)
    change = Change("ann")
    change.node(NodePut(Kind.ARTIFACT, None, id=2, uri="ours", updated_ms=2**41))
    sqlite_record.commit(change)
    time.sleep(0.002)
    library(svc.PutArtifactsRequest(artifacts=[pb.Artifact(id=2, type_id=11, uri="theirs")]))
    moved, proof = bring_in(full_store, sqlite_record)
    assert (total(moved), proof.ok) == (0, True)
    assert proof.tallies["artifact", "Data"].kept == 1
    with sqlite_record.read() as reader:
        assert reader.artifact(2).uri == "ours"


def test_edges_that_clients_add_in_the_record_are_no_difference(full_store: Path, sqlite_record: Record) -> None:
    bring_in(full_store, sqlite_record)
    change = Change("ann")
    change.attribute(3, 1)
    change.associate(3, 1)
    change.event(3, 1, EventType.OUTPUT)
    sqlite_record.commit(change)
    moved, proof = bring_in(full_store, sqlite_record)
    assert (total(moved), proof.ok) == (0, True)


# -- into a record that is not empty


@pytest.fixture
def used_record(record: Record) -> Record:
    """A record with nodes of its own."""
    change = Change("ann")
    data = change.type(NodeType(Kind.ARTIFACT, "Data", properties={"i": PropertyType.INT, "mine": PropertyType.INT}))
    run = change.type(NodeType(Kind.CONTEXT, "Run"))
    change.artifact(data, name="mine", uri="s3://mine")
    change.context(run, name="mine")
    record.commit(change)
    return record


def test_ids_are_mapped_when_the_record_is_not_empty(
    library: Any, full_store: Path, used_record: Record, ask_clew: Any, answers_of: Any
) -> None:
    moved, proof = bring_in(full_store, used_record)
    assert (moved.keeps_ids, proof.ok, proof.differences) == (False, True, [])
    with used_record.read() as reader:
        full, plain = reader.find_external(Kind.ARTIFACT, ["a", "mlmd:old:artifact:2"])
        assert (full.name, full.id, plain.id) == ("full", 2, 3)
        (third,) = reader.find_external(Kind.EXECUTION, ["mlmd:old:execution:3"])
        assert third.name == "run 2"
        assert [e.artifact_id for e in reader.events_of_executions([third.id])] == [plain.id]
        assert reader.artifact(1).name == "mine"
    assert total(bring_in(full_store, used_record)[0]) == 0


def test_a_name_that_is_taken_is_refused_before_anything_is_written(
    full_store: Path, used_record: Record, record_url: str, dump_database: Callable[[str], Any]
) -> None:
    change = Change("ann")
    change.context("Run", name="context 1")
    change.execution(change.type(NodeType(Kind.EXECUTION, "Other")), external_id="e")
    used_record.commit(change)
    before = dump_database(record_url)
    with pytest.raises(
        Conflict, match=r"the context named 'context 1', the execution with external id 'e'.*\(2 in all"
    ):
        bring_in(full_store, used_record)
    assert dump_database(record_url) == before
    moved, proof = bring_in(full_store, used_record, namespace="old")
    assert (moved.keeps_ids, proof.ok, proof.differences) == (False, True, [])


def test_a_type_that_says_otherwise_is_refused(full_store: Path, sqlite_record: Record) -> None:
    change = Change("ann")
    change.type(NodeType(Kind.ARTIFACT, "Data", properties={"i": PropertyType.STRING}))
    sqlite_record.commit(change)
    with pytest.raises(TypeConflict, match="property 'i' of artifact type 'Data' is STRING"):
        bring_in(full_store, sqlite_record)


def test_two_stores_come_into_one_record(library: Any, full_store: Path, tmp_path: Path, sqlite_record: Record) -> None:
    other = tmp_path / "other.db"
    library.open(other)
    kind = library(svc.PutContextTypeRequest(context_type=pb.ContextType(name="Run"))).type_id
    library(svc.PutContextsRequest(contexts=[pb.Context(type_id=kind, name=f"other {i}") for i in range(3)]))
    bring_in(full_store, sqlite_record, "one")
    moved, proof = bring_in(other, sqlite_record, "two")
    assert (moved.keeps_ids, moved.added["context"], proof.differences) == (False, 3, [])
    assert total(bring_in(full_store, sqlite_record, "one")[0]) == total(bring_in(other, sqlite_record, "two")[0]) == 0


def test_one_store_comes_into_two_namespaces(full_store: Path, record: Record) -> None:
    for namespace, keeps_ids in (("default", True), ("team", False)):
        moved, proof = bring_in(full_store, record, namespace=namespace)
        assert (moved.keeps_ids, moved.added["artifact"], proof.differences) == (keeps_ids, 6, [])
    for namespace in ("default", "team"):
        moved, proof = bring_in(full_store, record, namespace=namespace)
        assert (total(moved), proof.ok) == (0, True)


def test_another_store_under_the_same_name_is_refused(
    library: Any, full_store: Path, tmp_path: Path, sqlite_record: Record
) -> None:
    bring_in(full_store, sqlite_record)
    other = tmp_path / "other.db"
    library.open(other)
    kind = library(svc.PutContextTypeRequest(context_type=pb.ContextType(name="Run"))).type_id
    library(svc.PutContextsRequest(contexts=[pb.Context(type_id=kind, name="other")]))
    with pytest.raises(Conflict, match="context 1 of this store is not the one that came in from 'old'"):
        bring_in(other, sqlite_record)


# -- ids


def test_gaps_between_ids_stay(library: Any, full_store: Path, record: Record, ask_clew: Any, answers_of: Any) -> None:
    library.close()
    edit(full_store, "DELETE FROM Artifact WHERE id IN (3, 4)", "DELETE FROM Attribution WHERE artifact_id IN (3, 4)",
         "DELETE FROM Execution WHERE id = 1", "DELETE FROM Association WHERE execution_id = 1",
         "DELETE FROM Event WHERE execution_id = 1")  # fmt: skip
    _, proof = bring_in(full_store, record)
    assert proof.ok
    library.open(full_store)
    assert answers_of(ask_clew(record)) == answers_of(library)
    change = Change("ann")
    put = change.artifact("Data")
    assert record.commit(change).id(put) == 7


def test_who_writes_meanwhile_takes_ids_and_nothing_is_lost(full_store: Path, record: Record) -> None:
    source, into = open_sqlite(full_store), Into(record, "old")

    class Slow:
        """The source, with somebody who records an execution between the look at the ids and the first batch."""

        name = source.name
        types, count, close = source.types, source.count, source.close
        is_quiet = False

        def batches(self, kind: Kind) -> Iterator[Batch]:
            for batch in source.batches(kind):
                if kind is Kind.EXECUTION and not self.is_quiet:
                    change = Change("bob")
                    change.execution(change.type(NodeType(Kind.EXECUTION, "Other")))
                    record.commit(change)
                yield batch

    slow = Slow()
    moved = move(slow, into, silent)
    slow.is_quiet = True
    assert prove(slow, into, moved, silent).ok
    with record.read() as reader:
        assert reader.execution(1).type == "Other"
        (first,) = reader.find_external(Kind.EXECUTION, ["e"])
        (second,) = reader.find_external(Kind.EXECUTION, ["mlmd:old:execution:2"])
        assert (first.id, second.id) == (2, 3)
    source.close()
    assert total(bring_in(full_store, record)[0]) == 0
