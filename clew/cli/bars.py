"""How far long work has come, on stderr: a bar a subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from clew.cli.output import console

Tell = Callable[[str, int, int | None], None]


@contextmanager
def bars() -> Iterator[Tell]:
    """Takes reports "SUBJECT: so much done, of so much"; shows nothing where nobody watches."""
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    screen = console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as progress:
        tasks: dict[str, Any] = {}

        def tell(subject: str, done: int, total: int | None) -> None:
            if subject not in tasks:
                tasks[subject] = progress.add_task(subject, total=total)
            progress.update(tasks[subject], completed=done, total=total)

        yield tell
