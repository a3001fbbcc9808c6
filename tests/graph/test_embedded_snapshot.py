"""Snapshots: what may be believed of a file, and what makes the engine build anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from clew.graph.contract import agrees
from clew.graph.embedded import EmbeddedEngine
from clew.graph.embedded import snapshot as snapshots
from clew.graph.loom import BOTH, Loom
from clew.metadata.record import Record


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "graph"


@pytest.fixture
def woven(sqlite_record: Record, folder: Path) -> Loom:
    """A record of a chain of forty steps, and a snapshot of its first twenty."""
    loom = Loom(sqlite_record)
    loom.weave(*(f"v{i} > s{i} > v{i + 1}" for i in range(20)))
    EmbeddedEngine(sqlite_record, folder).close()
    loom.weave(*(f"v{i} > s{i} > v{i + 1}" for i in range(20, 40)))
    return loom


def rebuilt(loom: Loom, folder: Path) -> int:
    """Open an engine, check it, and tell how often it was built from the record."""
    engine = EmbeddedEngine(loom.record, folder)
    try:
        agrees(engine, loom.oracle, [loom["v20"]], BOTH)
        return engine.projection.rebuilt
    finally:
        engine.close()


def replace(folder: Path, data: bytes) -> None:
    (folder / "new").write_bytes(data)
    os.replace(folder / "new", folder / snapshots.NAME)


def test_a_sound_snapshot_is_used_and_the_log_followed_from_there(woven: Loom, folder: Path) -> None:
    assert rebuilt(woven, folder) == 0


def test_a_snapshot_that_is_torn_anywhere_is_not_used(woven: Loom, folder: Path) -> None:
    data = (folder / snapshots.NAME).read_bytes()
    for size in (0, 5, 19, 64, 300, len(data) // 2, len(data) - 1):
        replace(folder, data[:size])
        assert rebuilt(woven, folder) == 1


def test_a_snapshot_with_one_bit_flipped_anywhere_is_not_used(woven: Loom, folder: Path) -> None:
    data = (folder / snapshots.NAME).read_bytes()
    found = snapshots.load(folder, woven.record.id)
    assert found is not None
    spans = [(array.ctypes.data, array.nbytes) for array in found.arrays.values() if array.nbytes]
    start = min(address for address, _ in spans)
    first = len(data) - (max(a + n for a, n in spans) - start + 63) // 64 * 64
    offsets = [first + address - start + n // 2 for address, n in spans]
    for offset in (0, 9, 13, 17, 70, 200, *offsets):
        damaged = bytearray(data)
        damaged[offset] ^= 0x10
        replace(folder, bytes(damaged))
        assert rebuilt(woven, folder) == 1, offset


def test_a_snapshot_of_another_record_is_not_used(woven: Loom, folder: Path, tmp_path: Path) -> None:
    other = Record.open(tmp_path / "other")
    loom = Loom(other)
    loom.weave("v19 > s > v20")
    assert snapshots.load(folder, woven.record.id) is not None
    assert rebuilt(loom, folder) == 1
    other.close()


def test_a_snapshot_newer_than_a_restored_record_is_not_used(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    record = Record.open(home)
    loom = Loom(record)
    loom.weave("v19 > early > v20")
    record.close()
    shutil.copytree(home, tmp_path / "backup")
    record = Record.open(home)
    late = Loom(record)
    late.weave("x > late > y")
    EmbeddedEngine(record, folder).close()
    record.close()

    restored = Record.open(tmp_path / "backup")
    loom.record = restored
    assert rebuilt(loom, folder) == 1
    restored.close()


def test_a_snapshot_of_a_record_that_went_another_way_is_not_used(tmp_path: Path, folder: Path) -> None:
    home = tmp_path / "home"
    record = Record.open(home)
    loom = Loom(record)
    loom.weave("v19 > early > v20")
    record.close()
    shutil.copytree(home, tmp_path / "backup")
    record = Record.open(home)
    Loom(record).weave("x > late > y")
    EmbeddedEngine(record, folder).close()
    record.close()

    restored = Record.open(tmp_path / "backup")
    loom.record = restored
    loom.weave("v20 > other > v21")  # the same seq as the lost change
    loom.weave("v21 > more > v22")
    assert rebuilt(loom, folder) == 1
    restored.close()


def test_a_running_engine_notices_that_its_record_was_restored(tmp_path: Path) -> None:
    home = tmp_path / "home"
    record = Record.open(home)
    loom = Loom(record)
    loom.weave("v19 > early > v20")
    record.close()
    backup = (home / "record.db").read_bytes()
    record = Record.open(home)
    engine = EmbeddedEngine(record)
    loom.record = record
    Loom(record).weave("x > late > y")
    engine.projection.fresh()
    record.close()
    (home / "record.db").write_bytes(backup)
    again = Record.open(home)
    engine.projection._record = again
    loom.record = again
    loom.weave("v20 > other > v21")
    loom.weave("v21 > more > v22")
    agrees(engine, loom.oracle, [loom["v22"]])
    assert engine.projection.rebuilt == 2
    engine.close()
    again.close()


def test_a_folder_that_cannot_be_written_costs_the_snapshot_and_nothing_else(woven: Loom, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    assert rebuilt(woven, blocked / "graph") == 1
    assert rebuilt(woven, blocked) == 1


def test_what_a_killed_process_left_is_cleared_away(woven: Loom, folder: Path) -> None:
    left = folder / f"{snapshots.NAME}.1.dead.tmp"
    left.write_bytes(b"half")
    os.utime(left, (1, 1))
    engine = EmbeddedEngine(woven.record, folder)
    engine.projection.compact()
    engine.close()
    assert not left.exists()
    assert rebuilt(woven, folder) == 0


def test_a_mapped_snapshot_survives_its_replacement_by_another_process(woven: Loom, folder: Path) -> None:
    one, other = EmbeddedEngine(woven.record, folder), EmbeddedEngine(woven.record, folder)
    other.projection.compact()
    agrees(one, woven.oracle, [woven["v0"]], BOTH)
    other.projection.compact()
    agrees(one, woven.oracle, [woven["v39"]], BOTH)
    one.close()
    other.close()


def test_another_processes_writes_are_seen_by_the_next_query(tmp_path: Path) -> None:
    home = tmp_path / "home"
    record = Record.open(home)
    loom = Loom(record)
    loom.weave("raw > train > model")
    engine = EmbeddedEngine(record, home / "graph")
    code = (
        "import sys; from clew.metadata.record import Record; from clew.graph.loom import Loom\n"
        "r = Record.open(sys.argv[1]); Loom(r).weave('a > b > c'); r.close()"
    )
    subprocess.run([sys.executable, "-c", code, str(home)], check=True)
    with record.read() as reader:
        seq = reader.seq
    assert engine.trace([loom["model"]]).seq == seq == loom.seq + 1
    engine.close()
    record.close()


def test_readers_and_writers_run_through_compactions_without_a_wrong_answer(sqlite_record: Record) -> None:
    loom = Loom(sqlite_record)
    loom.weave("v0 > s0 > v1")
    engine = EmbeddedEngine(sqlite_record, compact_after=40)
    failures: list[str] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            trace = engine.trace([loom["v0"]], BOTH, edges=True)
            steps = (trace.total_nodes - 1) // 2
            ids = sorted(zip(trace.kinds, trace.ids, strict=True))
            whole = sorted([(0, i) for i in range(1, steps + 2)] + [(1, i) for i in range(1, steps + 1)])
            if ids != whole or len(trace.edges) != 2 * steps or trace.seq < steps:
                failures.append(f"{trace.seq}: {ids}")

    readers = [threading.Thread(target=ask) for _ in range(3)]
    for reader in readers:
        reader.start()
    try:
        for i in range(1, 150):
            loom.weave(f"v{i} > s{i} > v{i + 1}")
    finally:
        done.set()
        for reader in readers:
            reader.join()
        engine.close()
    assert failures == []
    assert engine.projection.view.base.csr.reads.size > 0, "it was compacted meanwhile"
    agrees(engine, loom.oracle, [loom["v70"]], BOTH)


@pytest.mark.parametrize("size", [0, 1, 7, 8, 63, 64, 65, 127, 128, 1000])
def test_the_checksum_changes_with_any_byte(size: int) -> None:
    data = np.arange(size, dtype=np.uint8)
    before = snapshots.checksum(data)
    for at in range(size):
        data[at] ^= 0x80
        assert snapshots.checksum(data) != before
        data[at] ^= 0x80
    assert snapshots.checksum(np.zeros(size, np.uint8)) != snapshots.checksum(np.zeros(size + 1, np.uint8))


def test_kernels_compile_where_nothing_can_be_cached() -> None:
    code = (
        "import numba.core.caching as caching\n"
        "caching.CacheImpl._locator_classes = []\n"
        "from clew.graph.embedded.jit import kernel\n"
        "assert kernel(lambda x: x + 1)(2) == 3"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
