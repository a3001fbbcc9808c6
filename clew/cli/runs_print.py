"""How a run is shown to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clew.executors.runs.kept import Run
    from clew.executors.runs.task import RunTask

SHOWN = 200
"""Tasks listed for people; JSON holds all."""


def print_run(run: Run, heirs: list[str]) -> None:
    """The run itself: how it went, and with what."""
    from clew.cli.output import emit, fields, heading, paint
    from clew.draw.words import clean, seconds_text, time_text, value_text

    about = run.about
    emit(f"{paint(clean(about.name or run.pipeline), 'bold')}  {run.id}  {paint(str(run.context.ref), 'bright_black')}")
    fields(
        [
            ("state", run.state),
            ("error", run.error),
            ("pipeline", run.pipeline),
            ("experiment", about.experiment),
            ("labels", " ".join(f"{key}={value}" for key, value in about.labels.items())),
            ("archived", "yes" if run.is_archived else ""),
            ("started", time_text(run.started_ms)),
            ("ended", time_text(run.ended_ms)),
            ("took", seconds_text(run.seconds)),
            ("resumes", about.resumed_from),
            ("clone of", about.cloned_from),
            ("schedule", about.schedule),
            ("run again as", " ".join(heirs)),
        ]
    )
    for title, values in (("parameters", run.parameters), ("outputs", run.outputs)):
        if values:
            heading(title)
            fields((f"  {name}", str(v) if isinstance(v, list) else value_text(v)) for name, v in values.items())


def print_tasks(tasks: list[RunTask]) -> None:
    """Its tasks as a tree."""
    from clew.cli.output import heading, note, table
    from clew.draw.words import seconds_text

    if not tasks:
        note("no task has begun")
        return
    heading("tasks")
    rows = [
        [_name(task), task.state, seconds_text(task.seconds), str(task.execution.ref), _why(task)]
        for task in as_tree(tasks)[:SHOWN]
    ]
    table(["TASK", "STATE", "TOOK", "ID", "WHY"], rows, right=("TOOK",), yielding=("TASK", "WHY"), droppable=("WHY",))
    if len(tasks) > SHOWN:
        note(f"and {len(tasks) - SHOWN:,} more (--json lists them)")


def as_tree(tasks: list[RunTask]) -> list[RunTask]:
    """Each task below its graph or loop, in the order in which they began."""
    began: dict[str, int] = {}
    for place, task in enumerate(tasks):
        began.setdefault(task.path, place)

    def place_of(task: RunTask) -> list[tuple[int, int]]:
        parts, places, above = task.path.split("/"), [], ""
        for part in parts:
            loop = above + part.partition("#")[0]
            places.append((began.get(loop, 0), began.get(above + part, 0)))
            above += part + "/"
        return places

    return sorted(tasks, key=place_of)


def _name(task: RunTask) -> str:
    return "  " * task.path.count("/") + task.path.rpartition("/")[2]


def _why(task: RunTask) -> str:
    if task.origin is not None:
        return f"reused from execution:{task.origin}"
    return task.error.splitlines()[0] if task.error else task.skipped
