"""The Python a step runs in: this one where it has what the step wants, else one built once with uv and reused.

Environments are known by what they hold (``PackageSet``), so homes may share a folder of them; built.py says how one
lies there, build.py how it is made.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from clew.executors.pipeline.bootstrap import PackageSet, name
from clew.executors.pipeline.built import Built, installed_in, key_of, read_built
from clew.executors.pipeline.locked import Locked
from clew.metadata.blobs.failure import write_failed
from clew.metadata.errors import SubmitFailed

_SOON_S = 0.05
PYTHON_VERSION = f"{sys.version_info[0]}.{sys.version_info[1]}"


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python and the versions of what the step asked for."""

    python: Path
    installed: dict[str, str] = field(default_factory=dict)
    """Distribution -> version, of the packages the step names."""
    version: str = PYTHON_VERSION
    """Of Python."""


class Environments:
    """The environments under ``root``. Safe for several threads and processes at once.

    What was provided cannot be pruned until :meth:`close`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._made: dict[PackageSet, Environment | SubmitFailed] = {}
        self._guard = threading.Lock()
        self._locks: dict[PackageSet, threading.Lock] = {}
        self._stop = threading.Event()
        self._held = ExitStack()

    def provide(self, wanted: PackageSet, preparing: Callable[[str], None] | None = None) -> Environment:
        """A Python that has ``wanted``, built if need be; ``preparing`` is told before.

        Cost: about 1 ms where this interpreter has it; else seconds, once.
        Errors: SubmitFailed with the installer's last words, or when the Python asked for is not on this machine.
        """
        with self._lock_of(wanted):
            return self._provided(wanted, preparing)

    def try_provide(self, wanted: PackageSet, preparing: Callable[[str], None]) -> Environment | None:
        """As :meth:`provide`; None when another thread is building it.

        Errors: as :meth:`provide`.
        """
        lock = self._lock_of(wanted)
        if not lock.acquire(timeout=_SOON_S):
            return None
        try:
            return self._provided(wanted, preparing)
        finally:
            lock.release()

    def _lock_of(self, wanted: PackageSet) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(wanted, threading.Lock())

    def _provided(self, wanted: PackageSet, preparing: Callable[[str], None] | None) -> Environment:
        if wanted not in self._made:
            try:
                self._made[wanted] = _here(wanted) or self._built(wanted, preparing)
            except SubmitFailed as error:  # the next step that wants it need not try for as long again
                self._made[wanted] = error
        made = self._made[wanted]
        if isinstance(made, SubmitFailed):
            raise made
        return made

    def stop(self) -> None:
        """Give up what is being built; from any thread."""
        self._stop.set()

    def close(self) -> None:
        """Let others prune what was provided."""
        self._held.close()

    def _built(self, wanted: PackageSet, preparing: Callable[[str], None] | None) -> Environment:
        folder = self.root / key_of(wanted, PYTHON_VERSION)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = Locked(self.root / f"{folder.name}.lock")
        except OSError as error:
            raise write_failed(error, f"the folder of environments {self.root}") from error
        try:
            lock.take_shared()  # and kept: what is built, by whomever, cannot be removed before we use it
            if (built := read_built(folder)) is None:
                built = self._build_alone(folder, wanted, lock, preparing)
            lock.mark_used()
        except BaseException:
            lock.release()
            raise
        with self._guard:
            self._held.callback(lock.release)
        return Environment(folder / "bin" / "python", _named(wanted, built.installed), built.python)

    def _build_alone(
        self, folder: Path, wanted: PackageSet, lock: Locked, preparing: Callable[[str], None] | None
    ) -> Built:
        """Build, or wait for who builds. Under a lock of its own: others hold that of use while their runs go on."""
        building = Locked(self.root / f"{folder.name}.build")
        try:
            building.take_alone()
            if (built := read_built(folder)) is not None:
                return built
            from clew.executors.pipeline.build import build

            if preparing:
                preparing(f"installing {', '.join([*wanted.packages, wanted.kfp or 'kfp'])}")
            return build(folder, wanted, PYTHON_VERSION, (lock.descriptor, building.descriptor), self._stop)
        finally:
            building.release()


def provided(wanted: PackageSet, root: Path) -> Environment | None:
    """A Python that has ``wanted`` and is there already; nothing is built, or kept from being pruned."""
    if (here := _here(wanted)) is not None:
        return here
    folder = root / key_of(wanted, PYTHON_VERSION)
    built = read_built(folder)
    if built is None:
        return None
    return Environment(folder / "bin" / "python", _named(wanted, built.installed), built.python)


def _here(wanted: PackageSet) -> Environment | None:
    """This interpreter, if it has all of ``wanted``."""
    if wanted.python not in ("", PYTHON_VERSION):
        return None
    found = installed_in(sys.path)
    installed: dict[str, str] = {}
    for requirement in (wanted.kfp or "kfp", *wanted.packages):
        distribution = name(requirement)
        version = found.get(distribution, "")
        if not version or not _satisfies(requirement, version):
            return None
        installed[distribution] = version
    return Environment(Path(sys.executable), _named(wanted, installed))


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
