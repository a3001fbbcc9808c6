"""Options that several commands share, and how their texts are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from clew.metadata.errors import UsageError

if TYPE_CHECKING:
    from clew.client.protocol import Client, Moment

Home = Annotated[
    str | None, typer.Option("--home", metavar="DIR", help="Folder of the record (CLEW_HOME; else .clew).")
]
Server = Annotated[
    str | None,
    typer.Option("--server", metavar="URL", help="Ask the server at URL (CLEW_URL), not a home."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="SEQ|TIME", help="As it was at a change (42) or a time (2026-11-24T12:00)."),
]
Where = Annotated[
    str | None, typer.Option("--where", metavar="FILTER", help="Keep what matches, e.g. \"type = 'Model'\".")
]
Namespace = Annotated[str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Only of this namespace.")]
Depth = Annotated[int | None, typer.Option("--depth", metavar="N", min=0, help="Hops to walk; 2 is one step back.")]
MaxNodes = Annotated[int, typer.Option("--max-nodes", metavar="N", min=1, help="Nodes to show at most.")]


def moment(text: str | None) -> Moment:
    """Read ``--as-of``: a seq, or a time in ISO 8601 (without a zone: local time).

    Errors: UsageError.
    """
    from clew.client.protocol import NOW, Moment

    if text is None:
        return NOW
    if text.isascii() and text.isdigit() and int(text) < 2**63:
        return Moment(seq=int(text))
    from datetime import datetime

    try:
        return Moment(time_ms=int(datetime.fromisoformat(text).timestamp() * 1000))
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"{text[:80]!r} is neither a change nor a time",
            field="as-of",
            value=text,
            remedy="Write the seq of a change (see `clew log`) or a time such as 2026-11-24T12:00",
        ) from error


@contextmanager
def opened(home: str | None, server: str | None, *, create: bool = False) -> Iterator[Client]:
    """The record the options name, for one command."""
    from clew.client.connect import connect
    from clew.settings import load

    if home and server:
        raise UsageError("--home and --server exclude each other", field="server", value=server, remedy="Give one")
    client = connect(load(home=home, url="" if home else server), create=create)
    try:
        yield client
    finally:
        client.close()
