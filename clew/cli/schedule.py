"""``clew schedule``: pipelines that are run at set times by ``clew up``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.given import pairs, parameters_from, read_pipeline
from clew.cli.options import Home, Json, Namespace, Server, opened

if TYPE_CHECKING:
    from clew.executors.runs.schedule import Schedule
    from clew.executors.runs.when import When

SHOWN = 20
"""Runs of a schedule that `show` lists."""
SCHEDULE = Annotated[
    str, typer.Argument(metavar="SCHEDULE", help="A schedule's name, its id, the beginning of it, or context:N.")
]

schedule = typer.Typer(help="Run pipelines at set times.", no_args_is_help=True, rich_markup_mode="rich")


@schedule.command()
def add(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="KFP v2 IR (YAML), or SOURCE.py[:function].")],
    cron: Annotated[
        str | None,
        typer.Option("--cron", metavar="FIELDS", help="minute hour day month weekday; six fields begin with seconds."),
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", metavar="TIME", help="An interval instead: 90s, 10m, 2h, 1d.")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", metavar="NAME", help="Time zone of the cron expression.")] = "UTC",
    start: Annotated[
        str | None, typer.Option("--start", metavar="TIME", help="Not before (2026-12-01T09:00, in the zone).")
    ] = None,
    end: Annotated[str | None, typer.Option("--end", metavar="TIME", help="Not after.")] = None,
    catch_up: Annotated[
        bool,
        typer.Option("--catch-up/--no-catch-up", help="Make up for every firing that was missed, or for the latest."),
    ] = True,
    max_concurrency: Annotated[
        int, typer.Option("--max-concurrency", metavar="N", min=1, max=1000, help="Runs of it at once.")
    ] = 1,
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="What to call it (the pipeline's name).")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter; may be repeated.")
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option("--parameters", metavar="FILE", help="Parameters from a JSON or YAML file.")
    ] = None,
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="The experiment of its runs (Default).")
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="A label of its runs; may be repeated.")
    ] = None,
    python: Annotated[
        Path | None, typer.Option("--python", metavar="PATH", help="The Python whose kfp compiles SOURCE.py.")
    ] = None,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace to record in.")
    ] = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Run a pipeline at set times. A server (`clew up`) of the home does it.

    [bold]Examples[/bold]

      clew schedule add pipeline.yaml --cron "0 9 * * 1-5" --zone Europe/Berlin

      clew schedule add pipeline.yaml --every 10m --no-catch-up --name often
    """
    from clew.client.run_verbs import NewRun
    from clew.client.schedules import Schedules
    from clew.executors.pipeline.values import bind
    from clew.executors.runs.about import labels_of

    when = _when(cron, every, zone, start, end, catch_up, max_concurrency)
    given = parameters_from(parameters) | pairs("parameter", "-p name=value", parameter)
    read = read_pipeline(pipeline, python)
    bind(read.root.inputs, given)  # before a home is made for a schedule that cannot be
    new = NewRun(
        spec=read.source,
        parameters=given,
        name=name or read.name,
        experiment=experiment or "",
        labels=labels_of(label or []),
        namespace=namespace or "",
    )
    with opened(home, server, create=True) as client:
        schedules = Schedules(client)
        _tell(schedules.find(schedules.verbs.add(new, when)), json)


@schedule.command()
def ls(
    removed: Annotated[bool, typer.Option("--removed", help="Also those that were removed.")] = False,
    namespace: Namespace = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """List schedules, newest first.

    [bold]Examples[/bold]

      clew schedule ls
    """
    from clew.cli.output import emit_json, note, table
    from clew.client.schedules import Schedules
    from clew.draw.words import time_text

    with opened(home, server) as client:
        found = Schedules(client).every(namespace=namespace, removed=removed)
    if json:
        emit_json({"items": [one.as_dict() for one in found], "total": len(found), "more": 0})
        return
    rows = [
        [one.id[:8], one.name, one.kept.pipeline, one.state, _when_text(one), time_text(one.fired_ms), _next(one)]
        for one in found
    ]
    if not rows:
        note("no schedules yet")
        return
    columns = ["ID", "NAME", "PIPELINE", "STATE", "WHEN", "FIRED", "NEXT"]
    table(columns, rows, yielding=("NAME", "PIPELINE"), droppable=("FIRED", "PIPELINE"))


@schedule.command()
def show(name: SCHEDULE, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Show a schedule, and the latest runs it started.

    [bold]Examples[/bold]

      clew schedule show nightly
    """
    from clew.cli.output import emit_json, heading, note
    from clew.cli.runs_list import print_runs
    from clew.client.runs import Runs
    from clew.client.schedules import Schedules
    from clew.executors.runs.find import RunFilter

    with opened(home, server) as client:
        found = Schedules(client).find(name)
        runs, total = Runs(client).every(RunFilter(schedule=found.id), limit=SHOWN)
    if json:
        emit_json(found.as_dict() | {"runs": [run.as_dict() for run in runs], "total_runs": total})
        return
    _print(found)
    if runs:
        heading("runs")
        print_runs(runs)
    if total > len(runs):
        note(f"{total - len(runs):,} more; `clew runs ls --schedule {found.id[:8]}` shows them")


@schedule.command()
def pause(name: SCHEDULE, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Let a schedule fire no more, until it is resumed.

    [bold]Examples[/bold]

      clew schedule pause nightly
    """
    _set(name, "pause", home, server, json)


@schedule.command()
def resume(name: SCHEDULE, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Let a paused schedule fire again.

    [bold]Examples[/bold]

      clew schedule resume nightly
    """
    _set(name, "resume", home, server, json)


@schedule.command()
def rm(name: SCHEDULE, home: Home = None, server: Server = None, json: Json = False) -> None:
    """Remove a schedule: it fires never more; what it did stays in the record.

    [bold]Examples[/bold]

      clew schedule rm nightly
    """
    _set(name, "remove", home, server, json)


def _set(name: str, verb: str, home: str | None, server: str | None, json: bool) -> None:
    from clew.client.schedules import Schedules

    with opened(home, server) as client:
        schedules = Schedules(client)
        found = schedules.find(name)
        schedules.verbs.set(found.id, verb)
        _tell(schedules.find(str(found.context.ref)), json)


def _when(
    cron: str | None,
    every: str | None,
    zone: str,
    start: str | None,
    end: str | None,
    catch_up: bool,
    max_concurrency: int,
) -> When:
    """The options as one value. Errors: UsageError."""
    from clew.executors.runs.when import When, moment_of
    from clew.executors.runs.when import every as seconds_of

    return When(
        cron=cron or "",
        every_s=seconds_of(every) if every else 0,
        zone=zone,
        start_ms=moment_of(start, zone, "start") if start else None,
        end_ms=moment_of(end, zone, "end") if end else None,
        catch_up=catch_up,
        max_concurrency=max_concurrency,
    ).checked()


def _tell(found: Schedule, json: bool) -> None:
    from clew.cli.output import emit, emit_json, note

    if json:
        emit_json(found.as_dict())
        return
    emit(f"{found.id}  {found.name}  {found.state}")
    if found.next_ms is not None:
        note(f"fires next at {_next(found)}, while `clew up` serves this home")


def _print(found: Schedule) -> None:
    from clew.cli.output import emit, fields, heading, paint
    from clew.draw.words import clean, time_text, value_text

    when, about = found.when, found.kept.about
    emit(f"{paint(clean(found.name), 'bold')}  {found.id}  {paint(str(found.context.ref), 'bright_black')}")
    shown: list[tuple[str, Any]] = [
        ("state", found.state),
        ("pipeline", found.kept.pipeline),
        ("when", _when_text(found)),
        ("start", time_text(when.start_ms)),
        ("end", time_text(when.end_ms)),
        ("catches up", "yes" if when.catch_up else "no"),
        ("at once", when.max_concurrency),
        ("experiment", about.experiment),
        ("labels", " ".join(f"{key}={value}" for key, value in about.labels.items())),
        ("fired", time_text(found.fired_ms)),
        ("next", _next(found)),
    ]
    fields(shown)
    if found.kept.parameters:
        heading("parameters")
        fields((f"  {n}", str(v) if isinstance(v, list) else value_text(v)) for n, v in found.kept.parameters.items())


def _when_text(found: Schedule) -> str:
    when = found.when
    return f"every {when.every_s} s" if when.every_s else f"{when.cron} {when.zone}"


def _next(found: Schedule) -> str:
    from clew.draw.words import time_text

    return time_text(found.next_ms)
