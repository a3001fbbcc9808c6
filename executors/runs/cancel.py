"""Stop a run from another process: a request in the record, which the runner looks for while it works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from clew.executors.pipeline.lease import Lease, close_run, is_held
from clew.executors.process import kill_left_behind
from clew.executors.runs.kept import Run
from clew.metadata.change import Change
from clew.metadata.errors import ClewError, Conflict
from clew.metadata.record import Record

POLL_S = 0.5
CANCELED = "the run was canceled before it began"


def ask_to_cancel(record: Record, run: Run, home: Path, *, actor: str) -> None:
    """Ask the runner of ``run`` to stop; where it is gone, or never came, close the run.

    A run of another machine is only asked: whether its runner lives cannot be seen from here.
    Errors: Conflict when the run is over.
    """
    if not run.is_open:
        raise Conflict(
            f"run {run.id} is {run.state or 'not one that can be stopped'} already",
            field="run",
            value=run.id,
            remedy="`clew runs show` tells how it ended",
        )
    change = Change(actor=actor, namespace=run.context.namespace)
    change.context(id=run.context.id, custom_properties={"clew.cancel_ms": time.time_ns() // 1_000_000})
    record.commit(change)
    leases = home / "locks" / "runs"
    if not is_here(run, home) or is_held(leases, run.id):
        return
    lease = Lease.try_take(leases, run.id)
    if lease is None:
        return
    kill_left_behind(home / "runs" / run.id)
    if not close_run(record, run.id, actor=actor):
        close_unbegun(record, run, "CANCELED", CANCELED, actor=actor)
    lease.release()


def close_unbegun(record: Record, run: Run, state: str, error: str, *, actor: str) -> None:
    """End a run that waits. Whoever calls holds its lease."""
    with record.read() as reader:
        if Run(reader.context(run.context.id)).state != "PENDING":
            return
    change = Change(actor=actor, namespace=run.context.namespace)
    now = time.time_ns() // 1_000_000
    change.context(
        id=run.context.id, custom_properties={"clew.state": state, "clew.error": error, "clew.ended_ms": now}
    )
    record.commit(change)


def is_here(run: Run, home: Path) -> bool:
    """Whether the run's folder is one of this home."""
    return run.root == (home / "runs" / run.id).as_uri()


@contextmanager
def watched(record: Record, context: int, cancel: Callable[[], None]) -> Iterator[None]:
    """While the body runs, call ``cancel`` as soon as somebody asks for it in the record.

    Cost: one look-up by id, twice a second, from the second half second on.
    """
    over = threading.Event()

    def watch() -> None:
        while not over.wait(POLL_S):
            try:
                with record.read() as reader:
                    asked = Run(reader.context(context)).is_cancel_asked
            except ClewError:  # the run itself will say when the record is gone
                continue
            if asked:
                cancel()
                return

    thread = threading.Thread(target=watch, name="clew-watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
