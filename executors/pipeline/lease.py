"""A run's sign of life: a locked file while its runner lives. What a dead runner left open, the next run closes."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from clew.executors.process import kill_left_behind
from clew.metadata.change import Change
from clew.metadata.ids import Kind
from clew.metadata.node import Context
from clew.metadata.record import Record
from clew.metadata.states import ExecutionState

LOST = "the process that ran it is gone"


class Lease:
    """Held for the life of one run."""

    def __init__(self, folder: Path, run: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / run
        self._stream = self._locked()

    def _locked(self) -> BinaryIO:
        while True:
            stream = self._path.open("wb")
            fcntl.flock(stream, fcntl.LOCK_EX)
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
        """The run ended in a way the record could not be told of: the next run closes it."""
        self._stream.close()


def close_lost_runs(record: Record, folder: Path, runs: Path, *, namespace: str, actor: str) -> list[str]:
    """Mark runs FAILED whose runner died, with their open executions; return their ids.

    Cost: one look at a folder that holds a file for each run under way.
    """
    lost = []
    for path in sorted(folder.glob("*")) if folder.is_dir() else []:
        with path.open("rb") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            kill_left_behind(runs / path.name)
            _close(record, path.name, namespace, actor)
            path.unlink(missing_ok=True)
            lost.append(path.name)
    return lost


def _close(record: Record, run: str, namespace: str, actor: str) -> None:
    change = Change(actor=actor, namespace=namespace)
    with record.read() as reader:
        context = reader.find(Kind.CONTEXT, "system.PipelineRun", run, namespace)
        if not isinstance(context, Context):
            return
        after = None
        while True:
            page = reader.executions(context_id=context.id, after=after, limit=1000)
            for execution in page.items:
                if execution.state in (ExecutionState.NEW, ExecutionState.RUNNING):
                    change.execution(
                        id=execution.id, state=ExecutionState.FAILED, custom_properties={"clew.error": LOST}
                    )
            after = page.next_cursor
            if after is None:
                break
    change.context(id=context.id, custom_properties={"clew.state": "FAILED", "clew.error": LOST})
    record.commit(change)
