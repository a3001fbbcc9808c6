"""A run's sign of life: a locked file while its runner lives. What a dead one left open is closed by who comes next."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from clew.executors.process import kill_left_behind
from clew.executors.runs.kept import RUN_TYPE
from clew.metadata.change import Change
from clew.metadata.errors import TypeNotFound
from clew.metadata.node import Context
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import ExecutionState

LOST = "the process that ran it is gone"
_OPEN = (None, ExecutionState.UNKNOWN, ExecutionState.NEW, ExecutionState.RUNNING)


class Lease:
    """Held for the life of one run. A process that is given ``descriptor`` holds it too."""

    def __init__(self, folder: Path, run: str, *, inherited: int | None = None) -> None:
        self._path = folder / run
        if inherited is not None:
            self._stream: BinaryIO = os.fdopen(inherited, "wb")
            return
        folder.mkdir(parents=True, exist_ok=True)
        stream = self._locked(fcntl.LOCK_EX)
        assert stream is not None
        self._stream = stream

    @classmethod
    def try_take(cls, folder: Path, run: str) -> Lease | None:
        """The lease, unless somebody holds it."""
        folder.mkdir(parents=True, exist_ok=True)
        lease = cls.__new__(cls)
        lease._path = folder / run
        stream = lease._locked(fcntl.LOCK_EX | fcntl.LOCK_NB)
        if stream is None:
            return None
        lease._stream = stream
        return lease

    @property
    def descriptor(self) -> int:
        """The open file that is locked."""
        return self._stream.fileno()

    def _locked(self, how: int) -> BinaryIO | None:
        while True:
            stream = self._path.open("wb")
            try:
                fcntl.flock(stream, how)
            except BlockingIOError:
                stream.close()
                return None
            with suppress(FileNotFoundError):
                if os.fstat(stream.fileno()).st_ino == self._path.stat().st_ino:
                    return stream
            stream.close()  # a run that looked for lost ones came between making and locking it

    def release(self) -> None:
        """The run ended as it should, and the record says so."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        self._stream.close()

    def abandon(self) -> None:
        """The run goes on elsewhere, or ended untold: then who comes next closes it."""
        self._stream.close()


def is_held(folder: Path, run: str) -> bool:
    """Whether a living process of this machine runs ``run``."""
    try:
        with (folder / run).open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def close_lost_runs(record: Record, folder: Path, runs: Path, *, actor: str) -> list[str]:
    """Mark runs FAILED whose runner died (CANCELED where that was asked for), with what they left open; their ids.

    A run that has not begun waits for another runner.
    Cost: one look at a folder that holds a file for each run under way.
    """
    lost = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        if is_held(folder, path.name):
            continue
        lease = Lease.try_take(folder, path.name)
        if lease is None:
            continue
        kill_left_behind(runs / path.name)
        if close_run(record, path.name, actor=actor):
            lost.append(path.name)
        lease.release()
    return lost


def close_run(record: Record, run: str, *, actor: str) -> bool:
    """Mark a run whose runner is gone, and what it left open; False when it is over, or has not begun.

    Whoever calls holds its lease.
    """
    with record.read() as reader:
        context = _context(reader, run)
        if context is None or context.custom_properties.get("clew.state") != "RUNNING":
            return False
        asked = "clew.cancel_ms" in context.custom_properties
        state = ExecutionState.CANCELED if asked else ExecutionState.FAILED
        change = Change(actor=actor, namespace=context.namespace)
        after = None
        while True:
            page = reader.executions(context_id=context.id, after=after, limit=1000)
            for execution in page.items:
                if execution.state in _OPEN:
                    change.execution(id=execution.id, state=state, custom_properties={"clew.error": LOST})
            after = page.next_cursor
            if after is None:
                break
    change.context(id=context.id, custom_properties={"clew.state": state.name, "clew.error": LOST})
    record.commit(change)
    return True


def _context(reader: Reader, run: str) -> Context | None:
    """The run's context, in whatever namespace."""
    from clew.executors.runs.find import quoted

    try:
        found = reader.contexts(type=RUN_TYPE, where=f"name = {quoted(run)}", limit=1).items
    except TypeNotFound:
        return None
    return found[0] if found else None
