"""What steps printed, a piece at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clew.executors.runs.find import property_field, quoted
from clew.executors.runs.kept import RUN_TYPE, Run
from clew.executors.runs.task import RunTask, tasks_of
from clew.executors.sound import local_path
from clew.metadata.errors import NotFound
from clew.metadata.reader import Reader
from clew.metadata.states import FINAL_STATES

PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class LogPiece:
    """A piece of a log."""

    text: str
    offset: int
    """Where the next piece begins, in bytes."""
    is_over: bool
    """Whether nothing more will come."""


def task_named(reader: Reader, run: Run, path: str) -> RunTask:
    """The task of a run at ``path``, the latest where it was begun twice. Errors: NotFound, naming those there are."""
    id = run.context.id
    at_path = f"{property_field('clew.path')}.string_value = {quoted(path)}"
    found = reader.executions(context_id=id, where=at_path, order="id", descending=True, limit=100).items
    if tasks := tasks_of(list(found)):
        return tasks[0]
    begun = tasks_of(list(reader.executions(context_id=id, order="id", limit=100).items))
    names = [task.path for task in begun if task.kind == "container"]
    raise NotFound(
        f"run {run.id} has no task {path[:80]!r}",
        field="task",
        value=path,
        remedy="Its tasks: " + (", ".join(names[:20]) or "none has begun"),
    )


def read_log(reader: Reader, home: Path, run: Run, path: str, offset: int = 0) -> LogPiece:
    """What the task at ``path`` printed from ``offset`` on; of a reused one, what the original printed.

    A cut never falls into a character.
    Errors: NotFound when the run has no such task; a step that printed nothing has an empty log.
    """
    task = task_named(reader, run, path)
    is_over = task.execution.state in FINAL_STATES
    if task.origin is not None:
        origin = reader.executions_by_id([task.origin]).get(task.origin)
        contexts = reader.contexts_of_executions([task.origin]).get(task.origin, [])
        runs = [context for context in contexts if context.type == RUN_TYPE]
        if origin is None or not runs:
            return LogPiece("", offset, True)
        task, run = RunTask(origin), Run(runs[0])
    file = _file(home, run, task.path)
    if file is None:
        return LogPiece("", offset, is_over)
    with file.open("rb") as stream:
        stream.seek(max(0, offset))
        piece = stream.read(PIECE_BYTES)
    whole = _whole(piece) if len(piece) == PIECE_BYTES or not is_over else len(piece)
    text = piece[:whole].decode("utf-8", "replace")
    return LogPiece(text, max(0, offset) + whole, is_over and len(piece) < PIECE_BYTES)


def _whole(piece: bytes) -> int:
    """The length of ``piece`` without a character that is cut at its end."""
    for back in range(1, min(4, len(piece)) + 1):
        byte = piece[-back]
        if byte < 0x80:
            break
        if byte >= 0xC0:
            needed = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(piece) - back if needed > back else len(piece)
    return len(piece)


def _file(home: Path, run: Run, path: str) -> Path | None:
    """Where the task prints, if that is a file among the runs of this home."""
    root = local_path(run.root)
    if root is None:
        return None
    file = (root / path.replace("#", "/") / "log.txt").resolve()
    inside = file.is_relative_to((home / "runs").resolve())
    return file if inside and file.is_file() else None
