"""What is exported, the original library opens and answers from as Clew does; and back again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.api.mlmd.proto import metadata_store_pb2 as pb
from clew.api.mlmd.proto import metadata_store_service_pb2 as svc
from clew.collectors.mlmd.compare import prove
from clew.collectors.mlmd.export import Exported, export_store
from clew.collectors.mlmd.mapping import Into
from clew.collectors.mlmd.move import move
from clew.collectors.mlmd.schema import INDEXES, TABLES
from clew.collectors.mlmd.sqlite import open_sqlite
from clew.metadata.change import Change
from clew.metadata.errors import StoreReadOnly, UsageError
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Value


def silent(subject: str, done: int, total: int | None) -> None:
    """Tells nobody."""


def take_out(record: Record, path: Path, namespace: str = "default") -> Exported:
    return export_store(record, namespace, path, silent)


def bring_in(path: Path, record: Record) -> None:
    source, into = open_sqlite(path), Into(record, "old")
    moved = move(source, into, silent)
    assert prove(source, into, moved, silent).ok
    source.close()


def test_the_library_answers_from_an_export_as_clew_does(
    library: Any, fill: Callable[..., None], record: Record, tmp_path: Path, ask_clew: Any, answers_of: Any
) -> None:
    fill(ask_clew(record))
    exported = take_out(record, tmp_path / "out.db")
    assert (exported.proof.ok, exported.proof.differences, exported.elsewhere) == (True, [], 0)
    library.open(tmp_path / "out.db")
    assert answers_of(library) == answers_of(ask_clew(record))


def test_the_library_goes_on_with_an_export(
    library: Any, fill: Any, record: Record, tmp_path: Path, ask_clew: Any
) -> None:
    fill(ask_clew(record))
    take_out(record, tmp_path / "out.db")
    library.open(tmp_path / "out.db")
    new = svc.PutArtifactsRequest(artifacts=[pb.Artifact(type_id=11, name="new")])
    assert library(new).artifact_ids == [7]
    kind = svc.PutArtifactTypeRequest(artifact_type=pb.ArtifactType(name="New"))
    assert library(kind).type_id == 14


def test_the_schema_is_the_librarys_own_but_for_spelling(library: Any, tmp_path: Path) -> None:
    def shape(path: Path) -> dict[str, Any]:
        connection = sqlite3.connect(path)
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite%'")]
        found = {}
        for name in names:
            indexes = connection.execute(f"PRAGMA index_list({name})").fetchall()
            columns = {i[1]: [c[2] for c in connection.execute(f"PRAGMA index_info('{i[1]}')")] for i in indexes}
            uniques = sorted(columns[i[1]] for i in indexes if i[2])
            named = sorted((n, c) for n, c in columns.items() if n.startswith("idx"))
            found[name] = (connection.execute(f"PRAGMA table_info({name})").fetchall(), uniques, named)
        connection.close()
        return found

    library.open(tmp_path / "theirs.db")
    library.close()
    connection = sqlite3.connect(tmp_path / "ours.db")
    for statement in TABLES + INDEXES:
        connection.execute(statement)
    connection.close()
    assert shape(tmp_path / "ours.db") == shape(tmp_path / "theirs.db")


def test_doubles_no_column_holds_are_read_by_the_library(
    library: Any, sqlite_record: Record, tmp_path: Path, ask_clew: Any
) -> None:
    change = Change("ann")
    numbers = {"inf": float("inf"), "-inf": float("-inf"), "nan": float("nan"), "zero": -0.0, "whole": 3.0, "half": 0.5}
    change.artifact(change.type(NodeType(Kind.ARTIFACT, "T")), custom_properties=numbers)
    sqlite_record.commit(change)
    assert take_out(sqlite_record, tmp_path / "out.db").proof.ok
    library.open(tmp_path / "out.db")
    (found,) = library(svc.GetArtifactsRequest()).artifacts
    read = {name: repr(value.double_value) for name, value in found.custom_properties.items()}
    assert read == {name: repr(number) for name, number in numbers.items()}


def test_texts_that_would_break_the_library_are_left_out_and_told(
    library: Any, sqlite_record: Record, tmp_path: Path
) -> None:
    change = Change("ann")
    texts = {"null": "__MLMD_NULL__", "struct": "mlmd-struct::x", "plain": "x"}
    change.artifact(change.type(NodeType(Kind.ARTIFACT, "T")), custom_properties=texts)
    sqlite_record.commit(change)
    proof = take_out(sqlite_record, tmp_path / "out.db").proof
    assert [(d.where, d.field, d.store) for d in proof.differences] == [
        ("artifact:1", "custom_properties.null", "missing"),
        ("artifact:1", "custom_properties.struct", "missing"),
    ]
    library.open(tmp_path / "out.db")
    (found,) = library(svc.GetArtifactsRequest()).artifacts
    assert list(found.custom_properties) == ["plain"]


def test_integers_of_a_struct_that_no_double_is_are_told(sqlite_record: Record, tmp_path: Path) -> None:
    change = Change("ann")
    structs: dict[str, Value] = {"exact": {"n": [1, 2.5]}, "large": {"n": 2**53 + 1}}
    change.artifact(change.type(NodeType(Kind.ARTIFACT, "T")), custom_properties=structs)
    sqlite_record.commit(change)
    proof = take_out(sqlite_record, tmp_path / "out.db").proof
    assert [d.field for d in proof.differences] == ["custom_properties.large"]


def test_only_one_namespace_goes_out(library: Any, sqlite_record: Record, tmp_path: Path, answers_of: Any) -> None:
    for namespace in ("default", "team"):
        change = Change("ann", namespace)
        data = change.artifact(change.type(NodeType(Kind.ARTIFACT, "Data")), name="data", state=ArtifactState.LIVE)
        run = change.execution(change.type(NodeType(Kind.EXECUTION, "Work")), name="run", state=ExecutionState.COMPLETE)
        group = change.context(change.type(NodeType(Kind.CONTEXT, "Group")), name="group")
        change.event(data, run, EventType.OUTPUT)
        change.attribute(group, data)
        change.associate(group, run)
        sqlite_record.commit(change)
    across = Change("ann")
    across.event(1, 2, EventType.INPUT)
    across.attribute(2, 1)
    sqlite_record.commit(across)
    exported = take_out(sqlite_record, tmp_path / "out.db", "team")
    assert (exported.proof.ok, exported.elsewhere) == (True, 3)
    assert exported.written == {
        "artifact": 1, "execution": 1, "context": 1, "event": 1, "attribution": 1, "association": 1,
        "parent_context": 0,
    }  # fmt: skip
    library.open(tmp_path / "out.db")
    said = answers_of(library)
    assert [(a.id, a.name) for a in said["artifacts"]] == [(2, "data")]
    assert [(e.artifact_id, e.execution_id) for e in said["events"]] == [(2, 2)]


def test_type_external_ids_that_two_kinds_share_are_told(sqlite_record: Record, tmp_path: Path) -> None:
    change = Change("ann")
    change.type(NodeType(Kind.ARTIFACT, "T", external_id="x"))
    change.type(NodeType(Kind.EXECUTION, "T", external_id="x"))
    sqlite_record.commit(change)
    proof = take_out(sqlite_record, tmp_path / "out.db").proof
    assert [(d.where, d.field) for d in proof.differences] == [("type:11 T", "external_id")]


def test_what_stands_at_the_place_is_never_overwritten(sqlite_record: Record, tmp_path: Path) -> None:
    (tmp_path / "out.db").write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        take_out(sqlite_record, tmp_path / "out.db")
    assert (tmp_path / "out.db").read_text() == "mine"


def test_a_folder_that_does_not_exist_leaves_nothing(sqlite_record: Record, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="cannot be written") as refused:
        take_out(sqlite_record, tmp_path / "nowhere" / "out.db")
    assert refused.type.__name__ in ("StoreUnavailable", StoreReadOnly.__name__)
    assert not (tmp_path / "nowhere").exists()


# -- store -> Clew -> store, for any store

VALUES = st.one_of(
    st.integers(-(2**63), 2**63 - 1).map(lambda n: pb.Value(int_value=n)),
    st.sampled_from([0.5, -3.0, 1e300, 2.0**-20, 12345.678]).map(lambda d: pb.Value(double_value=d)),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12).map(
        lambda s: pb.Value(string_value=s)
    ),
    st.booleans().map(lambda b: pb.Value(bool_value=b)),
)
NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
MAPS = st.dictionaries(NAMES, VALUES, max_size=3)
PATHS = st.lists(st.one_of(NAMES, st.integers(0, 2**31 - 1)), max_size=3)


@st.composite
def stores(draw: st.DrawFn) -> list[Any]:
    """The requests that make a store."""
    kinds = draw(st.lists(st.sampled_from(["A", "B"]), min_size=1, max_size=2, unique=True))
    requests: list[Any] = []
    for name in kinds:
        properties = draw(st.dictionaries(NAMES, st.just(PropertyType.INT), max_size=2))
        for noun in ("Artifact", "Execution", "Context"):
            kind = getattr(pb, f"{noun}Type")(name=name, properties=properties)
            if draw(st.booleans()):
                kind.external_id = f"{noun} {name}"
            requests.append(getattr(svc, f"Put{noun}TypeRequest")(**{f"{noun.lower()}_type": kind}))
    counts = {}
    for place, noun in enumerate(("Artifact", "Execution", "Context")):
        counts[noun] = draw(st.integers(1, 4))
        nodes = []
        for number in range(counts[noun]):
            kind_id = 10 + 3 * draw(st.integers(0, len(kinds) - 1)) + place
            node = getattr(pb, noun)(type_id=kind_id, custom_properties=draw(MAPS))
            if noun == "Context" or draw(st.booleans()):
                node.name = f"{number} {draw(NAMES)}"
            if draw(st.booleans()):
                node.external_id = f"{noun} {number}"
            if noun == "Artifact":
                node.uri = draw(st.sampled_from(["", "s3://b/k", "ü"]))
                node.state = draw(st.sampled_from([pb.Artifact.PENDING, pb.Artifact.LIVE]))
            nodes.append(node)
        requests.append(getattr(svc, f"Put{noun}sRequest")(**{f"{noun.lower()}s": nodes}))
    ids = {noun: st.integers(1, count) for noun, count in counts.items()}
    keys = draw(st.lists(st.tuples(ids["Artifact"], ids["Execution"], st.integers(1, 6)), max_size=5, unique=True))
    events = [pb.Event(artifact_id=a, execution_id=e, type=pb.Event.Type.Name(t)) for a, e, t in keys]
    for event in events:
        for step in draw(PATHS):
            event.path.steps.add(**({"key": step} if isinstance(step, str) else {"index": step}))
    requests.append(svc.PutEventsRequest(events=events))
    links = svc.PutAttributionsAndAssociationsRequest()
    for a, e, c in draw(st.lists(st.tuples(ids["Artifact"], ids["Execution"], ids["Context"]), max_size=4)):
        links.attributions.add(artifact_id=a, context_id=c)
        links.associations.add(execution_id=e, context_id=c)
    return [*requests, links]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(requests=stores())
def test_any_store_goes_through_clew_and_out_again_unchanged(
    library: Any, tmp_path_factory: Any, ask_clew: Any, answers_of: Any, requests: list[Any]
) -> None:
    folder = tmp_path_factory.mktemp("store")
    library.open(folder / "in.db")
    for request in requests:
        library(request)
    expected = answers_of(library)
    with Record.open(folder / "home") as record:
        bring_in(folder / "in.db", record)
        assert answers_of(ask_clew(record)) == expected
        assert take_out(record, folder / "out.db").proof.ok
    library.open(folder / "out.db")
    assert answers_of(library) == expected
