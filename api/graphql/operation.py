"""One GraphQL operation under way: its snapshots of the record, its deadline, what it has spent, its batches.

An operation runs in one worker thread from start to end, so nothing here is shared between threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from typing import Any, NamedTuple, TypeVar, cast

import strawberry
from strawberry.types.nodes import SelectedField

from clew.api.pulse import Pulse
from clew.api.service import Services
from clew.api.settings import Limits
from clew.metadata.errors import LimitExceeded, TimedOut
from clew.metadata.reader import Reader

T = TypeVar("T")


class Stream(NamedTuple):
    """What a subscription needs of the server: the pulse of the log, and threads in which to read it."""

    pulse: Pulse
    pool: Executor

    async def run(self, read: Callable[[], T]) -> T:
        """What ``read`` gives, called in a worker thread."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, read)


class Operation:
    """The context value of one GraphQL operation."""

    __slots__ = ("_deadline", "_now", "_past", "_spent", "_stack", "_stream", "limits", "request_id", "services")

    def __init__(self, services: Services, limits: Limits, request_id: str = "", stream: Stream | None = None) -> None:
        self.services = services
        self._stream = stream
        self.limits = limits
        self.request_id = request_id
        self._deadline = time.monotonic() + limits.time_s
        self._spent = 0
        self._stack = ExitStack()
        self._now: Snapshot | None = None
        self._past: dict[tuple[int | None, int | None], Snapshot] = {}

    @property
    def stream(self) -> Stream:
        """Where a subscription waits and works; only subscriptions have one."""
        assert self._stream is not None
        return self._stream

    def snapshot(self, as_of: int | None = None, as_of_ms: int | None = None) -> Snapshot:
        """The record now (one snapshot for the whole operation), or as of a ``seq`` or a time."""
        if as_of is None and as_of_ms is None:
            if self._now is None:
                self._now = self._open()
            return self._now
        moment = (as_of, as_of_ms)
        if moment not in self._past:
            self._past[moment] = self._open(as_of, as_of_ms)
        return self._past[moment]

    def snapshot_since(self, seq: int) -> Snapshot:
        """The operation's snapshot, or a fresh one where that is older than ``seq``: an engine may be ahead of it."""
        snapshot = self.snapshot()
        if snapshot.reader.seq < seq:
            self._now = snapshot = self._open()
        return snapshot

    def forget_snapshot(self) -> None:
        """Read anew from here on: this operation has just written."""
        self._now = None

    def spend(self, count: int) -> None:
        """Count what goes into the answer; raise when the operation has grown too large or too old."""
        self._spent += count
        if self._spent > self.limits.cost:
            raise LimitExceeded(
                f"the answer holds more than {self.limits.cost} nodes and edges",
                field="cost",
                value=self._spent,
                remedy="Ask for fewer nodes, or page with first and after",
            )
        self.check_time()

    def check_time(self) -> None:
        """Raise TimedOut when the operation has run for too long."""
        if time.monotonic() > self._deadline:
            raise TimedOut(
                f"the operation took longer than its limit of {self.limits.time_s:g} s",
                field="time",
                value=self.limits.time_s,
                remedy="Ask for less at once",
            )

    def page(self, first: int) -> int:
        """Check the size of a page."""
        if 0 <= first <= self.limits.page:
            return first
        raise LimitExceeded(
            f"first is {first}, the limit is 0 to {self.limits.page}",
            field="first",
            value=first,
            remedy=f"Ask for at most {self.limits.page} and page with after",
        )

    def close(self) -> None:
        """Release every snapshot."""
        self._stack.close()

    def _open(self, as_of: int | None = None, as_of_ms: int | None = None) -> Snapshot:
        reader = self._stack.enter_context(self.services.record.read(as_of=as_of, as_of_ms=as_of_ms))
        return Snapshot(self, reader)


class Snapshot:
    """The record at one moment, as one operation sees it."""

    __slots__ = ("_once", "operation", "reader")

    def __init__(self, operation: Operation, reader: Reader) -> None:
        self.operation = operation
        self.reader = reader
        self._once: dict[Hashable, object] = {}

    def once(self, key: Hashable, load: Callable[[], T]) -> T:
        """What ``load`` gave the first time ``key`` was asked for in this snapshot."""
        if key not in self._once:
            self._once[key] = load()
        return cast(T, self._once[key])


class Batch:
    """The data loader: the nodes of one list, which load each kind of neighbour together in one statement.

    The first node asked for its events loads the events of all its siblings; the siblings find them here. A level of a
    query so costs one statement a field, however many nodes it has, without an event loop in between.
    """

    __slots__ = ("_loaded", "ids", "snapshot")

    def __init__(self, snapshot: Snapshot, ids: Sequence[int]) -> None:
        self.snapshot = snapshot
        self.ids = ids
        self._loaded: dict[Hashable, Any] = {}

    def once(self, key: Hashable, load: Callable[[Snapshot, Sequence[int]], T]) -> T:
        """What ``load`` gave for the whole batch the first time ``key`` was asked for."""
        if key not in self._loaded:
            self.snapshot.operation.spend(0)
            self._loaded[key] = load(self.snapshot, self.ids)
        return cast(T, self._loaded[key])


Info = strawberry.Info[Operation, None]


def selects(info: Info, *path: str) -> bool:
    """Whether the field's selection set names ``path`` from itself down, directly or through fragments."""
    pending = [(selection, 0) for field in info.selected_fields for selection in field.selections]
    while pending:
        selection, depth = pending.pop()
        if isinstance(selection, SelectedField):
            if selection.name != path[depth]:
                continue
            depth += 1
            if depth == len(path):
                return True
        pending += [(inner, depth) for inner in selection.selections]
    return False
