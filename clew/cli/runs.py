"""``clew ls runs``: pipeline runs, and the runs that the SDK names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from clew.client.protocol import Client, Moment
    from clew.metadata.node import Node

TYPES = ("system.PipelineRun", "Run")
PAGE = 500


def list_runs(
    client: Client, where: str | None, namespace: str | None, limit: int | None, moment: Moment, as_json: bool
) -> None:
    """Print the newest runs first."""
    from clew.cli.output import emit_json, note

    runs, total = _fetch(client, where, namespace, limit, moment)
    if as_json:
        emit_json({"items": [_json(run) for run in runs], "total": total, "more": total - len(runs)})
        return
    _print(runs)
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


def _facts(run: Node) -> dict[str, Any]:
    """What the pipeline executor tells of a run in its context."""
    told = run.custom_properties
    started, ended = told.get("clew.started_ms"), told.get("clew.ended_ms")
    seconds = (ended - started) / 1000 if isinstance(started, int) and isinstance(ended, int) else None
    return {
        "pipeline": told.get("clew.pipeline"),
        "state": told.get("clew.state"),
        "started_ms": started if isinstance(started, int) else run.created_ms,
        "seconds": seconds,
    }


def _json(run: Node) -> dict[str, Any]:
    from clew.draw.words import node_json

    return node_json(run) | {"run": _facts(run)}


def _print(runs: list[Node]) -> None:
    from clew.cli.output import table
    from clew.draw.words import seconds_text, time_text

    rows = []
    for run in runs:
        facts = _facts(run)
        state, pipeline = facts["state"] or "", facts["pipeline"] or ""
        rows.append(
            [run.ref, run.name, pipeline, state, seconds_text(facts["seconds"]), time_text(facts["started_ms"])]
        )
    if rows:
        table(
            ["ID", "RUN", "PIPELINE", "STATE", "TOOK", "STARTED"],
            rows,
            right=("TOOK",),
            yielding=("PIPELINE", "RUN"),
            droppable=("STARTED",),
        )
