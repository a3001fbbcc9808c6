"""What is large and unchanged is read once; whatever changes it, it is read again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from clew.executors import hashed
from clew.executors.hashed import SMALL_BYTES, Hashed
from clew.metadata.blobs.protocol import Blob
from clew.metadata.blobs.tree import digest_of_path

LARGE = b"x" * SMALL_BYTES


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """What was read to be hashed, in order; and whatever changed before now counts as settled."""
    paths: list[Path] = []

    def spy(path: Path) -> Blob:
        paths.append(path)
        return digest_of_path(path)

    monkeypatch.setattr(hashed, "digest_of_path", spy)
    monkeypatch.setattr(hashed, "_SETTLED_NS", 0)
    return paths


def _large(path: Path) -> Path:
    path.write_bytes(LARGE)
    return path


def _folder(path: Path) -> Path:
    (path / "in" / "deep").mkdir(parents=True)
    _large(path / "in" / "deep" / "big")
    (path / "in" / "small").write_text("s")
    return path


@pytest.mark.parametrize("make", [_large, _folder])
def test_what_is_unchanged_is_read_once(tmp_path: Path, read: list[Path], make: Callable[[Path], Path]) -> None:
    path = make(tmp_path / "it")
    first = Hashed(tmp_path / "kept").digest_of(path)
    assert Hashed(tmp_path / "kept").digest_of(path) == first == digest_of_path(path)
    assert read == [path]


def _edit_keeping_times(path: Path) -> None:
    before = path.stat()
    with path.open("r+b") as stream:
        stream.write(b"y")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _replace(path: Path) -> None:
    other = path.with_name("other")
    shutil.copy2(path, other)
    _edit_keeping_times(other)
    other.replace(path)


@pytest.mark.parametrize("change", [_edit_keeping_times, _replace])
def test_a_file_that_was_changed_behind_its_times_is_read_again(
    tmp_path: Path, read: list[Path], change: Callable[[Path], None]
) -> None:
    path = _large(tmp_path / "it")
    kept = Hashed(tmp_path / "kept")
    before = kept.digest_of(path)
    change(path)
    assert kept.digest_of(path) == digest_of_path(path) != before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: _edit_keeping_times(folder / "in" / "small"),
        lambda folder: (folder / "in" / "new").write_text(""),
        lambda folder: (folder / "in" / "small").rename(folder / "in" / "renamed"),
        lambda folder: (folder / "in" / "small").chmod(0o755),
        lambda folder: (folder / "in" / "small").unlink(),
    ],
    ids=["edited", "added", "renamed", "made executable", "removed"],
)
def test_a_folder_in_which_anything_changed_is_read_again(
    tmp_path: Path, read: list[Path], change: Callable[[Path], object]
) -> None:
    folder = _folder(tmp_path / "it")
    kept = Hashed(tmp_path / "kept")
    before = kept.digest_of(folder)
    change(folder)
    assert kept.digest_of(folder) == digest_of_path(folder) != before


def test_what_changed_just_before_it_was_read_is_read_again(
    tmp_path: Path, read: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashed, "_SETTLED_NS", 60_000_000_000)
    path = _large(tmp_path / "it")
    for _ in range(2):
        Hashed(tmp_path / "kept").digest_of(path)
    assert read == [path, path]


def test_what_is_small_is_read_each_time(tmp_path: Path, read: list[Path]) -> None:
    path = tmp_path / "it"
    path.write_bytes(LARGE[1:])
    for _ in range(2):
        Hashed(tmp_path / "kept").digest_of(path)
    assert read == [path, path]
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"stamp": 1}'])
def test_what_was_kept_and_cannot_be_read_is_made_anew(tmp_path: Path, read: list[Path], text: str) -> None:
    path = _large(tmp_path / "it")
    first = Hashed(tmp_path / "kept").digest_of(path)
    (entry,) = (tmp_path / "kept").iterdir()
    entry.write_text(text)
    assert [Hashed(tmp_path / "kept").digest_of(path) for _ in range(2)] == [first, first]
    assert read == [path, path]


def test_where_nothing_can_be_kept_the_answer_is_the_same(tmp_path: Path, read: list[Path]) -> None:
    (tmp_path / "kept").write_text("in the way")
    path = _large(tmp_path / "it")
    assert Hashed(tmp_path / "kept").digest_of(path) == digest_of_path(path)
