"""Wrap functions of libraries, so that what they read and write is noted. Stands on the standard library alone."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any

from .notes import READ, Notes, now_ms

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:")
_MARK = "__clew_wrapped__"
MOST_OF_A_LIST = 10_000

Targets = Callable[[tuple[Any, ...], dict[str, Any]], Iterable[Any]]
"""What a call with these arguments touches."""


class Wrapper:
    """Puts wrappers into modules, and notes what goes through them."""

    def __init__(self, notes: Notes, keeps: Callable[[str], bool]) -> None:
        self.notes = notes
        self._keeps = keeps

    def wrap(
        self, module: ModuleType, name: str, operation: str, targets: Targets, *, by: str = "", quiet: bool = False
    ) -> None:
        """Wrap ``name`` (``read_csv``, ``DataFrame.to_csv``) of ``module``, if it is there.

        ``quiet``: files that the call opens itself are not noted.
        """
        owner: Any = module
        *outer, last = name.split(".")
        for part in outer:
            owner = getattr(owner, part, None)
        original = getattr(owner, last, None)
        if original is None or not callable(original) or getattr(original, _MARK, False):
            return
        told = by or f"{module.__name__.partition('.')[0]}.{last}"
        setattr(owner, last, self._around(original, operation, targets, told, quiet))

    def note(self, operation: str, found: Iterable[Any], by: str, time_ms: int) -> None:
        """Note what was touched: paths, addresses, or lists of them; anything else is passed over."""
        for text in _texts(found):
            target = address_or_path(text)
            if target is None or (target.startswith("/") and not self._keeps(target)):
                continue
            if operation == READ:
                self.notes.read(target, by, time_ms)
            else:
                self.notes.wrote(target, by)

    def _around(self, original: Any, operation: str, targets: Targets, by: str, quiet: bool) -> Any:
        notes = self.notes

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            local = notes.quiet
            if not notes.is_on or getattr(local, "wrapped", False):
                return original(*args, **kwargs)
            started_ms = now_ms()
            local.wrapped = True
            if quiet:
                local.depth = getattr(local, "depth", 0) + 1
            try:
                result = original(*args, **kwargs)
            finally:
                local.wrapped = False
                if quiet:
                    local.depth -= 1
            try:
                self.note(operation, targets(args, kwargs), by, started_ms)
            except Exception:  # arguments of an unforeseen kind: the call has done its work
                return result
            return result

        setattr(call, _MARK, True)
        return call


def argument(place: int, *names: str) -> Targets:
    """The argument at ``place``, or given by one of ``names``."""

    def found(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Any]:
        if len(args) > place:
            return (args[place],)
        return tuple(kwargs[name] for name in names if name in kwargs)[:1]

    return found


def address_or_path(text: str) -> str | None:
    """An absolute path, or an address with a scheme; None for what is neither."""
    if not text or "\0" in text or len(text) > 8192:
        return None
    if text.startswith("file://"):
        from urllib.parse import unquote, urlsplit

        return os.path.normpath(unquote(urlsplit(text).path))
    if _ADDRESS.match(text):
        return text
    return os.path.abspath(os.path.expanduser(text))


def _texts(found: Iterable[Any]) -> Iterable[str]:
    for one in found:
        if isinstance(one, (list, tuple, set)):
            yield from _texts(list(one)[:MOST_OF_A_LIST])
        elif isinstance(one, str):
            yield one
        elif isinstance(one, bytes):
            yield os.fsdecode(one)
        elif isinstance(one, os.PathLike):
            yield os.fsdecode(os.fspath(one))
