"""Reports that wait on disk while a server is away: delivered once, in order, when it is back.

A report is a file of its own, named by time, process and number, so that several processes share a spool. It is
written under another name, forced to disk and then renamed: what a crash left half written has no name that counts, and
is swept away. Delivery holds a lock; a report is removed when the server has it. A crash between the two delivers it
again, which changes nothing: a saying that comes twice says nothing new.
"""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clew.metadata.digest import of_bytes, of_struct
from clew.metadata.errors import ClewError, SpoolFull, Unavailable
from clew.settings import Settings

_SUFFIX, _DRAFT, _BAD = ".json", ".draft", ".bad"
_BATCH = 100
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A report in the spool."""

    path: Path
    time_ms: int
    size_bytes: int

    @property
    def id(self) -> str:
        """What `clew spool` calls it."""
        return self.path.name.removesuffix(_SUFFIX)


class Spool:
    """The spool of one server, in a folder. Safe for several threads and processes."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.folder = folder
        self._most_bytes = most_bytes

    @classmethod
    def of(cls, settings: Settings) -> Spool:
        """The spool of the server that ``settings`` name, in their home."""
        name = of_struct("server", settings.url.rstrip("/"))[-16:]
        return cls(settings.home.absolute() / "spool" / name, settings.spool_mb * 1024 * 1024)

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._names(_SUFFIX)

    def put(self, sayings: Sequence[dict[str, Any]]) -> None:
        """Keep a report, durable when this returns.

        Errors: SpoolFull when the spool, or the disk, has no room for it; nothing is kept then.
        """
        body = json.dumps(list(sayings), separators=(",", ":"))
        data = json.dumps({"digest": of_bytes(body.encode()), "body": body}).encode()
        held = sum(one.size_bytes for one in self.waiting())
        if held + len(data) > self._most_bytes:
            raise SpoolFull(
                f"the spool {self.folder} holds {held:,} of {self._most_bytes:,} bytes",
                field="spool_mb",
                value=str(self._most_bytes // (1024 * 1024)),
                remedy="Start the server and run `clew spool send`, raise CLEW_SPOOL_MB, or `clew spool drop`",
            )
        name = f"{time.time_ns():020d}-{os.getpid()}-{next(_numbers):06d}"
        draft = self.folder / (name + _DRAFT)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with draft.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            draft.rename(self.folder / (name + _SUFFIX))
            _sync(self.folder)
        except OSError as error:
            with suppress(OSError):
                draft.unlink()
            raise SpoolFull(
                f"the spool {self.folder} cannot be written: {error.strerror}",
                field="home",
                value=str(self.folder),
                remedy="Make room on the disk, or choose another home with CLEW_HOME",
            ) from error

    def waiting(self) -> list[Waiting]:
        """What waits, in order."""
        found = []
        for name in self._names(_SUFFIX):
            with suppress(FileNotFoundError):  # sent meanwhile
                size = (self.folder / name).stat().st_size
                found.append(Waiting(self.folder / name, int(name.partition("-")[0]) // 1_000_000, size))
        return found

    def damaged(self) -> list[Path]:
        """Reports that were set aside: their bytes are not those that were written, or the server refused them."""
        return [self.folder / name for name in self._names(_BAD)]

    def send(self, deliver: Callable[[list[dict[str, Any]]], object]) -> int:
        """Deliver everything, oldest first; how many reports were.

        What a crash damaged, and what the server refuses for good, is set aside, and the rest goes on.
        Errors: Unavailable where the server is away: what is left waits.
        """
        sent = 0
        with self._alone():
            self._sweep()
            while batch := self.waiting()[:_BATCH]:
                for one in batch:
                    sayings = _read(one.path)
                    try:
                        if sayings:
                            deliver(sayings)
                            sent += 1
                        if sayings is None:
                            one.path.rename(one.path.with_suffix(_BAD))
                            continue
                    except Unavailable:
                        raise
                    except ClewError as error:
                        one.path.with_suffix(".why").write_text(json.dumps(error.as_dict()))
                        one.path.rename(one.path.with_suffix(_BAD))
                        continue
                    one.path.unlink()
        return sent

    def drop(self, ids: Sequence[str] | None = None) -> int:
        """Remove reports, all of them for None, and those set aside; how many."""
        dropped = 0
        with self._alone():
            for one in self.waiting():
                if ids is None or one.id in ids:
                    one.path.unlink(missing_ok=True)
                    dropped += 1
            for path in self.damaged() if ids is None else ():
                path.unlink(missing_ok=True)
                path.with_suffix(".why").unlink(missing_ok=True)
                dropped += 1
        return dropped

    def _names(self, suffix: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self.folder) if name.endswith(suffix))
        except FileNotFoundError:
            return []

    def _sweep(self) -> None:
        """Remove what was being written when its process ended."""
        for name in self._names(_DRAFT):
            pid = name.split("-")[1]
            if not (pid.isdigit() and _lives(int(pid))):
                (self.folder / name).unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _read(path: Path) -> list[dict[str, Any]] | None:
    """The sayings of a report; None where it is damaged; empty where it is gone."""
    try:
        kept = json.loads(path.read_bytes())
        if of_bytes(kept["body"].encode()) != kept["digest"]:
            return None
        found: list[dict[str, Any]] = json.loads(kept["body"])
        return found
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
