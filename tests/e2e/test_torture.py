"""The machinery of ``make torture`` works, and a handful of kills leaves no difference; hundreds are `make torture`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TORTURE = Path(__file__).resolve().parents[2] / "benchmarks" / "torture.py"


@pytest.mark.e2e
@pytest.mark.timeout(180)
def test_a_killed_writer_leaves_nothing_lost_and_nothing_half_written() -> None:
    command = [sys.executable, str(TORTURE), "--quick", "--kills", "30", "--only", "sqlite", "shared", "--seed", "7"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "zero differences" in done.stdout


@pytest.mark.e2e
@pytest.mark.timeout(180)
def test_a_run_killed_and_resumed_loses_nothing_and_does_nothing_twice() -> None:
    command = [sys.executable, str(TORTURE), "--resume-kills", "5", "--only", "resume", "--seed", "11"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "zero differences" in done.stdout


@pytest.mark.e2e
@pytest.mark.timeout(60)
def test_a_lost_and_a_half_written_change_are_counted(tmp_path: Path) -> None:
    script = f"""
import sys
from pathlib import Path
sys.path.insert(0, {str(TORTURE.parent)!r})
from torture_check import Tally, check
from torture_writer import change_of, kind_of, seed
from clew.metadata.record import Record
folder = Path({str(tmp_path)!r})
tags = [t for t in map(str, range(40)) if kind_of(t) == "step"][:3]
with Record.open(folder / "home") as record:
    seed(record)
    notes = ["A never 99 -\\n", "I never\\n"]
    for tag in tags:
        receipt = record.commit(change_of(tag))
        notes.append(f"I {{tag}}\\nA {{tag}} {{receipt.seq}} {{','.join(map(str, receipt.node_ids))}}\\n")
    (folder / "notes").write_text("".join(notes))
    check(record, folder / "notes", tally := Tally(), say_again=False)
    assert (tally.lost, tally.differences) == (1, 1), tally
    with record.store.write(locked=True) as session:
        session.execute("DELETE FROM event WHERE artifact_id > 20 AND execution_id = 2")
        session.commit({{}}, session.head)
    check(record, folder / "notes", tally := Tally(), say_again=False)
    assert tally.replay == 2, tally
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
