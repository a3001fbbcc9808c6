"""``clew run`` as a process: exit codes, what stands on which stream, what is left behind."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e
SAMPLES = Path(__file__).resolve().parents[1] / "executors" / "sample_pipelines.py"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    subprocess.run([sys.executable, "-W", "ignore", str(SAMPLES), str(folder)], check=True, timeout=120)
    return folder


def _run(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "clew", "run", *words, "--home", str(home)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_one_object_on_standard_output_and_progress_on_standard_error(samples: Path, tmp_path: Path) -> None:
    done = _run(tmp_path / "home", str(samples / "sums.yaml"), "-p", "a=4", "--json")
    assert done.returncode == 0
    result = json.loads(done.stdout)
    assert (result["state"], result["outputs"]) == ("COMPLETE", {"Output": 22})
    assert "add-3" in done.stderr


def test_a_failed_run_exits_with_1_and_says_why(samples: Path, tmp_path: Path) -> None:
    done = _run(tmp_path / "home", str(samples / "crashes.yaml"), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["state"] == "FAILED"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["imports.yaml", "-p", "uri=file:///no/such/file"], "there is no such file"),
        (["sums.yaml", "-p", "nope=1"], "nope"),
        (["sums.yaml", "-p", "a=x"], "whole number"),
        (["imports.yaml"], "uri"),
        (["nothing.yaml"], "nothing.yaml"),
        (["shells.yaml", "--containers", "refuse"], "--containers host"),
    ],
)
def test_what_cannot_be_run_exits_with_2_and_leaves_nothing(
    samples: Path, tmp_path: Path, words: list[str], says: str
) -> None:
    done = _run(tmp_path / "home", str(samples / words[0]), *words[1:])
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home" / "runs").exists()


def test_a_step_past_its_timeout_exits_with_1(samples: Path, tmp_path: Path) -> None:
    done = _run(tmp_path / "home", str(samples / "sleeps.yaml"), "--timeout", "0.5")
    assert done.returncode == 1
    assert "0.5 s" in done.stdout + done.stderr
