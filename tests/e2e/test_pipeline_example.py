"""The example, as a user meets it: source and YAML agree, and the ``clew`` command runs it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "breast_cancer"
CLEW = [sys.executable, "-m", "clew"]

pytestmark = pytest.mark.e2e


def _compile(target: Path, *options: str) -> None:
    script = [sys.executable, "-W", "ignore", str(EXAMPLE / "pipeline.py"), str(target), *options]
    subprocess.run(script, check=True, timeout=120, capture_output=True)


def _clew_run(pipeline: Path, home: Path, *options: str) -> tuple[int, dict[str, Any], str]:
    command = [*CLEW, "run", str(pipeline), "--home", str(home), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def _states(result: dict[str, Any]) -> dict[str, str]:
    return {task["name"]: task["state"] for task in result["tasks"] if task["kind"] != "dag"}


def test_the_compiled_example_is_what_its_source_compiles_to(tmp_path: Path) -> None:
    _compile(tmp_path / "pipeline.yaml")
    assert (tmp_path / "pipeline.yaml").read_text() == (EXAMPLE / "pipeline.yaml").read_text()


def test_the_data_are_the_files_scikit_learn_ships() -> None:
    lines = (EXAMPLE / "breast_cancer.csv").read_text().splitlines()
    assert lines[0] == "569,30,malignant,benign"
    assert (len(lines), {len(line.split(",")) for line in lines[1:]}) == (570, {31})


@pytest.mark.timeout(600)
def test_the_example_runs_cold_then_reuses_all_then_only_what_a_change_leaves(tmp_path: Path) -> None:
    home = tmp_path / "home"
    data = shutil.copy(EXAMPLE / "breast_cancer.csv", tmp_path)
    raw = ("-p", f"raw={Path(data).as_uri()}")
    code, cold, words = _clew_run(EXAMPLE / "pipeline.yaml", home, *raw)
    assert code == 0, words
    assert set(_states(cold).values()) == {"COMPLETE"}
    assert cold["outputs"]["Output"] > 0.9
    _, unchanged, _ = _clew_run(EXAMPLE / "pipeline.yaml", home, *raw)
    assert set(_states(unchanged).values()) == {"CACHED"}
    assert unchanged["outputs"] == cold["outputs"]
    _compile(tmp_path / "changed.yaml", "--neighbours", "9")
    _, changed, _ = _clew_run(tmp_path / "changed.yaml", home, *raw)
    assert {name for name, state in _states(changed).items() if state == "COMPLETE"} == {
        "for-loop-2#3/train",
        "select",
    }


def test_ctrl_c_cancels_a_run_and_the_exit_code_tells(compiled_sleep: Path, tmp_path: Path) -> None:
    command = [*CLEW, "run", str(compiled_sleep), "--home", str(tmp_path / "home"), "--json"]
    runner = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not list((tmp_path / "home").glob("runs/*/*/log.txt")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    started = psutil.Process(runner.pid).children(recursive=True)
    assert started
    os.kill(runner.pid, signal.SIGINT)
    out, err = runner.communicate(timeout=30)
    assert psutil.wait_procs(started, timeout=10)[1] == []
    assert runner.returncode == 130, err
    assert "Traceback" not in err
    result = json.loads(out)
    assert (result["state"], result["tasks"][0]["state"]) == ("CANCELED", "CANCELED")


@pytest.fixture
def compiled_sleep(tmp_path: Path) -> Path:
    source = tmp_path / "sleeping.py"
    source.write_text(
        "from kfp import compiler, dsl\n"
        "@dsl.component(base_image='python:3.11')\n"
        "def sleep():\n"
        "    import time\n"
        "    time.sleep(300)\n"
        "@dsl.pipeline\n"
        "def sleeping():\n"
        "    sleep()\n"
        f"compiler.Compiler().compile(sleeping, {str(tmp_path / 'sleeping.yaml')!r})\n"
    )
    subprocess.run([sys.executable, "-W", "ignore", str(source)], check=True, timeout=120)
    return tmp_path / "sleeping.yaml"
