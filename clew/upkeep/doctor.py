"""What ails a home and the machine under it: one finding a subject, each with a remedy where it is not well."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from clew.metadata.errors import ClewError
from clew.settings import Settings
from clew.wiring import Home

OK, WARN, BAD = "ok", "warn", "bad"
LOW_DISK_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """How one thing stands."""

    subject: str
    status: str
    """``ok``; ``warn``: it works, not at its best; ``bad``: it does not work."""
    detail: str
    remedy: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Look at everything; never raises."""
    yield _python()
    yield _sqlite()
    yield _numba()
    yield _uv()
    yield _guarded("containers", _containers)
    yield _guarded("volumes", _volumes)
    yield _obstore()
    home = Home(settings)
    try:
        yield _folder(home.path)
        yield _disk(home.path)
        yield _guarded("record", lambda: _record(home))
        yield _guarded("graph engine", lambda: _snapshots(home))
    finally:
        home.close()


def _guarded(subject: str, look: Callable[[], Finding]) -> Finding:
    try:
        return look()
    except ClewError as error:
        return Finding(subject, BAD, error.message, error.remedy)
    except Exception as error:  # a doctor must not fall ill over a patient
        return Finding(subject, BAD, f"{type(error).__name__}: {error}")


def _python() -> Finding:
    version = platform.python_version()
    if (3, 11) <= sys.version_info[:2] <= (3, 13):
        return Finding("python", OK, version)
    return Finding("python", WARN, f"{version} is not tested", "Use Python 3.11, 3.12 or 3.13")


def _sqlite() -> Finding:
    from clew.metadata.store import sqlite

    library = vars(sqlite)["sqlite3"]  # pysqlite3, or the interpreter's own
    version = f"SQLite {library.sqlite_version} ({library.__name__.partition('.')[0]})"
    if not sqlite.has_wal_reset_bug():
        return Finding("sqlite", OK, version)
    return Finding(
        "sqlite",
        WARN,
        f"{version} has the WAL-reset bug, so only one process at a time may open a home",
        "pip install 'pysqlite3>=0.6.1' (SQLite 3.53)",
    )


def _numba() -> Finding:
    from importlib import metadata
    from importlib.util import find_spec

    if find_spec("numba") is not None and find_spec("numpy") is not None:
        return Finding("numba", OK, metadata.version("numba"))
    return Finding("numba", WARN, "missing: lineage is answered by SQL, correctly but slower", "pip install numba")


def _uv() -> Finding:
    import subprocess

    path = shutil.which("uv", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if path is None:
        return Finding("uv", WARN, "missing: steps that need packages cannot run", "pip install uv")
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Finding("uv", WARN, f"{path} does not run: {error}", "pip install --force-reinstall uv")
    return Finding("uv", OK, done.stdout.strip().removeprefix("uv "))


def _containers() -> Finding:
    from clew.executors.engine import find_engine

    engine, why = find_engine("auto")
    if engine is not None:
        return Finding("containers", OK, f"{engine.name} answers")
    remedy = "Start docker or podman; `clew run --containers host` runs programs on this machine"
    return Finding("containers", WARN, f"{why}: tasks that need their image are refused", remedy)


def _volumes() -> Finding:
    from clew.executors.pipeline.mounted import why_not

    if why := why_not():
        return Finding("volumes", WARN, f"{why}: tasks with volumes are refused", "Allow user namespaces")
    return Finding("volumes", OK, "steps can have mounts of their own")


def _obstore() -> Finding:
    from importlib import metadata
    from importlib.util import find_spec

    if find_spec("obstore") is not None:
        return Finding("obstore", OK, metadata.version("obstore"))
    return Finding("obstore", WARN, "missing: no artifacts in s3, gs or az", "pip install 'clew[artifacts]'")


def _folder(path: Path) -> Finding:
    if not path.exists():
        return Finding(
            "home", WARN, f"{path} does not exist yet", "`clew run` and `clew up` make it; or name another: --home"
        )
    if not path.is_dir():
        return Finding("home", BAD, f"{path} is not a folder", "Name a folder with --home or CLEW_HOME")
    if not os.access(path, os.W_OK | os.X_OK):
        return Finding(
            "home", WARN, f"{path} is read-only for you: it can be read, not recorded into", f"chmod u+rwx {path}"
        )
    return Finding("home", OK, str(path))


def _disk(path: Path) -> Finding:
    while not path.exists():
        path = path.parent
    free = shutil.disk_usage(path).free
    detail = f"{free / (1 << 30):.1f} GiB free"
    return Finding("disk", OK, detail) if free >= LOW_DISK_BYTES else Finding("disk", WARN, detail, "Free some space")


def _record(home: Home) -> Finding:
    if not home.settings.record_url and not (home.path / "record.db").exists():
        return Finding("record", WARN, "there is none yet", "`clew run` and `clew up` make it")
    from clew.metadata.store.create import CURRENT

    with home.record.read() as reader:
        detail = f"{reader.seq:,} changes, schema {CURRENT}"
    if home.settings.record_url:
        return Finding("record", OK, f"{detail}, PostgreSQL")
    size_bytes = sum(file.stat().st_size for file in home.path.glob("record.db*"))
    return Finding("record", OK, f"{detail}, {size_bytes / (1 << 20):.1f} MiB")


def _snapshots(home: Home) -> Finding:
    files = [file for file in home.graph_folder.rglob("*") if file.is_file()]
    if not files:
        return Finding("graph engine", OK, "no snapshot yet; `clew up` makes one")
    size_bytes = sum(file.stat().st_size for file in files)
    return Finding("graph engine", OK, f"snapshots of {size_bytes / (1 << 20):.1f} MiB in {home.graph_folder}")
