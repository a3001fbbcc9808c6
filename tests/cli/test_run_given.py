"""`clew run` gives a pipeline what it asks of its cluster, and refuses what it was not given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("asking")
    script = Path(__file__).parents[1] / "executors" / "platform_pipelines.py"
    subprocess.run([sys.executable, "-W", "ignore", str(script), str(folder)], check=True, timeout=120)
    return folder


def test_a_secret_a_config_map_and_a_volume_are_given_by_name(shell: Any, asking: Path, tmp_path: Path) -> None:
    (tmp_path / "s.env").write_text("token=k33p-quiet")
    (tmp_path / "fixed").mkdir()
    home = tmp_path / "home"
    said = shell("run", asking / "variable.yaml", "--secret", f"one={tmp_path}/s.env", "--home", home, "--json")
    assert json.loads(said.out)["outputs"] == {"Output": {"TOKEN": "k33p-quiet"}}
    assert "k33p-quiet" not in said.err
    said = shell("run", asking / "keyed.yaml", "--volume", f"fixed={tmp_path}/fixed", "--home", home)
    assert (said.code, (tmp_path / "fixed" / "f").read_text()) == (0, "x")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "there is no secret 'one'. Give it with --secret one=FILE_OR_FOLDER"),
        (["--secret", "one"], "'one' is not NAME=VALUE"),
        (["--secret", "one=/no/such"], "--secret one: /no/such cannot be read"),
        (["--secret", "one=.", "--secret", "one=."], "is given twice"),
        (["--volume", "x=/no/such"], "--volume x: /no/such is no folder"),
        (["--look", "hard"], "look"),
        (["--accelerators", "-1"], "accelerators"),
    ],
)
def test_what_is_missing_or_wrong_is_told_in_one_line_and_nothing_is_made(
    shell: Any, asking: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    said = shell("run", asking / "variable.yaml", *options, "--home", tmp_path / "home")
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert not (tmp_path / "home").exists()
