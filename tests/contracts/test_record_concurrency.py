"""Many callers at once: group commit keeps each one's answer; readers see one moment; processes share one record."""

from __future__ import annotations

import contextlib
import ctypes
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from clew.metadata.change import Change, Receipt
from clew.metadata.errors import AlreadyRecorded, ArtifactNotFound, ClewError, Invalid, StoreUnavailable, TypeNotFound
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.states import EventType

CALLERS = 64
EACH = 6
A, E, C = Kind.ARTIFACT, Kind.EXECUTION, Kind.CONTEXT


@pytest.fixture
def typed(record: Record) -> Record:
    """A record with types Data, Step and Run (seq 1) and artifact 1 (seq 2)."""
    change = Change()
    for kind, name in ((A, "Data"), (E, "Step"), (C, "Run")):
        change.type(NodeType(kind, name))
    record.commit(change)
    first = Change()
    first.artifact("Data", name="first")
    record.commit(first)
    return record


def step(name: str) -> Change:
    """A sound change: two nodes and two events."""
    change = Change(actor=name)
    made = change.artifact("Data", name=name)
    run = change.execution("Step", name=name)
    change.event(1, run, EventType.INPUT)
    change.event(made, run, EventType.OUTPUT)
    return change


def unknown_type(name: str) -> Change:
    change = step(name)
    change.artifact("Nothing")
    return change


def taken_name(name: str) -> Change:
    change = step(name)
    change.artifact("Data", name="first")
    return change


def missing_artifact(name: str) -> Change:
    change = step(name)
    change.event(10**9, change.nodes[1], EventType.INPUT)
    return change


def malformed(name: str) -> Change:
    change = step(name)
    change.artifact("Data", digest="nonsense")
    return change


def update(name: str) -> Change:
    change = Change(actor=name)
    change.artifact(id=1, custom_properties={name: 1})
    return change


def keyed(name: str) -> Change:
    change = step(name)
    change.key = name
    return change


MAKERS: list[tuple[Callable[[str], Change], type[ClewError] | None]] = [
    (step, None), (unknown_type, TypeNotFound), (update, None), (taken_name, AlreadyRecorded), (keyed, None),
    (missing_artifact, ArtifactNotFound), (step, None), (malformed, Invalid),
]  # fmt: skip


def test_each_of_64_callers_gets_its_own_answer_and_no_failure_leaves_a_trace(typed: Record) -> None:
    barrier = threading.Barrier(CALLERS)

    def caller(k: int) -> list[tuple[int, Receipt | ClewError]]:
        answers: list[tuple[int, Receipt | ClewError]] = []
        barrier.wait()
        for n in range(EACH):
            which = (k + n) % len(MAKERS)
            try:
                answers.append((which, typed.commit(MAKERS[which][0](f"{k}.{n}"))))
            except ClewError as error:
                answers.append((which, error))
        return answers

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = [answer for one in pool.map(caller, range(CALLERS)) for answer in one]

    good: list[Receipt] = []
    for which, answer in answers:
        wanted = MAKERS[which][1]
        if wanted is None:
            assert isinstance(answer, Receipt)
            good.append(answer)
        else:
            assert isinstance(answer, wanted)
    assert sorted(r.seq for r in good) == list(range(3, 3 + len(good)))
    made = sorted(r.node_ids[0] for r in good if len(r.node_ids) == 2)
    assert made == list(range(2, 2 + len(made)))
    with typed.read() as reader:
        assert differences(reader) == []
        assert reader.count(A) == 1 + len(made)
        assert reader.count(E) == len(made)
        assert len(reader.artifact(1).custom_properties) == sum(which == 2 for which, _ in answers)
        by_seq = {c.seq: c.actor for c in reader.changes()}
        for receipt in good:
            assert receipt.change is not None
            assert by_seq[receipt.seq] == receipt.change.actor


def test_sound_changes_of_64_callers_follow_each_other_without_a_gap(typed: Record) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        receipts = list(pool.map(lambda n: typed.commit(step(str(n))), range(CALLERS * 3)))
    receipts += [r for r in typed.commit_many([step(f"batch {n}") for n in range(300)]) if isinstance(r, Receipt)]
    assert sorted(r.seq for r in receipts) == list(range(3, 3 + CALLERS * 3 + 300))
    assert sorted(r.node_ids for r in receipts) == [(n + 2, n + 1) for n in range(CALLERS * 3 + 300)]
    with typed.read() as reader:
        assert differences(reader) == []


def test_one_name_wanted_by_64_callers_goes_to_one(typed: Record) -> None:
    def caller(_: int) -> Receipt | ClewError:
        try:
            return typed.commit(step("wanted"))
        except ClewError as error:
            return error

    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(caller, range(CALLERS)))
    assert sum(isinstance(a, Receipt) for a in answers) == 1
    assert sum(isinstance(a, AlreadyRecorded) for a in answers) == CALLERS - 1
    assert typed.seq() == 3


def test_one_context_reused_by_64_callers_is_made_once(typed: Record) -> None:
    def caller(k: int) -> int:
        change = Change()
        run = change.context("Run", name="run", reuse="name")
        change.associate(run, change.execution("Step"))
        return typed.commit(change).id(run)

    with ThreadPoolExecutor(CALLERS) as pool:
        assert set(pool.map(caller, range(CALLERS))) == {1}
    with typed.read() as reader:
        assert reader.count(E, context_id=1) == CALLERS


def test_one_key_sent_by_64_callers_is_recorded_once(typed: Record) -> None:
    with ThreadPoolExecutor(CALLERS) as pool:
        answers = list(pool.map(lambda _: typed.commit(keyed("once")), range(CALLERS)))
    assert {a.seq for a in answers} == {3}
    assert sum(not a.replayed for a in answers) == 1


def test_one_expectation_held_by_64_callers_is_met_by_one(typed: Record) -> None:
    def caller(k: int) -> bool:
        change = update(str(k))
        change.nodes[0].expect_updated_seq = 2
        try:
            typed.commit(change)
        except ClewError:
            return False
        return True

    with ThreadPoolExecutor(CALLERS) as pool:
        assert sum(pool.map(caller, range(CALLERS))) == 1


def test_a_batch_of_independent_changes_keeps_its_order_and_each_its_own_error(typed: Record) -> None:
    batch = [MAKERS[n % len(MAKERS)][0](str(n)) for n in range(600)]
    answers = typed.commit_many(batch)
    assert len(answers) == len(batch)
    seqs = [a.seq for a in answers if isinstance(a, Receipt)]
    assert seqs == list(range(3, 3 + len(seqs)))
    for n, answer in enumerate(answers):
        wanted = MAKERS[n % len(MAKERS)][1]
        assert isinstance(answer, Receipt if wanted is None else wanted)
    assert typed.commit_many([]) == []


def test_a_reader_sees_one_moment_while_others_write(typed: Record) -> None:
    stop = threading.Event()

    def writer() -> None:
        n = 0
        while not stop.is_set():
            typed.commit(step(f"w{n}"))
            n += 1

    thread = threading.Thread(target=writer)
    thread.start()
    try:
        for _ in range(30):
            with typed.read() as reader:
                first = (reader.seq, reader.count(A), reader.count(E))
                events = [row for chunk in reader.edge_rows() for row in chunk]
                log = reader.changes(limit=10_000)
                again = (reader.seq, reader.count(A), reader.count(E))
            assert first == again
            assert log[-1].seq == first[0]
            assert len(events) == 2 * first[2] == 2 * (first[1] - 1)
    finally:
        stop.set()
        thread.join()


def test_what_is_acknowledged_is_seen_by_the_next_reader(typed: Record) -> None:
    for n in range(20):
        receipt = typed.commit(step(str(n)))
        with typed.read() as reader:
            assert reader.seq == receipt.seq
            assert reader.artifact(receipt.node_ids[0]).name == str(n)


WRITER = """
import sys
from clew.metadata.change import Change
from clew.metadata.errors import AlreadyRecorded
from clew.metadata.record import Record
from clew.metadata.states import EventType
from clew.metadata.node import NodeType
from clew.metadata.ids import Kind

url, tag, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
with Record.open(url) as record:
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(steps):
        change = Change(actor=tag)
        made = change.artifact("Data", name=f"{tag}.{n}")
        change.event(made, change.execution("Step"), EventType.OUTPUT)
        if n % 7 == 3:
            change.context("Run", name="shared", reuse="name", custom_properties={tag: n})
        if n % 11 == 5:
            change.type(NodeType(Kind.ARTIFACT, f"T{n}"))
        receipt = record.commit(change)
        print(receipt.seq, receipt.node_ids[0], flush=True)
        if n % 13 == 6:
            try:
                clash = Change(actor=tag)
                clash.artifact("Data", name="first")
                record.commit(clash)
            except AlreadyRecorded:
                pass
            else:
                raise SystemExit("a taken name was given twice")
"""


def test_several_processes_write_one_record(typed: Record, record_url: str) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, record_url, tag, "60"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for tag in ("a", "b", "c")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    ours = [typed.commit(step(f"ours{n}")) for n in range(20)]
    acknowledged = [(r.seq, r.node_ids[0]) for r in ours]
    for writer in writers:
        out, _ = writer.communicate(timeout=120)
        assert writer.returncode == 0
        acknowledged += [tuple(map(int, line.split())) for line in out.splitlines()]  # type: ignore[misc]
    assert sorted(seq for seq, _ in acknowledged) == list(range(3, 203))
    assert sorted(artifact for _, artifact in acknowledged) == list(range(2, 202))
    with typed.read() as reader:
        assert differences(reader) == []
        assert reader.count(C) == 1


def test_a_change_may_speak_of_what_another_process_has_just_written(typed: Record, record_url: str) -> None:
    typed.commit(step("ours"))
    with Record.open(record_url) as other:
        change = Change()
        change.type(NodeType(A, "Theirs"))
        theirs = other.commit(change)
        theirs = other.commit(step("theirs"))
    change = Change()
    run = change.execution("Step")
    change.event(theirs.node_ids[0], run, EventType.INPUT)
    change.artifact("Theirs")
    receipt = typed.commit(change)
    assert receipt.seq == theirs.seq + 1
    with typed.read() as reader:
        assert differences(reader) == []


FORK = """
import os, sys
from clew.metadata.change import Change
from clew.metadata.errors import StoreUnavailable
from clew.metadata.record import Record

record = Record.open(sys.argv[1])
record.seq()
if os.fork() == 0:
    for use in (record.seq, lambda: record.commit(Change(key="k"))):
        try:
            use()
        except StoreUnavailable as error:
            assert "again" in error.remedy
        else:
            os._exit(1)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
record.seq()
record.close()
"""


def test_a_forked_child_is_told_to_open_the_record_again(record_url: str) -> None:
    assert subprocess.run([sys.executable, "-c", FORK, record_url], timeout=60).returncode == 0


def test_ctrl_c_in_one_caller_leaves_the_others_alone(typed: Record) -> None:
    """Thrown at any line, also amid the commit of a group that others wait for."""
    unexpected: list[BaseException] = []
    for turn in range(6):
        victim = threading.Thread(target=_until_ctrl_c, args=(typed, f"victim {turn}"))
        others = [
            threading.Thread(target=_some, args=(typed, f"{turn}.{k}", unexpected), daemon=True) for k in range(8)
        ]
        for thread in (victim, *others):
            thread.start()
        time.sleep(random.Random(turn).uniform(0.001, 0.02))
        assert victim.ident is not None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(victim.ident), ctypes.py_object(KeyboardInterrupt))
        for thread in (victim, *others):
            thread.join(60)
            assert not thread.is_alive()
    assert unexpected == []
    typed.commit(step("after"))
    with typed.read() as reader:
        assert differences(reader) == []


def _until_ctrl_c(record: Record, name: str) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        for n in range(1_000_000):
            with contextlib.suppress(StoreUnavailable):
                record.commit(step(f"{name}.{n}"))


def _some(record: Record, name: str, unexpected: list[BaseException]) -> None:
    try:
        for n in range(20):
            record.commit(step(f"{name}.{n}"))
    except StoreUnavailable as error:
        if "interrupted" not in str(error):
            unexpected.append(error)
    except BaseException as error:
        unexpected.append(error)
