"""How a run goes, on stderr: on a terminal the running steps move, and what has ended stays above them.

Rich draws what moves; it is loaded (60 ms) when a first step runs and a person watches.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clew.cli.output import console, is_terminal, paint
from clew.draw.words import STATE_STYLE, clean, seconds_text

if TYPE_CHECKING:
    from rich.live import Live

    from clew.executors.protocol import Observer, TaskEvent

MARKS = {"COMPLETE": "done", "CACHED": "reused", "FAILED": "FAILED", "CANCELED": "canceled", "SKIPPED": "skipped"}
LOG_LINES = 10
LOG_TAIL_BYTES = 8192


@contextmanager
def progress() -> Iterator[Observer]:
    """An observer that shows a run on stderr while it lasts."""
    lines = Lines(is_watched=is_terminal(sys.stderr))
    try:
        yield lines
    finally:
        lines.close()


class Lines:
    """Prints a line when a step ends, and why when it failed; below them, what runs, if somebody watches."""

    def __init__(self, *, is_watched: bool) -> None:
        self._is_watched = is_watched
        self._live: Live | None = None
        self._since: dict[str, float] = {}

    def close(self) -> None:
        """Show nothing more as running."""
        if self._live is not None:
            self._live.stop()

    def run_started(self, run: str, pipeline: str, home: Path) -> None:
        """The run exists in the record."""
        self._print(f"{clean(pipeline)}  run {run}", "bold")

    def preparing(self, message: str) -> None:
        """Something slow happens before a task can start."""
        self._print(clean(message), "bright_black")

    def task_changed(self, event: TaskEvent) -> None:
        """A task started or ended."""
        if event.kind == "dag":
            return
        if event.state == "RUNNING":
            self._since[event.name] = time.monotonic()
            self._move()
            return
        self._since.pop(event.name, None)
        took = seconds_text(event.seconds) if event.state not in ("CACHED", "SKIPPED") else ""
        saved = f"saved {seconds_text(event.saved_seconds)}" if event.saved_seconds else ""
        why = event.message if event.state != "FAILED" else ""
        words = [f"{MARKS.get(event.state, event.state):<8}", clean(event.name), took, saved, clean(why)]
        self._print("  ".join(word for word in words if word), STATE_STYLE.get(event.state, ""))
        if event.state == "FAILED":
            self._explain(event)

    def run_ended(self, run: str, state: str, seconds: float) -> None:
        """Nothing more will happen."""
        self._since.clear()

    def _move(self) -> None:
        if self._is_watched and self._live is None:
            from rich.live import Live

            self._live = Live(
                get_renderable=self._running, console=console(stderr=True), refresh_per_second=8, transient=True
            )
            self._live.start()

    def _running(self) -> Any:
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        now = time.monotonic()
        rows = Table.grid(padding=(0, 1))
        for name, since in list(self._since.items())[:20]:
            rows.add_row(Spinner("dots"), Text(clean(name)), Text(seconds_text(now - since), "bright_black"))
        if len(self._since) > 20:
            rows.add_row("", Text(f"and {len(self._since) - 20} more", "bright_black"))
        return rows

    def _explain(self, event: TaskEvent) -> None:
        self._print(f"          {clean(event.message)}", "red")
        if event.log is None:
            return
        for line in _tail(event.log):
            self._print(f"          | {line}", "bright_black")

    def _print(self, text: str, style: str) -> None:
        if self._live is not None:
            from rich.text import Text

            self._live.console.print(Text(text, style=style), soft_wrap=True)
            return
        with suppress(OSError):  # stderr may be closed; the exit code still tells
            print(paint(text, style, sys.stderr), file=sys.stderr, flush=True)


def _tail(log: Path) -> list[str]:
    """The last lines of a log."""
    try:
        with log.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - LOG_TAIL_BYTES))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [clean(line) for line in text.splitlines() if line.strip()][-LOG_LINES:]
