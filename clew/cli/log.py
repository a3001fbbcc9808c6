"""``clew log``: the change log, whole or followed."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home, Json, Server, opened

if TYPE_CHECKING:
    from clew.client.protocol import Client
    from clew.metadata.node import Committed

PAGE = 1000
POLL_S = 0.2


def log(
    after: Annotated[
        int | None, typer.Option("--after", metavar="SEQ", min=0, help="Only changes behind this one.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-l", metavar="N", min=1, help="The last N (with --after: first N).")
    ] = 20,
    all: Annotated[bool, typer.Option("--all", "-a", help="From the first change on.")] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing changes as they are committed.")
    ] = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Show what was recorded, change by change.

    Oldest first.

    With --json: one object a change and line.

    [bold]Examples[/bold]

      clew log

      clew log --follow --json | jq .ops

      clew log --after 100 --limit 5
    """
    with opened(home, server) as client:
        start = after if after is not None else 0 if all else max(0, client.seq() - limit)
        last = _print_from(client, start, None if all or follow else limit, json)
        while follow:
            time.sleep(POLL_S)
            last = _print_from(client, last, None, json)


def _print_from(client: Client, after: int, limit: int | None, as_json: bool) -> int:
    """Print the changes behind ``after``; return the seq of the last."""
    left = limit
    while left is None or left > 0:
        page = client.changes(after, PAGE if left is None else min(PAGE, left))
        for change in page:
            _print(change, as_json)
        if not page:
            break
        after = page[-1].seq
        if left is not None:
            left -= len(page)
    return after


def _print(change: Committed, as_json: bool) -> None:
    import json

    from clew.cli.output import emit, paint
    from clew.draw.words import change_json, clean, time_text

    if as_json:
        emit(json.dumps(change_json(change), ensure_ascii=False))
        return
    what = Counter(str(op[0]) for op in change.ops)
    counts = ", ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in what.items())
    words = [paint(f"{change.seq:>8}", "bold"), paint(time_text(change.time_ms), "bright_black")]
    words += [clean(change.actor) or "-", *([change.namespace] if change.namespace != "default" else []), counts]
    emit("  ".join(words))
