"""What the packaging tests share: the files of the tree, and a copy of it that a test may spoil."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def tree() -> list[Path]:
    """Every file git would commit, relative to the root; links are files."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return sorted({Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).exists()})


def copy_of(tree: list[Path], where: Path) -> Path:
    for file in tree:
        (where / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, where / file, follow_symlinks=False)
    return where


@pytest.fixture
def tree_copy(tree: list[Path], tmp_path: Path) -> Path:
    return copy_of(tree, tmp_path / "copy")


@pytest.fixture(scope="session")
def built(tree: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An sdist of a clean copy of the tree, and the wheel built from that sdist."""
    from uv import find_uv_bin

    copy = copy_of(tree, tmp_path_factory.mktemp("tree"))
    out = tmp_path_factory.mktemp("dist")
    build = [find_uv_bin(), "build", "--quiet", "--offline", "--no-build-isolation", "--out-dir", str(out), str(copy)]
    done = subprocess.run(build, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return {"wheel": next(out.glob("*.whl")), "sdist": next(out.glob("*.tar.gz"))}
