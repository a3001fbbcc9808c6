"""Commands that tell of runs: show, logs, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.options import Home, Json, Server, opened
from clew.cli.runs_do import RUN

if TYPE_CHECKING:
    from clew.client.runs import Runs
    from clew.executors.runs.kept import Run

LOOK_S = 0.3
"""How often a log is looked at while it grows."""


def show(run: RUN, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Show a run: how it went, with what, and each of its tasks.

    [bold]Examples[/bold]

      clew runs show 3f2a

      clew runs show 3f2a --json | jq '.tasks[] | select(.state == "FAILED")'
    """
    from clew.cli.output import emit_json
    from clew.client.runs import Runs
    from clew.executors.runs.find import RunFilter, property_field, quoted

    with opened(home, server) as client:
        runs = Runs(client)
        found = runs.now(runs.find(run))
        tasks = runs.tasks(found)
        heirs = [
            other.id
            for key in ("clew.resumed_from", "clew.cloned_from")
            for other in runs.every(RunFilter(where=f"{property_field(key)}.string_value = {quoted(found.id)}"))[0]
        ]
    if json:
        emit_json(found.as_dict() | {"heirs": heirs, "tasks": [task.as_dict() for task in tasks]})
        return
    from clew.cli.runs_print import print_run, print_tasks

    print_run(found, heirs)
    print_tasks(tasks)


def logs(
    run: RUN,
    task: Annotated[
        str | None, typer.Argument(metavar="[TASK]", help="Path of a task: train, for-loop-1#2/train; else all.")
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run is over.")] = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Print what the steps of a run printed; of a reused step, what the original printed.

    Without TASK, each line begins with the path of its task. With --json, one object a line.

    [bold]Examples[/bold]

      clew runs logs 3f2a train

      clew runs logs 3f2a --follow
    """
    from clew.client.runs import Runs

    with opened(home, server) as client:
        runs = Runs(client)
        _Logs(runs, runs.find(run), json, prefixed=task is None).print(task, follow)


def compare(
    run: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Two runs or more.")],
    all: Annotated[bool, typer.Option("--all", "-a", help="Show also what is the same.")] = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Compare runs side by side: parameters, scalar metrics, outputs, and the states of their tasks.

    [bold]Examples[/bold]

      clew runs compare 3f2a 91c0

      clew runs compare 3f2a 91c0 77de --all --json
    """
    from clew.cli.output import emit_json, heading, note, table
    from clew.client.runs import Runs
    from clew.metadata.errors import UsageError

    if len(run) < 2:
        raise UsageError("one run has nothing to be compared with", field="run", value=run[0], remedy="Name two")
    with opened(home, server) as client:
        runs = Runs(client)
        found = [runs.find(one) for one in run]
        told = [_told(runs, one) for one in found]
    sections = {name: _side_by_side([one[name] for one in told], all) for name in told[0]}
    if json:
        emit_json({"runs": [one.as_dict() for one in found], **sections})
        return
    columns = ["", *(one.about.name or one.id[:8] for one in found)]
    for name, rows in sections.items():
        if rows:
            heading(name)
            table(columns, [[row["name"], *map(_cell, row["values"])] for row in rows], yielding=columns)
    if not any(sections.values()):
        note("nothing differs" + ("" if all else "; --all shows what is the same"))


def _told(runs: Runs, run: Run) -> dict[str, dict[str, Any]]:
    tasks = runs.tasks(run)
    return {
        "parameters": run.parameters,
        "metrics": dict(runs.metrics(run, tasks)),
        "outputs": run.outputs,
        "states": {"run": run.state} | {task.path: task.state for task in tasks if task.kind != "dag"},
    }


def _side_by_side(told: list[dict[str, Any]], everything: bool) -> list[dict[str, Any]]:
    """Each name with its value in each run (null where there is none), and whether all are the same."""
    rows = []
    for name in dict.fromkeys(name for one in told for name in one):
        values = [one.get(name) for one in told]
        same = all(value == values[0] and type(value) is type(values[0]) for value in values)
        if everything or not same:
            rows.append({"name": name, "values": values, "same": same})
    return rows


def _cell(value: object) -> str:
    from clew.draw.words import value_text

    if value is None:
        return "-"
    return str(value) if isinstance(value, list) else value_text(value)  # type: ignore[arg-type]


class _Logs:
    """Prints logs as they grow, whole lines only."""

    def __init__(self, runs: Runs, run: Run, json: bool, *, prefixed: bool) -> None:
        self._runs, self._run = runs, run
        self._json, self._prefixed = json, prefixed
        self._offsets: dict[str, int] = {}
        self._rests: dict[str, str] = {}
        self._over: set[str] = set()

    def print(self, task: str | None, follow: bool) -> None:
        """One task's log, or every task's; with ``follow`` until the run is over."""
        import time

        from clew.cli.output import note

        while True:
            is_open = self._runs.now(self._run).is_open
            if task is not None:
                self._read(task)
            for one in self._runs.tasks(self._run) if task is None else ():
                if one.kind == "container":
                    self._read(one.path)
            if not (follow and is_open) or task in self._over:
                break
            time.sleep(LOOK_S)
        for path, rest in self._rests.items():
            self._say(path, [rest] if rest else [])
        if not self._offsets:
            note(
                f"no step has begun; what the runner said is in runs/{self._run.id}/runner.log of its home, if anything"
            )

    def _read(self, path: str) -> None:
        while path not in self._over:
            offset = self._offsets.get(path, 0)
            piece = self._runs.verbs.log(self._run.id, path, offset)
            *lines, self._rests[path] = (self._rests.get(path, "") + piece.text).split("\n")
            self._say(path, lines)
            self._offsets[path] = piece.offset
            if piece.is_over:
                self._over.add(path)
            if piece.offset == offset:
                return

    def _say(self, path: str, lines: list[str]) -> None:
        from clew.cli.output import emit, emit_json, paint
        from clew.draw.words import clean

        for line in lines:
            if self._json:
                emit_json({"task": path, "line": line.rstrip("\r")})
            else:
                text = clean(line.rstrip("\r"))
                emit(f"{paint(path, 'cyan')} | {text}" if self._prefixed else text)
