"""`clew exec`: what a script reads, writes and is made of, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from clew.metadata.digest import of_bytes

Told = Callable[..., dict[str, Any]]
Exec = Callable[..., subprocess.CompletedProcess[str]]
TRAIN = "open('model.bin', 'w').write(open('raw.csv').read().upper())\n"


def test_a_script_is_recorded_with_what_it_read_and_wrote(clew_exec: Exec, told: Told, work: Path) -> None:
    (work / "train.py").write_text(TRAIN)
    done = clew_exec("--", sys.executable, "train.py", "--depth", "3")
    assert (done.returncode, done.stdout) == (0, "")
    assert "execution:1 COMPLETE, 1 read, 1 written" in done.stderr
    found = told()
    assert (found["state"], found["type"], found["sources"]) == ("COMPLETE", "Script", {"exec"})
    assert found["read"]["raw.csv"].digest == of_bytes((work / "raw.csv").read_bytes())
    assert found["written"]["model.bin"].digest == of_bytes((work / "model.bin").read_bytes())
    assert found["read"]["code"].digest == of_bytes(TRAIN.encode())
    assert found["properties"]["command"].endswith("train.py --depth 3")
    assert found["properties"]["exit_code"] == 0
    assert found["properties"]["packages"]["sqlalchemy"]


def test_two_scripts_are_one_chain(clew_exec: Exec, told: Told, work: Path) -> None:
    clew_exec("--", sys.executable, "-c", "open('mid.csv', 'w').write(open('raw.csv').read())")
    clew_exec("--", sys.executable, "-c", "open('end.csv', 'w').write(open('mid.csv').read())")
    assert told(1)["written"]["mid.csv"].id == told(2)["read"]["mid.csv"].id


def test_what_a_script_reads_back_is_no_input(clew_exec: Exec, told: Told) -> None:
    clew_exec("--", sys.executable, "-c", "open('x.txt', 'w').write('1'); open('x.txt').read()")
    found = told()
    assert (set(found["read"]), set(found["written"])) == (set(), {"x.txt"})


def test_the_exit_code_is_the_scripts(clew_exec: Exec, told: Told) -> None:
    assert clew_exec("--", sys.executable, "-c", "import sys; sys.exit(7)").returncode == 7
    assert (told()["state"], told()["properties"]["error"]) == ("FAILED", "exit code 7")


def test_a_script_that_is_killed_leaves_128_and_the_signal(clew_exec: Exec, told: Told) -> None:
    code = "import os; open('raw.csv').read(); os.kill(os.getpid(), 9)"
    assert clew_exec("--", sys.executable, "-c", code).returncode == 137
    assert (told()["state"], set(told()["read"])) == ("FAILED", {"raw.csv"})
    assert told()["properties"]["error"] == "killed by SIGKILL"


def test_of_another_program_what_is_declared_is_recorded(clew_exec: Exec, told: Told) -> None:
    done = clew_exec("--in", "raw.csv", "--out", "copy.csv", "--", "cp", "raw.csv", "copy.csv")
    assert done.returncode == 0
    assert (set(told()["read"]), set(told()["written"])) == ({"raw.csv"}, {"copy.csv"})


def test_an_input_that_is_not_there_is_refused_before_anything_runs(clew_exec: Exec, work: Path) -> None:
    done = clew_exec("--in", "none.csv", "--", "touch", "ran")
    assert (done.returncode, (work / "ran").exists()) == (2, False)
    assert "none.csv" in done.stderr


def test_a_program_that_is_not_there_is_told(clew_exec: Exec) -> None:
    done = clew_exec("--", "no-such-program")
    assert done.returncode == 1
    assert "there is no program 'no-such-program'" in done.stderr


def test_commit_and_uncommitted_changes_are_kept(clew_exec: Exec, told: Told, work: Path) -> None:
    git = ["git", "-C", str(work), "-c", "user.name=a", "-c", "user.email=a@b"]
    (work / "train.py").write_text(TRAIN)
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        subprocess.run([*git, *command], check=True)
    (work / "train.py").write_text(TRAIN + "# more\n")
    clew_exec("--", sys.executable, "train.py")
    kept = told()["properties"]
    assert (len(kept["git.commit"]), kept["git.dirty"]) == (40, True)
    assert "+# more" in kept["git.diff"]


def test_what_runs_inside_is_told_which_execution_it_is_part_of(clew_exec: Exec) -> None:
    code = "import os; print(os.environ['CLEW_EXECUTION'], os.environ['MLFLOW_RUN_CONTEXT'])"
    assert clew_exec("--", sys.executable, "-c", code).stdout.split(None, 1) == [
        "execution:1", '{"clew.execution": "execution:1"}\n',
    ]  # fmt: skip


def test_the_same_code_is_one_artifact_and_changed_code_another(clew_exec: Exec, told: Told, work: Path) -> None:
    for number, text in enumerate((TRAIN, TRAIN, TRAIN + "#\n"), 1):
        (work / "train.py").write_text(text)
        clew_exec("--", sys.executable, "train.py")
        assert told(number)["state"] == "COMPLETE"
    ids = [told(number)["read"]["code"].id for number in (1, 2, 3)]
    assert (ids[0] == ids[1], ids[1] == ids[2]) == (True, False)


def _started(beside_clew: dict[str, str], work: Path, code: str) -> subprocess.Popen[str]:
    environ = {name: value for name, value in beside_clew.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "clew", "exec", "--", sys.executable, "-c", code]
    process = subprocess.Popen(
        command, cwd=work, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


def _until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_are_passed_through(
    beside_clew: dict[str, str], work: Path, told: Told, number: signal.Signals
) -> None:
    process = _started(beside_clew, work, "import time; print('up', flush=True); time.sleep(60)")
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert told()["state"] == "CANCELED"


def test_of_a_clew_exec_that_is_killed_the_execution_does_not_run_for_ever(
    beside_clew: dict[str, str], work: Path, told: Told
) -> None:
    process = _started(beside_clew, work, "import time; print('up', flush=True); time.sleep(60)")
    _until(lambda: told()["state"] == "RUNNING")
    os.kill(process.pid, signal.SIGKILL)
    _until(lambda: told()["state"] == "FAILED")
    assert told()["properties"]["error"] == "its process was killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
