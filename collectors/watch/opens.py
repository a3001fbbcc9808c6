"""Files that Python opens, renames and runs, by its audit events. Stands on the standard library alone.

Native code (Arrow, Polars, DuckDB, safetensors) opens files behind Python's back: wraps.py sees those.
"""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Sequence
from typing import Any

from .notes import Notes

SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib", "/bin/", "/sbin/", "/run/", "/snap/", "/boot/")
"""Where a machine keeps its own."""
_OWN_SUFFIXES = (".py", ".pyc", ".pyi", ".pyd", ".so", ".pth", ".egg-link", ".lock", ".swp")
_OWN_FOLDERS = re.compile(
    r"/(site-packages|dist-packages|__pycache__|\.git|\.hg|\.cache|\.config|\.local/share/jupyter|"
    r"\.local/lib|\.ipython|\.jupyter|\.matplotlib|\.ipynb_checkpoints|\.venv|\.tox|\.nox|\.mypy_cache|\.pytest_cache|"
    r"\.ruff_cache|\.keras|\.triton|\.nv|node_modules|mlruns|mlartifacts|[^/]+\.dist-info|[^/]+\.egg-info)/"
)
_SCRATCH = re.compile(r"/(pymp-|joblib_memmapping_folder_|torch_|torchinductor_|matplotlib-|pip-|uv-|ipykernel_)[^/]*/")
"""What libraries keep in the folder of temporary files; other files there count, if they outlive the work."""
_WRITES = os.O_WRONLY | os.O_RDWR


class Filter:
    """Which paths are work: not the machine's, Python's, caches, or what is gone with the process."""

    def __init__(self, own: Sequence[str] = ()) -> None:
        """``own``: folders of Clew itself."""
        prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, *own} - {"", "/"}
        self._prefixes = (*SYSTEM, *sorted(prefix.rstrip("/") + "/" for prefix in prefixes))
        folder = os.path.realpath(tempfile.gettempdir())
        self._scratch = {folder.rstrip("/"), tempfile.gettempdir().rstrip("/")}

    def keeps(self, path: str) -> bool:
        """Whether the absolute ``path`` counts."""
        if path.startswith(self._prefixes) or path.endswith(_OWN_SUFFIXES) or _OWN_FOLDERS.search(path):
            return False
        return not any(path.startswith(folder) and _SCRATCH.match(path, len(folder)) for folder in self._scratch)


class Opens:
    """The audit hook. Python has no way to take one off: it heeds ``notes.is_on``."""

    def __init__(self, notes: Notes, filter: Filter, *, runs: bool = False) -> None:
        """``runs``: note also which program Python runs."""
        self._notes = notes
        self._keeps = filter.keeps
        self._runs = runs

    def install(self) -> None:
        """Begin to hear."""
        sys.addaudithook(self.hear)

    def hear(self, event: str, args: tuple[Any, ...]) -> None:
        """One audit event."""
        if event == "open":
            self._opened(*args)
        elif event == "os.rename":
            self._renamed(args[0], args[1])
        elif self._runs and event.startswith("cpython.run_"):
            self._notes.say(event[8:], str(args[0])[:4096] if args else "")

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        notes = self._notes
        if not notes.is_on or type(path) is int or getattr(notes.quiet, "depth", False):
            return
        try:
            target = os.fspath(path)
            if isinstance(target, bytes):
                target = os.fsdecode(target)
            if not target.startswith("/"):
                target = os.path.abspath(target)
            if not self._keeps(target):
                return
            if "//" in target or "/." in target:
                target = os.path.normpath(target)
            writes = flags & _WRITES if type(flags) is int else 0
            if writes or (mode and not writes and mode[0] in "wax"):
                if not (flags & getattr(os, "O_DIRECTORY", 0)):
                    self._to_write(target, mode, flags)
            elif stat.S_ISREG(os.stat(target).st_mode):
                notes.read(target, "open")
        except Exception:  # a path that is no text, is gone, or lies in a folder that is: nothing to note
            return

    def _to_write(self, target: str, mode: Any, flags: int) -> None:
        try:
            info = os.stat(target)
        except OSError:
            info = None
        if info is not None and not stat.S_ISREG(info.st_mode):
            return  # a pipe, a device
        if info is not None and info.st_size and flags & os.O_RDWR and not flags & (os.O_TRUNC | os.O_APPEND):
            self._notes.read(target, "open")  # it is changed in place
        self._notes.wrote(target, "open")

    def _renamed(self, source: Any, target: Any) -> None:
        if not self._notes.is_on or getattr(self._notes.quiet, "depth", False):
            return
        try:
            old, new = (os.path.abspath(os.fsdecode(path)) for path in (source, target))
            if self._keeps(new):
                self._notes.moved(old, new)
        except Exception:
            return
