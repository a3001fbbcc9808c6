"""Build an environment with uv."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from clew.executors.pipeline.bootstrap import PackageSet
from clew.executors.pipeline.built import Built, installed_in, without_credentials, write_built
from clew.metadata.errors import SubmitFailed

_LAST_CHARS = 800
_LOOK_S = 0.1
_NOT_OURS = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")


def build(folder: Path, wanted: PackageSet, python: str, locks: tuple[int, ...], stop: threading.Event) -> Built:
    """Make ``folder`` an environment that has ``wanted``; nobody else builds it meanwhile.

    uv inherits ``locks``: should we die, nobody else begins before it is gone too.
    Errors: SubmitFailed with uv's last words; when ``stop`` is set; when there is no Python as wanted here.
    """
    began = time.monotonic()
    shutil.rmtree(folder, ignore_errors=True)
    uv = _Uv(_program(), wanted, locks, stop)
    try:
        interpreter = sys.executable if wanted.python in ("", python) else find_python(wanted.python)
        if not interpreter:
            raise SubmitFailed(
                f"there is no Python {wanted.python} on this machine", field="base_image", value=wanted.python
            )
        uv.run("venv", "--quiet", "--no-project", "--python", interpreter, str(folder))
        # Bytecode now, once: with PYTHONDONTWRITEBYTECODE set, each step would compile what it imports again (5 s a
        # step with scikit-learn).
        install = ["pip", "install", "--quiet", "--compile-bytecode", "--python", str(folder / "bin" / "python")]
        install += _options(wanted)
        if wanted.packages:
            uv.run(*install, *wanted.packages)
        if wanted.kfp or "kfp" not in _installed(folder):  # it may have come by address, among the packages
            uv.run(*install, "--no-deps", wanted.kfp or "kfp")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    built = Built(
        wanted.python or python,
        wanted.kfp,
        wanted.packages,
        tuple(map(without_credentials, wanted.options)),
        _installed(folder),
        time.time_ns() // 1_000_000,
        round(time.monotonic() - began, 3),
    )
    write_built(folder, built)
    return built


@lru_cache
def find_python(version: str) -> str:
    """The interpreter of ``version`` on this machine, empty when there is none; nothing is downloaded."""
    words = [_program(), "python", "find", "--no-python-downloads", "--no-project", "--system", version]
    environ = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
    done = subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def _installed(folder: Path) -> dict[str, str]:
    return installed_in(str(path) for path in folder.glob("lib/python*/site-packages"))


def _options(wanted: PackageSet) -> list[str]:
    """pip's options as uv spells them."""
    return ["--allow-insecure-host" if word == "--trusted-host" else word for word in wanted.options]


class _Uv:
    def __init__(self, program: str, wanted: PackageSet, locks: tuple[int, ...], stop: threading.Event) -> None:
        self._program = program
        self._wanted = wanted
        self._locks = locks
        self._stop = stop

    def run(self, *words: str) -> None:
        done = self._ask(*words)
        if done.returncode != 0:
            said = without_credentials((done.stderr or done.stdout).strip())[-_LAST_CHARS:]
            packages = ", ".join([*self._wanted.packages, self._wanted.kfp or "kfp"])
            raise SubmitFailed(
                f"the environment with {packages} could not be built: {said}",
                field="packages_to_install",
                value=packages,
                remedy="Check the names and versions of the packages, and that the package index answers",
            )

    def _ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {key: value for key, value in os.environ.items() if key not in _NOT_OURS}
        with subprocess.Popen(
            [self._program, *words],
            env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            start_new_session=True, pass_fds=self._locks,
        ) as process:  # fmt: skip
            while True:
                try:
                    out, err = process.communicate(timeout=_LOOK_S)
                    return subprocess.CompletedProcess(words, process.returncode, out, err)
                except subprocess.TimeoutExpired:
                    if self._stop.is_set():
                        with suppress(ProcessLookupError):
                            os.killpg(process.pid, signal.SIGKILL)
                        process.communicate()
                        raise SubmitFailed("the run was canceled while its environment was built") from None


def _program() -> str:
    try:
        import uv

        return str(uv.find_uv_bin())
    except (ImportError, FileNotFoundError) as error:
        if found := shutil.which("uv"):
            return found
        raise SubmitFailed(
            "uv, which builds the environments of steps, is not installed", remedy="pip install uv"
        ) from error
