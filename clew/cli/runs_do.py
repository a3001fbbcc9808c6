"""Commands that change runs: stop, retry, clone, archive; and ``wait``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home, Json, Server, opened

if TYPE_CHECKING:
    from clew.client.runs import Runs
    from clew.executors.runs.kept import Run

STOPS_WITHIN_S = 15.0
RUN = Annotated[str, typer.Argument(metavar="RUN", help="A run's id, the beginning of it, or context:N.")]
Wait = Annotated[bool, typer.Option("--wait", help="Return when it is over, with its exit code.")]


def cancel(run: RUN, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Stop a run: its steps are asked to end, and killed five seconds later.

    A run whose runner is gone is marked at once.

    [bold]Examples[/bold]

      clew runs cancel 3f2a
    """
    from clew.client.runs import Runs

    with opened(home, server) as client:
        runs = Runs(client)
        found = runs.find(run)
        runs.verbs.cancel(found.id)
        _tell(runs.wait(found, STOPS_WITHIN_S), json, "is stopping; `clew runs wait` waits for it")


def retry(
    run: RUN,
    task: Annotated[
        str | None,
        typer.Option("--task", metavar="PATH", help="Run this task anew, and what depends on it, though it succeeded."),
    ] = None,
    wait: Wait = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Do again what failed in a run, in a new run that takes over the rest.

    The new run goes on in a process of its own.

    [bold]Examples[/bold]

      clew runs retry 3f2a

      clew runs retry 3f2a --task for-loop-1#2/train --wait
    """
    from clew.client.runs import Runs

    with opened(home, server) as client:
        runs = Runs(client)
        new = runs.find(runs.verbs.retry(runs.find(run).id, task or ""))
        _started(runs, new, wait, json)


def clone(
    run: RUN,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Another value; may be repeated."),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What to call the new run.")] = None,
    wait: Wait = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Run the same pipeline once more from its beginning, through the cache.

    With the same parameters, but for those that are given. The new run goes on in a process of its own.

    [bold]Examples[/bold]

      clew runs clone 3f2a -p depth=8
    """
    from clew.cli.given import pairs
    from clew.client.runs import Runs

    given = pairs("parameter", "-p name=value", parameter)
    with opened(home, server) as client:
        runs = Runs(client)
        new = runs.find(runs.verbs.clone(runs.find(run).id, given, name))
        _started(runs, new, wait, json)


def wait(
    run: RUN,
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", min=0, help="Seconds to wait at most.")
    ] = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Wait until a run is over; the exit code is that of `clew run`.

    [bold]Examples[/bold]

      clew runs wait 3f2a --timeout 600
    """
    from clew.client.runs import Runs
    from clew.metadata.errors import TimedOut

    with opened(home, server) as client:
        runs = Runs(client)
        found = runs.wait(runs.find(run), timeout)
    if found.is_open:
        raise TimedOut(
            f"run {found.id} is {found.state} after {timeout:g} s",
            field="timeout",
            value=timeout,
            remedy="Wait longer, or stop it with `clew runs cancel`",
        )
    _end(found, json)


def archive(run: RUN, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Leave a run out of listings; nothing of it is deleted.

    [bold]Examples[/bold]

      clew runs archive 3f2a
    """
    _archive(run, True, home, server, json)


def unarchive(run: RUN, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Take an archived run into listings again.

    [bold]Examples[/bold]

      clew runs unarchive 3f2a
    """
    _archive(run, False, home, server, json)


def _archive(run: str, archived: bool, home: str | None, server: str | None, json: bool) -> None:
    from clew.client.runs import Runs

    with opened(home, server) as client:
        runs = Runs(client)
        found = runs.find(run)
        runs.verbs.archive(found.id, archived)
        _tell(runs.now(found), json, "is archived" if archived else "is no longer archived")


def _started(runs: Runs, run: Run, wait: bool, json: bool) -> None:
    if wait:
        _end(runs.wait(run), json)
    _tell(run, json, "goes on in a process of its own; `clew runs logs -f` shows what it prints")


def _end(run: Run, json: bool) -> None:
    """Tell how it ended, and leave with its exit code."""
    from clew.cli.run import EXIT

    _tell(run, json, run.error)
    raise typer.Exit(EXIT.get(run.state, 1))


def _tell(run: Run, json: bool, remark: str) -> None:
    from clew.cli.output import emit, emit_json, note, paint
    from clew.draw.words import STATE_STYLE

    if json:
        emit_json(run.as_dict())
        return
    emit(f"{run.id}  {paint(run.state, STATE_STYLE.get(run.state, ''))}")
    if remark:
        note(f"run {run.id[:8]} {remark}" if run.is_open or "archived" in remark else remark)
