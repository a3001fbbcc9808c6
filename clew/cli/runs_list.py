"""``clew runs ls`` and ``clew ls runs``: pipeline runs; the second also the runs that the SDK names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.options import Home, Json, Namespace, Server, Where, opened

if TYPE_CHECKING:
    from clew.client.protocol import Client, Moment
    from clew.executors.runs.kept import Run
    from clew.metadata.node import Node

TYPES = ("system.PipelineRun", "Run")
PAGE = 500


def ls(
    experiment: Annotated[
        str | None, typer.Option("--experiment", "-e", metavar="NAME", help="Only of this experiment.")
    ] = None,
    state: Annotated[
        str | None,
        typer.Option("--state", metavar="STATE", help="PENDING, RUNNING, COMPLETE, FAILED or CANCELED."),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Only with this label; may be repeated.")
    ] = None,
    pipeline: Annotated[str | None, typer.Option("--pipeline", metavar="NAME", help="Only of this pipeline.")] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Only of this name.")] = None,
    schedule: Annotated[
        str | None, typer.Option("--schedule", metavar="SCHEDULE", help="Only those that this schedule started.")
    ] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Those that were archived, instead.")] = False,
    where: Where = None,
    namespace: Namespace = None,
    limit: Annotated[int, typer.Option("--limit", "-l", metavar="N", min=1, max=10_000, help="A page of N.")] = 50,
    after: Annotated[str | None, typer.Option("--after", metavar="CURSOR", help="The page behind this cursor.")] = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """List runs, newest first.

    [bold]Examples[/bold]

      clew runs ls --experiment churn --state FAILED

      clew runs ls --label team=search --limit 10 --json
    """
    from clew.client.runs import Runs
    from clew.executors.runs.about import labels_of
    from clew.executors.runs.find import RunFilter

    chosen = RunFilter(
        experiment=experiment,
        state=state.upper() if state else None,
        pipeline=pipeline,
        name=name,
        labels=labels_of(label or []),
        archived=archived,
        where=where,
    )
    chosen.text()  # what cannot be said is refused before anything is opened
    with opened(home, server) as client:
        if schedule is not None:
            from clew.client.schedules import Schedules

            chosen = replace(chosen, schedule=Schedules(client).find(schedule).id)
        page = Runs(client).page(chosen, namespace=namespace, after=after, limit=limit)
    if json:
        from clew.cli.output import emit_json

        items = [run.as_dict() for run in page.items]
        emit_json({"items": items, "total": page.total, "next": page.next_cursor})
        return
    print_runs(page.items)
    _tell_rest(page.next_cursor, page.items, page.total)


def _tell_rest(cursor: str | None, items: list[Run], total: int) -> None:
    from clew.cli.output import note

    if cursor is not None:
        note(f"of {total:,}; --after {cursor} shows the next, --limit N more at once")
    elif not items:
        note("no runs match")


def list_runs(
    client: Client, where: str | None, namespace: str | None, limit: int | None, moment: Moment, as_json: bool
) -> None:
    """Print the newest runs first."""
    from clew.cli.output import emit_json, note

    runs, total = _fetch(client, where, namespace, limit, moment)
    if as_json:
        emit_json({"items": [_json(run) for run in runs], "total": total, "more": total - len(runs)})
        return
    from clew.executors.runs.kept import Run
    from clew.metadata.node import Context

    print_runs([Run(run) for run in runs if isinstance(run, Context)])
    if total > len(runs):
        note(f"{total - len(runs):,} more; --all shows them, --limit N some")
    elif not runs:
        note("no runs yet")


def _fetch(
    client: Client, where: str | None, namespace: str | None, limit: int | None, moment: Moment
) -> tuple[list[Node], int]:
    """The newest runs of every type of run, and how many there are."""
    from clew.metadata.errors import TypeNotFound
    from clew.metadata.ids import Kind

    found: list[Node] = []
    total = 0
    for type in TYPES:
        cursor: str | None = None
        taken = 0
        try:
            while limit is None or taken < limit:
                page = client.nodes(
                    Kind.CONTEXT,
                    where=where,
                    type=type,
                    namespace=namespace,
                    descending=True,
                    after=cursor,
                    limit=PAGE if limit is None else min(PAGE, limit - taken),
                    moment=moment,
                )
                found += page.items
                taken += len(page.items)
                cursor = page.next_cursor
                if cursor is None:
                    break
            total += page.total
        except TypeNotFound:  # no run of that type was ever recorded
            continue
    found.sort(key=lambda run: run.id, reverse=True)
    return found[:limit], total


def _json(node: Node) -> dict[str, Any]:
    from clew.draw.words import node_json
    from clew.executors.runs.kept import Run
    from clew.metadata.node import Context

    assert isinstance(node, Context)
    run = Run(node)
    facts = {
        "pipeline": run.pipeline or None,
        "state": run.state or None,
        "started_ms": run.started_ms or node.created_ms,
        "seconds": run.seconds,
    }
    return node_json(node) | {"run": facts}


def print_runs(runs: list[Run]) -> None:
    """A table of runs."""
    from clew.cli.output import table
    from clew.draw.words import seconds_text, time_text

    rows: list[list[object]] = []
    for run in runs:
        about = run.about
        experiment = about.experiment if about.experiment != "Default" else ""
        began = run.started_ms or run.created_ms
        told = [run.context.ref, run.id, about.name, run.pipeline, experiment, run.state]
        rows.append([*told, seconds_text(run.seconds), time_text(began)])
    columns = ["ID", "RUN", "NAME", "PIPELINE", "EXPERIMENT", "STATE", "TOOK", "STARTED"]
    for column in ("NAME", "EXPERIMENT"):  # which many never use
        place = columns.index(column)
        if not any(row[place] for row in rows):
            columns.pop(place)
            for row in rows:
                row.pop(place)
    if rows:
        table(
            columns,
            rows,
            right=("TOOK",),
            yielding=("PIPELINE", "RUN", "NAME", "EXPERIMENT"),
            droppable=("EXPERIMENT", "STARTED"),
        )
