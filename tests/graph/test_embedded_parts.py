"""The parts of the embedded engine: numbering, the tail, classes, the pulse."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.graph.embedded import EmbeddedEngine, pulse
from clew.graph.embedded.numbering import Numbering
from clew.graph.embedded.pulse import Pulse
from clew.graph.loom import Loom
from clew.graph.protocol import Direction, NodeFilter
from clew.metadata.errors import Corrupt
from clew.metadata.ids import Kind
from clew.metadata.record import Record

IDS = st.one_of(st.integers(1, 300), st.integers(1, 10**6), st.integers(1, 2**62))


@given(st.sets(IDS), st.lists(IDS, unique=True))
def test_an_index_once_given_stays_and_leads_back_to_its_id(loaded: set[int], added: list[int]) -> None:
    numbering = Numbering.of_ids(np.array(sorted(loaded), np.int64))
    given_ = {id: numbering.index(id) for id in loaded}
    given_ |= {id: numbering.add(id) for id in added}
    assert len(set(given_.values())) == len(given_)
    ids = np.array(list(given_), np.int64)
    indices = numbering.indices(ids)
    assert indices.tolist() == list(given_.values())
    assert numbering.ids(indices).tolist() == ids.tolist()
    assert all(index < numbering.size for index in given_.values())
    again = Numbering(numbering.direct, numbering.extra)
    assert again.indices(ids).tolist() == indices.tolist()


def test_an_event_on_an_unknown_node_is_corruption_and_not_a_wild_index() -> None:
    for bad in (-1, 7, 2**40):
        with pytest.raises(Corrupt):
            Numbering(5).indices(np.array([1, bad], np.int64))


def test_dense_ids_are_their_own_indices_and_a_few_gaps_do_not_matter() -> None:
    numbering = Numbering.of_ids(np.array([1, 2, 5, 9, 60_000], np.int64))
    assert (numbering.direct, numbering.extra.size) == (60_001, 0)
    assert Numbering.of_ids(np.array([1, 2, 10**9], np.int64)).direct == 3


def test_a_long_tail_answers_as_the_arrays_do(sqlite_record: Record) -> None:
    loom, rng = Loom(sqlite_record), random.Random(3)
    loom.weave("a0 > hub > b0")
    engine = EmbeddedEngine(sqlite_record, compact_after=10**9)
    for start in range(0, 1200, 300):
        steps = []
        for i in range(start, start + 300):
            reads = ", ".join({f"a{rng.randrange(i + 1)}" for _ in range(rng.randint(1, 3))})
            steps.append(f"{reads}, b0 > e{i} > a{i + 1}")
        loom.weave(*steps)
        engine.projection.fresh()
    assert engine.projection.view.edge_limit > 3000
    seeds = [[loom[rng.choice(sorted(loom.names))] for _ in range(2)] for _ in range(20)]
    asked = [(seed, way, depth) for seed in seeds for way in Direction for depth in (None, 3)]

    def answers() -> list[object]:
        told: list[object] = []
        for seed, way, depth in asked:
            trace = engine.trace(seed, way, depth=depth, edges=True)
            told.append((sorted(zip(trace.refs(), trace.depths, strict=True)), sorted(trace.edges), trace.partial))
            told.append(engine.trace(seed, way, depth=depth, where=NodeFilter(ends_only=True)).total_nodes)
        return told

    before = answers()
    engine.projection.compact()
    assert engine.projection.view.edge_limit == 0
    assert answers() == before


def test_more_classes_than_sixteen_bits_hold_take_thirty_two(
    sqlite_record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clew.graph.embedded.load.SMALL_CLASSES", 2)
    loom = Loom(sqlite_record)
    for i in range(5):
        loom.node(Kind.ARTIFACT, f"n{i}", namespace=f"team{i}")
    engine = EmbeddedEngine(sqlite_record)
    assert engine.projection.view.base.classes[0].dtype == np.uint32
    for i in range(5):
        where = NodeFilter(namespaces=(f"team{i}",))
        assert engine.trace(list(loom.names.values()), where=where).refs() == [loom[f"n{i}"]]
    engine.projection.compact()


def test_a_commit_of_any_process_changes_the_pulse_and_reading_does_not(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    loom = Loom(record)
    loom.weave("a > run > b")
    beat = Pulse.of(tmp_path / "record.db")
    before = beat.read()
    assert before is not None
    record.seq()
    assert beat.read() == before
    loom.weave("b > run2 > c")
    ours = beat.read()
    assert ours != before
    code = (
        "import sys; from clew.metadata.record import Record; from clew.graph.loom import Loom\n"
        "r = Record.open(sys.argv[1]); Loom(r).weave('a > b > c'); r.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert beat.read() not in (before, ours)
    record.close()


def test_a_pulse_is_given_up_only_when_sqlite_has_deleted_its_file(tmp_path: Path) -> None:
    record = Record.open(tmp_path)
    Loom(record).weave("a > run > b")
    beat = Pulse.of(tmp_path / "record.db")
    assert Pulse.of(tmp_path / "record.db") is beat
    record.close()
    assert beat.read() is None
    other = Pulse.of(tmp_path / "nothing.db")
    assert other.read() is None
    assert beat not in pulse._kept
    again = Record.open(tmp_path)
    again.seq()
    assert Pulse.of(tmp_path / "record.db") is not beat
    again.close()
    gc.collect()


def test_kernels_are_warm_after_warming() -> None:
    code = (
        "from clew.graph.embedded.warm import warm; warm()\n"
        "from clew.graph.embedded import walk, tail, csr, path, snapshot\n"
        "inner = {'find', 'head_of', '_grown', 'neighbours', '_insert', '_turned'}  # called by compiled code only\n"
        "cold = {n for m in (walk, tail, csr, path, snapshot) for n, k in vars(m).items()\n"
        "        if hasattr(k, 'signatures') and not k.signatures}\n"
        "print(sorted(cold - inner))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
