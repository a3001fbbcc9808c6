"""``clew cache ls``, ``show`` and ``stats``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home, Json, Namespace

if TYPE_CHECKING:
    from clew.executors.cached.entries import Entry
    from clew.wiring import Home as OpenedHome


class By(StrEnum):
    """What comes first."""

    NEWEST = "newest"
    HITS = "hits"
    SAVED = "saved"
    SIZE = "size"
    COST = "cost"
    AGE = "age"


@contextmanager
def home_of(home: str | None) -> Iterator[OpenedHome]:
    """The home, which must exist."""
    from clew.settings import load
    from clew.wiring import Home as Opened

    opened = Opened(load(home=home, url=""))
    try:
        yield opened
    finally:
        opened.close()


def ls(
    component: Annotated[
        str | None, typer.Option("--component", metavar="NAME", help="Only of this component.")
    ] = None,
    by: Annotated[By, typer.Option("--by", help="What comes first.")] = By.NEWEST,
    pinned: Annotated[bool, typer.Option("--pinned", help="Only what is pinned.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Only what may still be reused.")] = False,
    namespace: Namespace = None,
    limit: Annotated[int, typer.Option("--limit", "-l", metavar="N", min=1, max=10_000, help="A page of N.")] = 50,
    after: Annotated[
        str | None, typer.Option("--after", metavar="EXECUTION", help="The page behind this entry.")
    ] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """List the entries of the cache: hits, what they saved, what they hold.

    [bold]Examples[/bold]

      clew cache ls --by saved --limit 10

      clew cache ls --component churn/train --json
    """
    from clew.cli.output import emit_json, note
    from clew.executors.cached.entries import entries

    behind = None if after is None else _number(after)
    with home_of(home) as opened, opened.record.read() as reader:
        many = None if pinned else limit + 1
        found = entries(
            reader,
            namespace=namespace,
            component=component,
            live_only=live,
            after=behind,
            limit=many,
            order=by.value,
        )
    if pinned:
        found = [entry for entry in found if entry.is_pinned]
    page, more = found[:limit], len(found) > limit
    following = str(page[-1].execution.ref) if more and by is By.NEWEST else None
    if json:
        emit_json({"items": [entry.as_dict() for entry in page], "more": more, "next": following})
        return
    _print_entries(page)
    if not page:
        note("no entries match")
    elif following:
        note(f"--after {following} shows the next, --limit N more at once")


def show(
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="execution:N, or N.", show_default=False)],
    home: Home = None,
    json: Json = False,
) -> None:
    """Show one entry: what it holds, how often it was reused, whether it still may be.

    Of an execution that was reused, the one that did the work.

    [bold]Examples[/bold]

      clew cache show execution:12
    """
    from clew.cli.output import emit_json, fields, heading
    from clew.draw.words import seconds_text, size_text, time_text
    from clew.executors.cache import origin_of
    from clew.executors.cached.entries import entry

    with home_of(home) as opened, opened.record.read() as reader:
        found = entry(reader, origin_of(reader, reader.execution(_number(execution))))
    if json:
        emit_json(found.as_dict())
        return
    told = found.as_dict()
    why = told["why"] or {}
    fields(
        [
            ("entry", told["execution"]),
            ("component", found.component),
            ("state", found.state + (", pinned" if found.is_pinned else "")),
            ("by", why.get("by")),
            ("why", why.get("why")),
            ("hits", found.hits),
            ("saved", f"{seconds_text(found.saved_ms / 1000)}, {size_text(found.saved_bytes)}"),
            ("cost", seconds_text(found.cost_ms / 1000)),
            ("made", time_text(found.made_ms)),
            ("last hit", time_text(found.last_hit_ms) if found.last_hit_ms else ""),
            ("fingerprint", told["fingerprint"]),
        ]
    )
    if found.outputs:
        heading("outputs")
        fields((f"  {a.ref}", f"{a.type}  {size_text(a.size_bytes)}  {a.uri}") for a in found.outputs)


def stats(
    since: Annotated[str | None, typer.Option("--since", metavar="AGE", help="Only of the last 12h, 7d ...")] = None,
    top: Annotated[int, typer.Option("--top", metavar="N", min=1, max=10_000, help="Components to show.")] = 20,
    namespace: Namespace = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Tell what the cache saved: hit rate, time, bytes, and by which components.

    [bold]Examples[/bold]

      clew cache stats

      clew cache stats --since 7d --json
    """
    import time

    from clew.cli.output import emit, emit_json, note, table
    from clew.draw.words import count_text, seconds_text, size_text
    from clew.executors.cached.stats import stats as count
    from clew.executors.rules import age_s

    since_ms = None if since is None else int((time.time() - age_s(since, "since")) * 1000)
    with home_of(home) as opened, opened.record.read() as reader:
        found = count(reader, namespace=namespace, since_ms=since_ms, top=top)
    if json:
        emit_json(found.as_dict())
        return
    total = found.total
    emit(
        f"{count_text(total.hits, 'hit')} of {total.hits + total.ran:,} ({total.hit_rate:.0%}), "
        f"saved {seconds_text(total.saved_ms / 1000)} and {size_text(total.saved_bytes)}"
    )
    emit(
        f"{found.entries:,} {'entry' if found.entries == 1 else 'entries'}, {found.invalidated:,} invalidated, "
        f"{found.dropped:,} dropped"
    )
    if found.components:
        rows = [
            [
                t.name,
                t.hits,
                t.ran,
                f"{t.hit_rate:.0%}",
                seconds_text(t.saved_ms / 1000),
                size_text(t.saved_bytes),
                "non-deterministic" if t.nondeterministic else "",
            ]
            for t in found.components
        ]
        columns = ["COMPONENT", "HITS", "RAN", "RATE", "SAVED", "BYTES", ""]
        table(columns, rows, right=columns[1:6], yielding=columns[:1])
    else:
        note("nothing has run yet")


def _number(text: str) -> int:
    from clew.metadata.errors import UsageError
    from clew.metadata.ids import Kind, NodeRef

    ref = NodeRef.parse(f"execution:{text}" if text.isascii() and text.isdigit() else text, "execution")
    if ref.kind is not Kind.EXECUTION:
        raise UsageError(
            f"{text[:80]!r} is no entry of the cache", field="execution", value=text, remedy="Write execution:N"
        )
    return ref.id


def _print_entries(page: list[Entry]) -> None:
    from clew.cli.output import table
    from clew.draw.words import seconds_text, size_text, time_text

    if not page:
        return
    rows = [
        [
            str(e.execution.ref),
            e.component,
            e.hits,
            seconds_text(e.saved_ms / 1000) if e.hits else "",
            seconds_text(e.cost_ms / 1000),
            size_text(e.size_bytes),
            time_text(e.used_ms),
            "pinned" if e.is_pinned else "" if e.state == "live" else e.state,
        ]
        for e in page
    ]
    columns = ["ENTRY", "COMPONENT", "HITS", "SAVED", "COST", "BYTES", "USED", ""]
    table(columns, rows, right=["HITS", "SAVED", "COST", "BYTES"], yielding=["COMPONENT"], droppable=["USED", "COST"])
