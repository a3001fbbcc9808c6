"""The change log: gapless, verifiable, the whole truth; idempotency keys; the record as of any moment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pytest

from clew.metadata import digest
from clew.metadata.change import Change
from clew.metadata.errors import AlreadyRecorded, ArtifactNotFound, ClewError, Corrupt, KeyReused, TypeNotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.states import ArtifactState, EventType, PropertyType
from clew.metadata.value import Value

RunSql = Callable[[str, str], None]
A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT


class Clock(Protocol):
    now_ms: int

    def advance(self, ms: int) -> None: ...

    def __call__(self) -> int: ...


@pytest.fixture
def typed(record: Record) -> Record:
    """A record with types Data, Step and Run (seq 1)."""
    change = Change()
    for kind, name in ((A, "Data"), (E, "Step"), (C, "Run")):
        change.type(NodeType(kind, name))
    record.commit(change)
    return record


def add(record: Record, name: str | None = None, **options: object) -> int:
    """Record one artifact as one change; return its seq."""
    change = Change(**options)  # type: ignore[arg-type]
    change.artifact("Data", name=name)
    return record.commit(change).seq


# -- the log -------------------------------------------------------------------------------------------------------


def test_the_log_has_no_gap_whatever_failed_between(typed: Record) -> None:
    for n in range(6):
        if n % 2:
            with pytest.raises(ClewError):
                add(typed, "0")
        else:
            add(typed, str(n))
    with typed.read() as reader:
        assert [c.seq for c in reader.changes()] == [1, 2, 3, 4]
        assert reader.seq == typed.seq() == 4


def test_a_change_tells_who_when_where_and_what(typed: Record, clock: Clock) -> None:
    clock.advance(7)
    change = Change(actor="ann", namespace="team")
    made = change.artifact("Data", name="n", uri="s3a://b/k")
    change.event(made, change.execution("Step"), EventType.OUTPUT, path=("out",))
    typed.commit(change)
    with typed.read() as reader:
        (told,) = reader.changes(after=1)
    assert (told.seq, told.time_ms, told.actor, told.namespace) == (2, clock.now_ms, "ann", "team")
    assert [op[0] for op in told.ops] == ["artifact", "execution", "event"]
    assert told.ops[0][1]["name"] == "n"
    assert told.ops[2][1] | {"time_ms": 0} == {
        "execution": 1, "type": 4, "artifact": 1, "time_ms": 0, "path": ["out"], "place": 0,
    }  # fmt: skip
    assert digest.parse(told.digest) == told.digest


def test_times_in_the_log_never_decrease_though_the_clock_goes_back(typed: Record, clock: Clock) -> None:
    for step in (10, -100, 1, 500):
        clock.advance(step)
        add(typed)
    with typed.read() as reader:
        times = [c.time_ms for c in reader.changes()]
    assert times == sorted(times)


def test_the_log_is_read_in_pages_and_by_namespace(typed: Record) -> None:
    for n in range(5):
        add(typed, namespace="x" if n % 2 else "default")
    with typed.read() as reader:
        assert [c.seq for c in reader.changes(after=2, limit=2)] == [3, 4]
        assert [c.seq for c in reader.changes(after=2, limit=2, namespace="x")] == [3, 5]
        assert reader.changes(after=99) == []
        assert reader.changes(limit=0) == []


def test_replaying_the_log_gives_what_the_tables_hold(typed: Record) -> None:
    change = Change()
    raw = change.artifact("Data", name="n", custom_properties={"x": float("nan"), "s": {"a": 2**70}, "z": "\0"})
    run, project = change.context("Run", name="r"), change.context("Run", name="p")
    step = change.execution("Step")
    change.event(raw, step, EventType.INPUT, path=(0, "a"))
    change.attribute(run, raw)
    change.associate(run, step)
    change.parent(run, project)
    typed.commit(change)
    for state in (ArtifactState.PENDING, ArtifactState.LIVE, ArtifactState.DELETED):
        update = Change()
        update.type(NodeType(A, "Data", properties={state.name: PropertyType.INT}))
        update.artifact(id=1, state=state, properties={state.name: 1})
        typed.commit(update)
    with typed.read() as reader:
        assert differences(reader) == []


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE artifact SET name = 'forged' WHERE id = 1",
        "UPDATE artifact_history SET name = 'forged'",
        "UPDATE event SET time_ms = 1",
        "UPDATE type SET properties = '{\"x\": 1}' WHERE id = 10",
        "DELETE FROM artifact WHERE id = 2",
        "DELETE FROM event",
        "DELETE FROM artifact_history",
        "INSERT INTO attribution VALUES (1, 2, 1)",
        "UPDATE head SET seq = 9",
    ],
)
def test_a_table_edited_behind_our_back_is_found(typed: Record, record_url: str, run_sql: RunSql, edit: str) -> None:
    _three_changes(typed)
    run_sql(record_url, edit)
    with typed.read() as reader:
        assert differences(reader)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE change SET actor = 'mallory' WHERE seq = 2",
        "UPDATE change SET time_ms = time_ms + 1 WHERE seq = 4",
        "UPDATE change SET namespace = 'x' WHERE seq = 3",
        "DELETE FROM change WHERE seq = 3",
    ],
)
def test_a_log_edited_behind_our_back_is_found(typed: Record, record_url: str, run_sql: RunSql, edit: str) -> None:
    _three_changes(typed)
    run_sql(record_url, edit)
    with typed.read() as reader, pytest.raises(Corrupt):
        differences(reader)


def _three_changes(record: Record) -> None:
    change = Change()
    change.event(change.artifact("Data"), change.execution("Step"), EventType.OUTPUT)
    change.artifact("Data")
    change.context("Run", name="r")
    record.commit(change)
    for n in range(2):
        update = Change()
        update.artifact(id=1, custom_properties={"n": n})
        record.commit(update)


# -- idempotency keys ----------------------------------------------------------------------------------------------


def keyed(key: str, name: str = "n", **options: object) -> Change:
    change = Change(key=key, **options)  # type: ignore[arg-type]
    made = change.artifact("Data", name=name, custom_properties={"x": 1.5})
    change.event(made, change.execution("Step"), EventType.OUTPUT)
    return change


def test_the_same_key_and_body_again_is_the_first_receipt_and_records_nothing(typed: Record, clock: Clock) -> None:
    first = typed.commit(keyed("k"))
    clock.advance(1000)
    again = keyed("k")
    second = typed.commit(again)
    assert (second.seq, second.time_ms, second.node_ids) == (first.seq, first.time_ms, first.node_ids)
    assert (first.replayed, second.replayed) == (False, True)
    assert second.id(again.nodes[0]) == first.node_ids[0]
    assert typed.seq() == 2


def test_a_key_outlives_the_process_that_used_it(typed: Record, record_url: str) -> None:
    first = typed.commit(keyed("k"))
    typed.close()
    with Record.open(record_url) as later:
        assert later.commit(keyed("k")).node_ids == first.node_ids
        assert later.seq() == 2


@pytest.mark.parametrize(
    "other",
    [
        lambda: keyed("k", name="other"),
        lambda: keyed("k", actor="ann"),
        lambda: Change(key="k"),
        lambda: _with(keyed("k"), lambda c: c.events.clear()),
        lambda: _with(keyed("k"), lambda c: c.artifact("Data")),
        lambda: _with(keyed("k"), lambda c: setattr(c.nodes[0], "custom_properties", {"x": 1})),
        lambda: _with(keyed("k"), lambda c: c.type(NodeType(A, "New"))),
    ],
)
def test_another_body_under_a_used_key_is_refused(typed: Record, other: Callable[[], Change]) -> None:
    typed.commit(keyed("k"))
    with pytest.raises(KeyReused):
        typed.commit(other())
    assert typed.seq() == 2


def _with(change: Change, edit: Callable[[Change], object]) -> Change:
    edit(change)
    return change


def test_the_order_of_properties_is_not_part_of_a_request(typed: Record) -> None:
    changes = []
    orders: list[dict[str, Value]] = [{"a": 1, "b": {"x": 1, "y": 2}}, {"b": {"y": 2, "x": 1}, "a": 1}]
    for values in orders:
        changes.append(Change(key="k"))
        changes[-1].artifact("Data", custom_properties=values)
    assert typed.commit(changes[0]).node_ids == typed.commit(changes[1]).node_ids


def test_keys_of_two_namespaces_are_two(typed: Record) -> None:
    first = typed.commit(keyed("k"))
    second = typed.commit(keyed("k", namespace="other"))
    assert first.seq + 1 == second.seq


def test_a_key_of_a_failed_change_is_free_again(typed: Record) -> None:
    bad = keyed("k")
    bad.event(99, bad.nodes[1], EventType.INPUT)
    with pytest.raises(ArtifactNotFound):
        typed.commit(bad)
    assert typed.commit(keyed("k")).replayed is False


def test_a_key_of_a_change_without_effect_is_used_too(typed: Record) -> None:
    nothing = Change(key="k")
    nothing.type(NodeType(A, "Data"))
    receipt = typed.commit(nothing)
    assert (receipt.changed, receipt.seq) == (False, 1)
    with pytest.raises(KeyReused):
        typed.commit(keyed("k"))


def test_one_key_twice_in_one_group_is_recorded_once(typed: Record) -> None:
    first, second, third = typed.commit_many([keyed("k"), keyed("k"), keyed("k", name="x")])
    assert not isinstance(first, BaseException)
    assert not isinstance(second, BaseException)
    assert (first.node_ids, second.replayed) == (second.node_ids, True)
    assert isinstance(third, KeyReused)


# -- as of a moment ------------------------------------------------------------------------------------------------


@pytest.fixture
def told(typed: Record, clock: Clock) -> Record:
    """seq 2: artifact v1, pending. 3: v2, live, an event. 4: v3, a context. 5: deleted, a second artifact."""
    clock.advance(1000)
    first = Change()
    first.artifact(
        "Data", name="a", uri="s3://b/1", state=ArtifactState.PENDING, custom_properties={"v": 1, "old": True}
    )
    typed.commit(first)
    clock.advance(1000)
    second = Change()
    second.type(NodeType(A, "Data", properties={"late": PropertyType.INT}))
    second.artifact(id=1, uri="s3://b/2", state=ArtifactState.LIVE, properties={"late": 1}, custom_properties={"v": 2})
    second.event(1, second.execution("Step"), EventType.INPUT)
    typed.commit(second)
    clock.advance(1000)
    third = Change()
    third.artifact(id=1, custom_properties={"v": 3})
    third.attribute(third.context("Run", name="r"), 1)
    third.associate(third.nodes[1], 1)
    third.parent(third.nodes[1], third.context("Run", name="p"))
    third.type(NodeType(A, "Later"))
    typed.commit(third)
    clock.advance(1000)
    fourth = Change()
    fourth.artifact(id=1, state=ArtifactState.DELETED)
    fourth.artifact("Later", name="b")
    typed.commit(fourth)
    return typed


def test_nodes_and_their_properties_are_seen_as_they_were(told: Record) -> None:
    for seq, value, state, uri in (
        (2, 1, 1, "s3://b/1"),
        (3, 2, 2, "s3://b/2"),
        (4, 3, 2, "s3://b/2"),
        (5, 3, 4, "s3://b/2"),
    ):
        with told.read(as_of=seq) as reader:
            was = reader.artifact(1)
            assert reader.seq == seq
            assert (was.custom_properties["v"], was.state, was.uri) == (value, state, uri)
            assert was.updated_seq == seq
    with told.read(as_of=1) as reader, pytest.raises(ArtifactNotFound):
        reader.artifact(1)


def test_edges_are_seen_once_they_were_recorded(told: Record) -> None:
    for seq in range(6):
        with told.read(as_of=seq) as reader:
            assert len(reader.events_of_artifacts([1])) == (seq >= 3)
            assert len(reader.events_of_executions([1])) == (seq >= 3)
            assert len(reader.contexts_of_artifacts([1])[1]) == (seq >= 4)
            assert len(reader.contexts_of_executions([1])[1]) == (seq >= 4)
            assert len(reader.parents_of([1])[1]) == (seq >= 4)
            assert [row for chunk in reader.edge_rows() for row in chunk] == ([(1, 3, 1)] if seq >= 3 else [])


def test_types_are_seen_as_they_were(told: Record) -> None:
    with told.read(as_of=2) as reader:
        assert reader.type(A, "Data").properties == {}
        with pytest.raises(TypeNotFound):
            reader.type(A, "Later")
    with told.read(as_of=0) as reader:
        assert [t.id for t in reader.types()] == list(range(1, 10))
    with told.read(as_of=4) as reader:
        assert reader.type(A, "Data").properties == {"late": PropertyType.INT}
        assert reader.type(A, "Later").id == 13


def test_listings_counts_and_look_ups_are_of_the_moment(told: Record) -> None:
    with told.read(as_of=2) as reader:
        assert [a.uri for a in reader.artifacts(limit=1).items] == ["s3://b/1"]
        assert [a.id for a in reader.artifacts_at("s3://b/1")] == [1]
        assert reader.artifacts_at("s3://b/2") == []
        assert (reader.count(A), reader.count(E), reader.count(C)) == (1, 0, 0)
    with told.read(as_of=4) as reader:
        found = reader.find(A, "Data", "a")
        assert found is not None
        assert found.custom_properties["v"] == 3
        assert [a.id for a in reader.artifacts(context_id=1).items] == [1]
        assert reader.count_by_type(A) == {10: 1}
        assert [a.id for a in reader.artifacts(order="updated", descending=True).items] == [1]
    with told.read() as reader:
        assert reader.artifacts_at("s3://b/1") == []
        assert reader.count(A) == 2


def test_filters_are_of_the_moment(told: Record) -> None:
    for seq, ids in ((2, []), (3, [1]), (4, []), (5, [])):
        with told.read(as_of=seq) as reader:
            assert [a.id for a in reader.artifacts(where="custom_properties.v.int_value = 2").items] == ids
    with told.read(as_of=3) as reader:
        assert reader.artifacts(where="contexts_c.name = 'r'").items == []
        assert [a.id for a in reader.artifacts(where="events_e.type = INPUT AND state = LIVE").items] == [1]
    with told.read(as_of=4) as reader:
        assert [a.id for a in reader.artifacts(where="contexts_c.name = 'r'").items] == [1]


def test_history_ends_at_the_moment(told: Record) -> None:
    for seq in range(2, 6):
        with told.read(as_of=seq) as reader:
            assert [n.updated_seq for n in reader.history(NodeRef(A, 1))] == list(range(2, seq + 1))


def test_the_log_ends_at_the_moment(told: Record) -> None:
    with told.read(as_of=3) as reader:
        assert [c.seq for c in reader.changes()] == [1, 2, 3]


def test_a_time_is_the_last_change_not_later(told: Record, clock: Clock) -> None:
    with told.read() as reader:
        times = {int(c.seq): c.time_ms for c in reader.changes()}
        for seq, time_ms in times.items():
            assert reader.seq_at(time_ms) == seq
            assert reader.seq_at(time_ms - 1) == seq - 1
        assert reader.seq_at(clock.now_ms + 10**9) == 5
        assert reader.seq_at(0) == 0
    with told.read(as_of_ms=times[3] + 500) as reader:
        assert (reader.seq, reader.artifact(1).custom_properties["v"]) == (3, 2)


def test_changes_of_one_millisecond_are_one_moment(typed: Record) -> None:
    add(typed)
    add(typed)
    with typed.read() as reader:
        assert reader.seq_at(reader.changes()[-1].time_ms) == 3


def test_a_cursor_of_now_goes_on_as_of_a_moment(told: Record) -> None:
    with told.read() as reader:
        after = reader.artifacts(limit=1).next_cursor
    with told.read(as_of=4) as reader:
        assert reader.artifacts(after=after).items == []


# -- ids with gaps ---------------------------------------------------------------------------------------------------


def chosen(*ids: int) -> Change:
    """Artifacts under ids of the caller's choice."""
    change = Change()
    for id in ids:
        change.artifact("Data", name=f"a{id}").insert_id = id
    return change


def reading(*ids: int) -> Change:
    """An execution that reads artifacts."""
    change = Change()
    run = change.execution("Step")
    for id in ids:
        change.event(id, run, EventType.INPUT)
    return change


def test_where_ids_have_gaps_a_change_may_name_those_that_exist_and_no_other(typed: Record) -> None:
    typed.commit(chosen(5, 9))
    typed.commit(reading(5, 9))
    for hole in (1, 7, 10):
        with pytest.raises(ArtifactNotFound, match=f"no artifact {hole}"):
            typed.commit(reading(5, hole))
    typed.commit(chosen(7))
    typed.commit(reading(7))
    assert add(typed) == 6
    with typed.read() as reader:
        assert [a.id for a in reader.artifacts().items] == [5, 7, 9, 10]
        assert differences(reader) == []


def test_changes_of_one_transaction_may_name_each_others_chosen_ids(typed: Record) -> None:
    outcomes = typed.commit_many([chosen(5), reading(5), chosen(20, 21), reading(21, 6), reading(20), chosen(4)])
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt"] * 3 + ["ArtifactNotFound"] + ["Receipt"] * 2
    outcomes = typed.commit_many([chosen(30), reading(30, 4), reading(31), reading(21)])
    assert [type(outcome).__name__ for outcome in outcomes] == ["Receipt"] * 2 + ["ArtifactNotFound", "Receipt"]
    with typed.read() as reader:
        assert differences(reader) == []


def test_a_change_may_name_the_ids_it_chooses_itself(typed: Record) -> None:
    change = chosen(5)
    change.event(5, change.execution("Step"), EventType.OUTPUT)
    typed.commit(change)
    change = chosen(9)
    change.event(9, change.execution("Step"), EventType.OUTPUT)
    change.event(8, change.execution("Step"), EventType.OUTPUT)
    with pytest.raises(ArtifactNotFound, match="no artifact 8"):
        typed.commit(change)
    with typed.read() as reader:
        assert [a.id for a in reader.artifacts().items] == [5]


def test_changes_of_one_shape_are_written_alike_however_often_it_is_seen(typed: Record) -> None:
    values: dict[str, Value] = {"s": "a\\b'c\"d\n\tключ", "n": -(2**63), "x": float("inf"), "b": True, "d": {"k": [1]}}

    def tell(n: int) -> None:
        change = Change(actor="a\\'\"")
        made = change.artifact("Data", name=f"n{n}", uri="s3://b/\\x'%s$1", state=ArtifactState.LIVE)
        made.custom_properties = values
        change.event(made, change.execution("Step"), EventType.OUTPUT, path=("k\\'", 2**63 - 1))
        typed.commit(change)

    for n in (0, 1, 2, 3, 4):
        tell(n)
    with pytest.raises(AlreadyRecorded):
        tell(4)
    for n in (5, 6, 7, 8):
        tell(n)
    with typed.read() as reader:
        told = reader.artifacts().items
        assert [a.name for a in told] == [f"n{n}" for n in range(9)]
        assert {(a.uri, a.state) for a in told} == {("s3://b/\\x'%s$1", ArtifactState.LIVE)}
        assert all(a.custom_properties == values for a in told)
        assert {e.path for e in reader.events_of_artifacts(range(1, 10))} == {("k\\'", 2**63 - 1)}
        assert {c.actor for c in reader.changes(after=1)} == {"a\\'\""}
        assert differences(reader) == []
