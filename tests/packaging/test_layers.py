"""Dependencies point down: the contracts of pyproject.toml hold, and would notice if they did not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

LINT = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]


def lint(where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(LINT, cwd=where, capture_output=True, text=True)


def test_the_layers_hold(root: Path) -> None:
    done = lint(root)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("below", "above"),
    [
        ("metadata", "clew.graph.protocol"),
        ("graph", "clew.api.errors"),
        ("collectors", "clew.executors"),
        ("executors", "clew.api.errors"),
        ("api", "clew.cli"),
    ],
)
def test_an_import_that_points_up_is_found(tree_copy: Path, below: str, above: str) -> None:
    (tree_copy / below / "planted.py").write_text(f'"""Planted."""\n\nimport {above}\n')
    done = lint(tree_copy)
    assert done.returncode == 1
    assert f"clew.{below}.planted" in done.stdout
