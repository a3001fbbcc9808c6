"""What protocols say becomes one graph, whatever the order in which they say it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clew.metadata.change import Change
from clew.metadata.errors import Invalid, NotFound
from clew.metadata.identity import Identity, Saying, Touch
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.states import ArtifactState, EventType

Step = tuple[str, bool, str, int]
"""Execution, whether it writes, location, time."""
RAW, CURATED, TABLE = "s3://lake/raw", "s3://lake/curated", "s3a://lake/curated/"


def saying(
    execution: str, *touches: tuple[bool, str, int] | Touch, source: str = "openlineage", **more: object
) -> Saying:
    change = Change()
    change.type(NodeType(Kind.EXECUTION, "Job"))
    put = change.execution("Job", external_id=execution, reuse="external_id")
    made = [t if isinstance(t, Touch) else Touch(t[1], t[0], t[2]) for t in touches]
    return Saying(change, put, execution, made, source, **more)  # type: ignore[arg-type]


def reads(uri: str, time_ms: int) -> tuple[bool, str, int]:
    return False, uri, time_ms


def writes(uri: str, time_ms: int) -> tuple[bool, str, int]:
    return True, uri, time_ms


def edges(record: Record) -> set[tuple[str, str, str]]:
    """(execution, what, artifact's external id) of every edge."""
    with record.read() as reader:
        return graph(reader)


def graph(reader: Reader) -> set[tuple[str, str, str]]:
    executions = {int(e.id): e for e in reader.executions(limit=1000).items}
    found = reader.events_of_executions(executions)
    artifacts = reader.artifacts_by_id({e.artifact_id for e in found})
    return {
        (
            str(executions[e.execution_id].external_id),
            f"{EventType(e.type).name} {e.time_ms} {e.source} {e.confidence} {e.location}",
            " ".join(str(getattr(artifacts[e.artifact_id], of)) for of in ("external_id", "location", "state")),
        )
        for e in found
    }


def simple(record: Record) -> set[tuple[str, str, str]]:
    """(execution, reads or writes, artifact's external id) of every edge."""
    return {(e, "reads" if t.startswith("INPUT") else "writes", a.split(" ")[0]) for e, t, a in edges(record)}


def test_a_read_is_of_the_newest_version_written_until_then(record: Record) -> None:
    identity = Identity(record)
    identity.settle([
        saying("one", writes(CURATED, 10)), saying("two", writes(CURATED, 20)),
        saying("before", reads(TABLE, 5)), saying("between", reads(TABLE, 15)), saying("after", reads(TABLE, 20)),
    ])  # fmt: skip
    assert {e for e in simple(record) if e[1] == "reads"} == {
        ("before", "reads", f"{CURATED}#"),
        ("between", "reads", f"{CURATED}#one"),
        ("after", "reads", f"{CURATED}#two"),
    }


def test_a_version_that_is_told_of_late_takes_the_reads_that_were_of_it(record: Record) -> None:
    identity = Identity(record)
    identity.settle([saying("reader", reads(CURATED, 15))])
    identity.settle([saying("one", writes(CURATED, 10))])
    assert ("reader", "reads", f"{CURATED}#one") in simple(record)
    identity.settle([saying("two", writes(CURATED, 12))])
    assert {e for e in simple(record) if e[0] == "reader"} == {("reader", "reads", f"{CURATED}#two")}
    with record.read() as reader:
        (found,) = reader.find_external(Kind.ARTIFACT, [f"{CURATED}#"])
        assert found.state is ArtifactState.ABANDONED  # type: ignore[union-attr]
        assert differences(reader) == []
    with record.read(as_of=1) as reader:
        assert {a.split(" ")[0] for _, _, a in graph(reader)} == {f"{CURATED}#"}


def test_nobody_reads_what_it_wrote_itself(record: Record) -> None:
    identity = Identity(record)
    identity.settle([saying("old", writes(CURATED, 5)), saying("job", reads(CURATED, 10), writes(CURATED, 10))])
    assert {e for e in simple(record) if e[0] == "job"} == {
        ("job", "reads", f"{CURATED}#old"), ("job", "writes", f"{CURATED}#job"),
    }  # fmt: skip


def test_a_message_that_comes_again_records_nothing(record: Record) -> None:
    identity = Identity(record)
    said = [saying("job", reads(RAW, 10), writes(CURATED, 10)), saying("next", reads(CURATED, 20))]
    identity.settle(said)
    seq = record.seq()
    identity.settle([saying("next", reads(CURATED, 20)), saying("job", reads(RAW, 10), writes(CURATED, 10))] * 2)
    assert record.seq() == seq


def test_a_symlink_makes_two_locations_one_and_can_be_undone(record: Record) -> None:
    identity = Identity(record)
    table = "hive://meta/shop.orders"
    identity.settle([saying("writer", writes(CURATED, 10)), saying("reader", reads(table, 20))])
    before = simple(record)
    assert ("reader", "reads", f"{table}#") in before
    identity.settle([saying("other", Touch(CURATED, False, 30, same_as=(table,)))])
    assert {e for e in simple(record) if e[1] == "reads"} == {
        ("reader", "reads", f"{CURATED}#writer"), ("other", "reads", f"{CURATED}#writer"),
    }  # fmt: skip
    (alias,) = identity.aliases()
    assert (alias.pair, alias.source) == ((table, CURATED), "openlineage")
    identity.remove_alias(table, CURATED, actor="ann", reason="no")
    assert before < simple(record)
    identity.settle([saying("other", Touch(CURATED, False, 30, same_as=(table,)))])
    assert identity.aliases() == []
    with pytest.raises(NotFound):
        identity.remove_alias(table, CURATED)
    identity.add_alias(CURATED, table, actor="ann", reason="it is")
    assert ("reader", "reads", f"{CURATED}#writer") in simple(record)
    with record.read() as reader:
        assert differences(reader) == []


def test_who_reads_by_two_names_reads_once_and_by_two_again_when_that_is_undone(record: Record) -> None:
    identity = Identity(record)
    one, other = "s3://lake/a", "s3://lake/b"
    identity.settle([saying("w", writes(one, 1), writes(other, 2)), saying("r", reads(one, 10), reads(other, 20))])
    before = edges(record)
    identity.add_alias(one, other)
    assert {a for e, t, a in simple(record) if e == "r"} == {f"{other}#w"}
    identity.remove_alias(other, one)
    assert edges(record) == before


def test_partitions_are_of_their_whole(record: Record) -> None:
    identity = Identity(record)
    whole = "s3://lake/t"
    identity.settle([
        saying("first", writes(whole, 10)), saying("may", writes(f"{whole}/month=5", 20)),
        saying("june", writes(f"{whole}/month=6", 30)), saying("may2", writes(f"{whole}/month=5/day=1", 40)),
        saying("all", reads(f"{whole}/*.parquet", 50)), saying("m5", reads(f"{whole}/month=5/part-00000.parquet", 25)),
        saying("m7", reads(f"{whole}/month=7", 25)), saying("early", reads(whole, 15)),
    ])  # fmt: skip
    assert {(e, a) for e, t, a in simple(record) if t == "reads"} == {
        ("all", f"{whole}#first"), ("all", f"{whole}/month=5#may"), ("all", f"{whole}/month=6#june"),
        ("all", f"{whole}/month=5/day=1#may2"), ("m5", f"{whole}/month=5#may"), ("m7", f"{whole}#first"),
        ("early", f"{whole}#first"),
    }  # fmt: skip


def test_what_a_part_touches_its_whole_touches_but_not_what_passes_within(record: Record) -> None:
    identity = Identity(record)
    with_outer = Change()
    with_outer.type(NodeType(Kind.EXECUTION, "Job"))
    outer = with_outer.execution("Job", external_id="outer")
    record.commit(with_outer)
    assert outer.given is not None
    identity.settle([
        saying("b", reads(CURATED, 20), within=[outer.given]),
        saying("a", reads(RAW, 5), writes(CURATED, 10), within=[outer.given]),
    ])  # fmt: skip
    assert {e for e in simple(record) if e[0] == "outer"} == {
        ("outer", "reads", f"{RAW}#"), ("outer", "writes", f"{CURATED}#a"),
    }  # fmt: skip
    assert ("b", "reads", f"{CURATED}#a") in simple(record)


def test_what_was_recorded_outright_at_a_location_is_a_version_of_it(record: Record) -> None:
    change = Change()
    for kind in (Kind.ARTIFACT, Kind.EXECUTION):
        change.type(NodeType(kind, "T"))
    made, step = (
        change.artifact("T", uri="s3a://lake/raw/", external_id="own"),
        change.execution("T", external_id="kfp"),
    )
    change.event(made, step, EventType.OUTPUT, time_ms=5)
    record.commit(change)
    identity = Identity(record)
    identity.settle([saying("reader", reads(RAW, 10))])
    assert ("reader", "reads", "own") in simple(record)
    resolved = identity.resolve("s3://lake/raw")
    assert resolved is not None
    assert resolved.external_id == "own"
    assert identity.resolve("s3://lake/raw", 1) is None


def test_a_saying_that_is_wrong_keeps_no_other_from_being_recorded(record: Record) -> None:
    outcomes = Identity(record).settle_many(
        [saying("a", writes(RAW, 1)), saying("b", Touch("s3://x\0", False, 1)), saying("c", reads(RAW, 2)),
         saying("d", Touch(RAW, True, 3, digest="odd")), saying("e", reads(RAW, 4))]
    )  # fmt: skip
    assert [isinstance(o, Invalid) for o in outcomes] == [False, True, False, True, False]
    assert set(simple(record)) == {
        ("a", "writes", f"{RAW}#a"), ("c", "reads", f"{RAW}#a"), ("e", "reads", f"{RAW}#a"),
    }  # fmt: skip


def test_an_explicit_edge_that_is_there_already_stays_when_the_read_moves(record: Record) -> None:
    identity = Identity(record)
    identity.settle([saying("one", writes(RAW, 1)), saying("reader", reads(CURATED, 1))])
    with record.read() as reader:
        (version,) = reader.find_external(Kind.ARTIFACT, [f"{RAW}#one"])
        (execution,) = reader.find_external(Kind.EXECUTION, ["reader"])
    change = Change()
    change.event(version.id, execution.id, EventType.INPUT, source="kfp")
    record.commit(change)
    identity.settle([saying("reader", reads(RAW, 5)), saying("two", writes(RAW, 3))])
    assert {e for e in simple(record) if e[0] == "reader" and RAW in e[2]} == {
        ("reader", "reads", f"{RAW}#one"), ("reader", "reads", f"{RAW}#two"),
    }  # fmt: skip


def test_coverage_counts_what_comes_from_nowhere(record: Record) -> None:
    identity = Identity(record)
    identity.settle([saying("a", writes(CURATED, 1)), saying("b", reads(CURATED, 2), source="mlflow")])
    identity.settle([saying("c", reads(RAW, 2)), saying("d")])
    covered = identity.coverage()
    assert [(c.type, c.source, c.total, c.from_nowhere, c.to_nowhere) for c in covered.executions] == [
        ("Job", "", 1, 1, 1), ("Job", "mlflow", 1, 0, 1), ("Job", "openlineage", 2, 1, 1),
    ]  # fmt: skip
    assert [(c.source, c.total, c.from_nowhere, c.to_nowhere) for c in covered.artifacts] == [
        ("mlflow", 1, 0, 0), ("openlineage", 1, 1, 0),
    ]  # fmt: skip


def test_artifacts_of_the_same_bytes_are_the_same_content_and_two_artifacts(record: Record) -> None:
    identity = Identity(record)
    digest = "sha256:" + "0" * 64
    identity.settle([saying("a", Touch(RAW, True, 1, digest=digest), Touch(CURATED, True, 1, digest=digest))])
    one, other = (identity.resolve(uri) for uri in (RAW, CURATED))
    assert one is not None
    assert other is not None
    assert [a.id for a in identity.same_content(one.id)] == [other.id]


WORDS = st.sampled_from(["a", "b", "c", "d"])
PLACES = st.sampled_from(["s3://l/x", "s3://l/y", "s3://l/z", "s3://l/x/p=1", "s3://l/x/p=1/q=2", "s3://l/x/*.csv"])
TOUCHES = st.builds(
    Touch, PLACES, st.booleans(), st.integers(1, 6), path=st.sampled_from([(), ("k",)]),
    confidence=st.sampled_from([None, None, 80]),
    same_as=st.sampled_from([(), (), (), (), ("s3://l/y",), ("s3://l/z",)]),
)  # fmt: skip
MESSAGES = st.lists(st.tuples(WORDS, st.lists(TOUCHES, max_size=3), WORDS), min_size=1, max_size=7)


def _graph_of(
    record: Record, messages: Sequence[tuple[str, list[Touch], str]], namespace: str, at_once: bool
) -> object:
    processes = [Identity(record), Identity(record)]  # each keeps what it knows, and the other goes on meanwhile
    said = []
    for word, touches, outer in messages:
        made = saying(word, *touches)
        made.change.namespace = namespace
        if outer < word:  # parts are of those that come before them: no cycles
            put = made.change.execution("Job", external_id=outer, reuse="external_id")
            made.within = [put]
        said.append(made)
    if at_once:
        processes[0].settle(said)
    else:
        for at, one in enumerate(said):
            processes[at % 3 // 2].settle([one])
    with record.read() as reader:
        executions = reader.executions(namespace=namespace, limit=100).items
        names = {e.id: e.external_id for e in executions}
        found = reader.events_of_executions(names)
        artifacts = reader.artifacts_by_id({e.artifact_id for e in found})
        return sorted(
            (names[e.execution_id], e.type.name, str(artifacts[e.artifact_id].external_id), e.time_ms, e.path,
             str(e.source), str(e.confidence), str(e.location), str(artifacts[e.artifact_id].state))
            for e in found
        )  # fmt: skip


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(messages=MESSAGES, data=st.data())
def test_the_graph_is_a_function_of_the_set_of_messages(
    sqlite_record: Record, messages: list[tuple[str, list[Touch], str]], data: st.DataObject
) -> None:
    count = sqlite_record.seq()
    straight = _graph_of(sqlite_record, messages, f"one{count}", at_once=False)
    shuffled = data.draw(st.permutations(messages + data.draw(st.lists(st.sampled_from(messages), max_size=4))))
    other = _graph_of(sqlite_record, shuffled, f"two{count}", at_once=data.draw(st.booleans()))
    assert straight == other


def test_every_order_of_a_chain_over_two_names_is_one_graph(sqlite_record: Record) -> None:
    chain = [
        ("a", [Touch("s3://l/x", True, 1)], "z"), ("b", [Touch("s3://l/y", False, 2), Touch("s3://l/y", True, 2)], "z"),
        ("c", [Touch("s3://l/x", False, 3, same_as=("s3://l/y",))], "z"), ("d", [Touch("s3://l/y", True, 4)], "z"),
    ]  # fmt: skip
    graphs = [
        _graph_of(sqlite_record, order, f"n{at}", at_once=bool(at % 2)) for at, order in enumerate(permutations(chain))
    ]
    assert all(g == graphs[0] for g in graphs)
    with sqlite_record.read() as reader:
        assert differences(reader) == []


def test_an_importer_reads_the_version_at_its_address_whoever_came_first(record: Record) -> None:
    change = Change()
    change.type(NodeType(Kind.ARTIFACT, "system.Dataset"))
    change.type(NodeType(Kind.EXECUTION, "system.ImporterExecution"))
    for name, time_ms in (("early", 5), ("late", 15)):
        put = change.execution("system.ImporterExecution", external_id=name)
        own = change.artifact("system.Dataset", uri=CURATED, external_id=f"of {name}")
        change.event(own, put, EventType.OUTPUT, time_ms=time_ms, source="kfp")
    record.commit(change)
    identity = Identity(record)
    seq = record.seq()
    identity.look_again([CURATED])
    assert record.seq() == seq  # nobody was seen to write there
    identity.settle([saying("spark", writes(CURATED, 10)), saying("reader", reads(CURATED, 20))])
    assert {e for e in simple(record) if e[1] == "reads"} == {
        ("early", "reads", f"{CURATED}#"), ("late", "reads", f"{CURATED}#spark"),
        ("reader", "reads", f"{CURATED}#spark"),
    }  # fmt: skip
    seq = record.seq()
    identity.look_again([CURATED])
    assert record.seq() == seq


def test_threads_and_processes_that_settle_at_once_make_the_same_graph(record: Record) -> None:
    def jobs(namespace: str) -> list[Saying]:
        said = [
            saying(f"job{n}", reads(f"s3://lake/t{n % 5}", n), writes(f"s3://lake/t{(n + 1) % 5}", n))
            for n in range(60)
        ]
        for one in said:
            one.change.namespace = namespace
        return said

    Identity(record).settle(jobs("one"))
    processes, other = [Identity(record), Identity(record)], jobs("other")
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda at: processes[at % 2].settle([other[at]]), reversed(range(60))))
    with record.read() as reader:
        graphs = []
        for namespace in ("one", "other"):
            names = {int(e.id): e.external_id for e in reader.executions(namespace=namespace, limit=100).items}
            found = reader.events_of_executions(names)
            versions = reader.artifacts_by_id({e.artifact_id for e in found})
            graphs.append({(names[e.execution_id], e.type, versions[e.artifact_id].external_id) for e in found})
    assert len(graphs[0]) == 120
    assert graphs[0] == graphs[1]
