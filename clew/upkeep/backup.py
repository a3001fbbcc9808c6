"""Copy a home's record and bytes while they are in use, and make a home from such a copy.

The record is copied first and the bytes after it: bytes are stored before the record speaks of them and never change,
so the copy holds every byte its record names.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from clew.api.mlflow.store.database import FILE as TRACKING_FILE
from clew.api.mlflow.store.database import TrackingStore
from clew.metadata.blobs.failure import write_failed
from clew.metadata.errors import Conflict, NotFound, Unsupported, UsageError
from clew.metadata.store.open import RECORD_FILE
from clew.metadata.store.sqlite import SqliteStore
from clew.settings import HOME_FILE
from clew.wiring import Home

Tell = Callable[[str, int, int | None], None]
"""Called with a subject, how much is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied."""

    seq: int
    """The last change in the copy."""
    files: int
    size_bytes: int
    replaced: Path | None = None
    """Where a home that was replaced is now."""


def back_up(home: Home, destination: Path, *, tell: Tell) -> Copied:
    """Copy ``home`` to ``destination``, which appears whole or not at all.

    Errors: UsageError when ``destination`` exists; Unsupported for a record on PostgreSQL; StoreFull, StoreReadOnly.
    """
    record = home.record
    if home.settings.record_url and not home.settings.record_url.startswith("sqlite:"):
        raise Unsupported(
            "this home's record is a PostgreSQL database, which Clew does not copy",
            field="record_url",
            remedy=f"Use pg_dump for the record, and copy {home.blobs_folder}",
        )
    if os.path.lexists(destination):
        raise UsageError(
            f"{destination} exists",
            field="DEST",
            value=str(destination),
            remedy="Name a folder that does not exist yet",
        )
    store = record.store
    assert isinstance(store, SqliteStore)
    draft = destination.with_name(f".{destination.name}.partial-{os.getpid()}")
    with _published(draft, destination):
        tell("record", 0, None)
        # First what MLflow's clients told: what the record knows beyond it does no harm, the other way would be a loss.
        TrackingStore(record).backup(draft / TRACKING_FILE)
        store.backup(draft / RECORD_FILE)
        _sync(draft / RECORD_FILE)
        files, size_bytes = _copy_tree(home.blobs_folder, draft / "blobs", tell)
        if (home.path / HOME_FILE).is_file():
            shutil.copyfile(home.path / HOME_FILE, draft / HOME_FILE)
    return Copied(_seq_of(destination), files + 1, size_bytes + (destination / RECORD_FILE).stat().st_size)


def restore(source: Path, target: Path, *, force: bool, tell: Tell) -> Copied:
    """Make the home ``target`` from the backup ``source``.

    Errors: NotFound when ``source`` is no backup; Conflict when ``target`` is not empty, unless forced: then what
    stood there is kept beside it. Corrupt, SchemaTooNew for a backup that cannot be used.
    """
    if not (source / RECORD_FILE).is_file():
        raise NotFound(f"{source} is not a backup: it holds no {RECORD_FILE}", field="SRC", value=str(source))
    seq = _seq_of(source)
    occupied = target.exists() and (not target.is_dir() or any(target.iterdir()))
    if occupied and not force:
        raise Conflict(
            f"{target} is not empty",
            field="home",
            value=str(target),
            remedy="Name another home, or --force to move it aside",
        )
    draft = target.with_name(f".{target.name}.partial-{os.getpid()}")
    replaced = target.with_name(f"{target.name}.replaced-{time.strftime('%Y%m%d-%H%M%S')}") if occupied else None
    with _published(draft, target, replaced):
        tell("record", 0, None)
        shutil.copyfile(source / RECORD_FILE, draft / RECORD_FILE)
        _sync(draft / RECORD_FILE)
        if (source / TRACKING_FILE).is_file():
            shutil.copyfile(source / TRACKING_FILE, draft / TRACKING_FILE)
            _sync(draft / TRACKING_FILE)
        files, size_bytes = _copy_tree(source / "blobs", draft / "blobs", tell)
        if (source / HOME_FILE).is_file():
            shutil.copyfile(source / HOME_FILE, draft / HOME_FILE)
    return Copied(seq, files + 1, size_bytes, replaced)


@contextmanager
def _published(draft: Path, place: Path, aside: Path | None = None) -> Iterator[None]:
    """Fill ``draft``, then move it to ``place`` in one step (what stands there goes ``aside``)."""
    try:
        draft.mkdir(parents=True)
        yield
        if aside is not None:
            place.rename(aside)
        elif place.is_dir():
            place.rmdir()
        draft.rename(place)
    except OSError as error:
        raise write_failed(error, str(place)) from error
    finally:
        if draft.exists():
            shutil.rmtree(draft, ignore_errors=True)


def _copy_tree(source: Path, target: Path, tell: Tell) -> tuple[int, int]:
    """Copy the published files below ``source``; return how many and their bytes."""
    files = [path for path in source.rglob("*") if path.is_file() and "tmp" not in path.relative_to(source).parts]
    size_bytes = 0
    for done, path in enumerate(files):
        tell("bytes", done, len(files))
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
        place.chmod(0o444)
        size_bytes += path.stat().st_size
    tell("bytes", len(files), len(files))
    return len(files), size_bytes


def _seq_of(folder: Path) -> int:
    """The last change of the record in ``folder``; opening it checks that it is one."""
    from clew.metadata.record import Record

    record = Record.open(folder, create=False)
    try:
        return record.seq()
    finally:
        record.close()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
