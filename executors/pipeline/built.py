"""How an environment lies on disk, which there are, and which may go.

<root>/<key>/              a virtual environment; key: digest over Python, SDK, packages, index options
<root>/<key>/clew.json     what was asked for and what was installed; there only when the environment is whole
<root>/<key>.lock          held shared while it is used, alone by who builds or removes it
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clew.executors.pipeline.bootstrap import PackageSet, name
from clew.executors.pipeline.locked import Locked
from clew.metadata.blobs.tree import digest_of_path
from clew.metadata.digest import of_struct
from clew.metadata.errors import NotFound, SubmitFailed, UsageError

_READY = "clew.json"
_SAME_RUN_MS = 1000
_KEY = re.compile(r"[0-9a-f]{32}")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class Built:
    """What an environment holds."""

    python: str
    kfp: str
    """The SDK as it was asked for; empty: any."""
    packages: tuple[str, ...]
    options: tuple[str, ...]
    """Of the package index, without credentials."""
    installed: dict[str, str]
    built_ms: int
    seconds: float
    """How long it took to build."""


@dataclass(frozen=True, slots=True)
class Listed:
    """An environment among others; one that is not whole has no ``built``."""

    key: str
    path: Path
    built: Built | None
    size_bytes: int
    used_ms: int
    in_use: bool
    """Whether a run uses it, or builds it, now."""

    @property
    def is_unused(self) -> bool:
        """Whether it is not whole, or no run used it but the one that built it."""
        return self.built is None or self.used_ms < self.built.built_ms + _SAME_RUN_MS

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        said = {"key": self.key, "path": str(self.path), "whole": self.built is not None, "in_use": self.in_use}
        said |= {"size_bytes": self.size_bytes, "used_ms": self.used_ms}
        return said | (asdict(self.built) if self.built else {})


def key_of(wanted: PackageSet, python: str) -> str:
    """What an environment is called: packages that lie on this machine count by their bytes.

    Errors: SubmitFailed for a path where nothing lies.
    """
    local = {package: digest_of_path(path).digest for package in wanted.packages if (path := local_path(package))}
    asked = [wanted.python or python, wanted.kfp, sorted(wanted.packages), list(wanted.options), local]
    return of_struct("environment/2", asked).removeprefix("sha256:")[:32]


def local_path(package: str) -> Path | None:
    """The file or folder a requirement names; None for one that comes from elsewhere.

    Errors: SubmitFailed when nothing is there.
    """
    bare = package.partition(";")[0].strip()
    bare = bare.partition("@")[2].strip() if "@" in bare and name(bare) else bare
    bare = re.sub(r"\[[^\]]*\]$", "", bare.removeprefix("file://"))
    if not bare.startswith(("/", "./", "../", "~")):
        return None
    path = Path(bare).expanduser()
    if not path.exists():
        raise SubmitFailed(
            f"the package {package!r} is to come from {path}, and nothing is there",
            field="packages_to_install", value=package, remedy="Give the absolute path of a wheel or project",
        )  # fmt: skip
    return path


def without_credentials(text: str) -> str:
    """``text`` with the user and password of each address taken out."""
    return _CREDENTIALS.sub("", text)


def installed_in(folders: Iterable[str]) -> dict[str, str]:
    """Distribution -> version, read off the names of their folders: a twentieth of what importlib.metadata takes.

    Source: packaging.python.org, "Recording installed projects": ``name-version.dist-info``.
    """
    found: dict[str, str] = {}
    for folder in folders:
        with suppress(OSError):  # a file, or not there
            for entry in os.listdir(folder):
                if entry.endswith(".dist-info"):
                    distribution, _, version = entry.removesuffix(".dist-info").rpartition("-")
                    found.setdefault(name(distribution), version)
    return found


def read_built(folder: Path) -> Built | None:
    """What lies at ``folder``; None when it is not whole."""
    try:
        said = json.loads((folder / _READY).read_text())
        said |= {"packages": tuple(said["packages"]), "options": tuple(said["options"])}
        return Built(**said)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def write_built(folder: Path, built: Built) -> None:
    """Say that ``folder`` is whole."""
    partial = folder / (_READY + ".partial")
    partial.write_text(json.dumps(asdict(built), sort_keys=True))
    partial.rename(folder / _READY)


def listed(root: Path) -> list[Listed]:
    """The environments under ``root``, the last used first. Cost: looks at every file in them."""
    found = [_listed(folder) for folder in _folders(root)]
    return sorted(found, key=lambda one: one.used_ms, reverse=True)


def named(root: Path, key: str) -> Listed:
    """The environment whose key begins with ``key``.

    Errors: NotFound; UsageError when several do.
    """
    found = [folder for folder in _folders(root) if folder.name.startswith(key)] if key else []
    if not found:
        raise NotFound(f"there is no environment {key!r}", field="key", value=key, remedy="See `clew env ls`")
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} environments begin with {key!r}", field="key", value=key, remedy="Give more of the key"
        )
    return _listed(found[0])


def remove(environment: Listed) -> bool:
    """Remove one, unless it is in use; whether it was."""
    lock = Locked(environment.path.with_name(environment.key + ".lock"))
    try:
        if not lock.try_alone():
            return False
        with suppress(FileNotFoundError):
            (environment.path / _READY).unlink()  # first: what is half removed must not look whole
        shutil.rmtree(environment.path, ignore_errors=True)
        return True
    finally:
        lock.release()


def _folders(root: Path) -> Iterator[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in sorted(os.scandir(root), key=lambda e: e.name):
            if _KEY.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
                yield Path(entry.path)


def _listed(folder: Path) -> Listed:
    lock = Locked(folder.with_name(folder.name + ".lock"))
    try:
        in_use = not lock.try_alone()
        used_ms = int(os.fstat(lock.descriptor).st_mtime * 1000)
    finally:
        lock.release()
    return Listed(folder.name, folder, read_built(folder), _size(folder), used_ms, in_use)


def _size(folder: Path) -> int:
    total = 0
    with suppress(OSError):
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                total += _size(Path(entry.path))
            else:
                total += entry.stat(follow_symlinks=False).st_size
    return total
