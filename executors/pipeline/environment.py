"""The Python a step runs in: this one where it has what the step wants, else one built once with uv and reused.

<root>/<key>/              a virtual environment; key: digest over Python version, SDK, packages, index options
<root>/<key>/clew.json     what was installed; there only when the environment is whole
<root>/<key>.lock          held by the one who builds
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clew.executors.pipeline.bootstrap import PackageSet, name
from clew.metadata.digest import of_struct
from clew.metadata.errors import SubmitFailed

PYTHON_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"
_READY = "clew.json"


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python and the versions of what the step asked for."""

    python: Path
    installed: dict[str, str] = field(default_factory=dict)
    """Distribution -> version, of the packages the step names."""


class Environments:
    """The environments under ``root``. Safe for several threads and processes at once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made: dict[PackageSet, Environment] = {}
        self._guard = threading.Lock()
        self._locks: dict[PackageSet, threading.Lock] = {}

    def provide(self, wanted: PackageSet, preparing: Callable[[str], None] | None = None) -> Environment:
        """A Python that has ``wanted``, built if need be; ``preparing`` is told before.

        Cost: about 1 ms where this interpreter has it; else seconds, once.
        Errors: SubmitFailed with the installer's last words.
        """
        with self._guard:
            if wanted in self._made:
                return self._made[wanted]
            lock = self._locks.setdefault(wanted, threading.Lock())
        with lock:
            if wanted not in self._made:
                self._made[wanted] = _here(wanted) or self._built(wanted, preparing)
            return self._made[wanted]

    def _built(self, wanted: PackageSet, preparing: Callable[[str], None] | None) -> Environment:
        key = of_struct("environment", [PYTHON_VERSION, wanted.kfp, sorted(wanted.packages), list(wanted.options)])
        folder = self.root / key.removeprefix("sha256:")[:32]
        if not (folder / _READY).exists():
            if preparing:
                preparing(f"installing {', '.join([*wanted.packages, wanted.kfp])}")
            self.root.mkdir(parents=True, exist_ok=True)
            with (self.root / f"{folder.name}.lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                if not (folder / _READY).exists():
                    _build(folder, wanted)
        installed = json.loads((folder / _READY).read_text())
        return Environment(folder / "bin" / "python", _named(wanted, installed))


def _here(wanted: PackageSet) -> Environment | None:
    """This interpreter, if it has all of ``wanted``."""
    found = _installed(sys.path)
    installed: dict[str, str] = {}
    for requirement in (wanted.kfp or "kfp", *wanted.packages):
        distribution = name(requirement)
        version = found.get(distribution, "")
        if not version or not _satisfies(requirement, version):
            return None
        installed[distribution] = version
    return Environment(Path(sys.executable), _named(wanted, installed))


def _installed(folders: Iterable[str]) -> dict[str, str]:
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


def _satisfies(requirement: str, version: str) -> bool:
    if requirement.partition("==")[2] == version or name(requirement) == requirement:
        return True
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        parsed = Requirement(requirement)
    except InvalidRequirement:
        return False
    return not parsed.extras and parsed.url is None and parsed.specifier.contains(version, prereleases=True)


def _named(wanted: PackageSet, installed: dict[str, str]) -> dict[str, str]:
    return {n: installed.get(n, "") for n in sorted(map(name, wanted.packages)) if n}


def _build(folder: Path, wanted: PackageSet) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
    uv = _uv()
    _run(wanted, [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(folder)])
    # Bytecode now, once: with PYTHONDONTWRITEBYTECODE set, each step would compile what it imports again (5 s a step
    # with scikit-learn).
    python = str(folder / "bin" / "python")
    install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python, *wanted.options]
    if wanted.packages:
        _run(wanted, [*install, *wanted.packages])
    _run(wanted, [*install, "--no-deps", wanted.kfp or "kfp"])
    installed = _installed(str(p) for p in folder.glob("lib/python*/site-packages"))
    partial = folder / (_READY + ".partial")
    partial.write_text(json.dumps(installed, sort_keys=True))
    partial.rename(folder / _READY)


def _uv() -> str:
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        import shutil

        if found := shutil.which("uv"):
            return found
        raise SubmitFailed(
            "uv, which builds the environments of steps, is not installed", remedy="pip install uv"
        ) from error


def _run(wanted: PackageSet, command: list[str]) -> None:
    import subprocess

    environ = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")}
    done = subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()
        packages = ", ".join([*wanted.packages, wanted.kfp])
        raise SubmitFailed(
            f"the environment with {packages} could not be built: {words[-600:]}",
            field="packages_to_install",
            value=packages,
            remedy="Check the names and versions of the packages, and that the package index answers",
        )
