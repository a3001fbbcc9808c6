"""``clew spool``: the reports that wait for a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import Home, Json, Server

if TYPE_CHECKING:
    from clew.client.spool import Spool
    from clew.settings import Settings

spool = typer.Typer(no_args_is_help=True, help="Reports that wait on disk while their server is away.")


@spool.command("ls")
def ls(home: Home = None, server: Server = None, json: Json = False) -> None:
    """List what waits, oldest first, and what was set aside.

    [bold]Examples[/bold]

      clew spool ls --server http://host:8420
    """
    from clew.cli.output import emit, emit_json, table
    from clew.draw.words import time_text

    _, found = _spool(home, server)
    waiting, damaged = found.waiting(), found.damaged()
    if json:
        items = [{"id": one.id, "time_ms": one.time_ms, "size_bytes": one.size_bytes} for one in waiting]
        emit_json({"items": items, "set_aside": [path.name for path in damaged], "total": len(items)})
        return
    if waiting:
        table(["ID", "SINCE", "BYTES"], [[w.id, time_text(w.time_ms), w.size_bytes] for w in waiting], right=["BYTES"])
    else:
        emit("nothing waits")
    if damaged:
        emit(f"{len(damaged)} set aside in {found.folder}")


@spool.command("send")
def send(home: Home = None, server: Server = None, json: Json = False) -> None:
    """Deliver what waits, oldest first; exit code 1 while the server is away.

    [bold]Examples[/bold]

      clew spool send --server http://host:8420
    """
    from clew.cli.output import emit, emit_json
    from clew.client.remote import RemoteClient

    settings, found = _spool(home, server)
    client = RemoteClient(settings)
    try:
        sent = found.send(client.settle)
    finally:
        client.close()
    if json:
        emit_json({"sent": sent, "waiting": len(found.waiting()), "set_aside": len(found.damaged())})
    else:
        emit(f"{sent} sent")


@spool.command("drop")
def drop(
    ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Reports; see `clew spool ls`.")] = None,
    all: Annotated[bool, typer.Option("--all", help="All of them, and what was set aside.")] = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Remove reports unsent: what they tell is lost.

    [bold]Examples[/bold]

      clew spool drop --all --server http://host:8420
    """
    from clew.cli.output import emit, emit_json
    from clew.metadata.errors import UsageError

    if bool(ids) == all:
        raise UsageError("name reports, or --all", field="id", remedy="See `clew spool ls`")
    _, found = _spool(home, server)
    dropped = found.drop(None if all else ids)
    if json:
        emit_json({"dropped": dropped})
    else:
        emit(f"{dropped} dropped")


def _spool(home: str | None, server: str | None) -> tuple[Settings, Spool]:
    from clew.client.spool import Spool
    from clew.metadata.errors import UsageError
    from clew.settings import load

    settings = load(home=home, url=server)
    if not settings.url:
        raise UsageError("no server is named", field="server", remedy="Give --server URL or set CLEW_URL")
    return settings, Spool.of(settings)
