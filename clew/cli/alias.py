"""``clew alias``: two locations that are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from clew.cli.cache_ask import home_of
from clew.cli.options import Home, Json, Namespace

if TYPE_CHECKING:
    from clew.metadata.identity import Alias

Location = Annotated[str, typer.Argument(metavar="URI", help="A location, however it is spelled.", show_default=False)]
SameAs = Annotated[str, typer.Argument(metavar="SAME_AS", help="Another name of it.", show_default=False)]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for those who ask later.")]

alias = typer.Typer(
    help="Say that two locations are one, list who said so, undo it.", no_args_is_help=True, rich_markup_mode="rich"
)


@alias.command()
def add(
    uri: Location, same_as: SameAs, why: Why = "", namespace: Namespace = None, home: Home = None, json: Json = False
) -> None:
    """Say that two locations are one: reads of either are of the newest version of both.

    [bold]Examples[/bold]

      clew alias add hive://meta/shop.orders s3://lake/orders --why "its files"
    """
    with home_of(home) as opened:
        settings = opened.settings
        receipt = opened.identity.add_alias(
            uri, same_as, actor=settings.author, reason=why, namespace=namespace or settings.namespace
        )
    _done(receipt.seq, receipt.changed, json, "they are one")


@alias.command()
def ls(
    all: Annotated[bool, typer.Option("--all", "-a", help="Also what was undone.")] = False,
    namespace: Namespace = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """List the locations that are one, and who said so.

    [bold]Examples[/bold]

      clew alias ls

      clew alias ls --all --json
    """
    from clew.cli.output import emit, emit_json, table

    with home_of(home) as opened:
        found = opened.identity.aliases(namespace, undone=all)
    if json:
        emit_json({"items": [_as_dict(one) for one in found], "total": len(found), "more": 0})
        return
    if not found:
        emit("no two locations are one")
        return
    from clew.draw.words import time_text

    rows = [
        (one.location, one.same_as, one.source or one.actor or "-", "undone" if one.undone else "", one.reason,
         time_text(one.changed_ms))
        for one in found
    ]  # fmt: skip
    table(
        ("LOCATION", "SAME AS", "SAID BY", "STATE", "WHY", "WHEN"), rows,
        yielding=("LOCATION", "SAME AS", "WHY"), droppable=("WHEN", "WHY"),
    )  # fmt: skip


@alias.command()
def undo(
    uri: Location, same_as: SameAs, why: Why = "", namespace: Namespace = None, home: Home = None, json: Json = False
) -> None:
    """Say that two locations are not one after all: reads move back.

    No later message revives it; `clew alias add` does.

    [bold]Examples[/bold]

      clew alias undo hive://meta/shop.orders s3://lake/orders --why "another catalog"
    """
    with home_of(home) as opened:
        settings = opened.settings
        receipt = opened.identity.remove_alias(
            uri, same_as, actor=settings.author, reason=why, namespace=namespace or settings.namespace
        )
    _done(receipt.seq, receipt.changed, json, "they are two")


def _done(seq: int, changed: bool, as_json: bool, what: str) -> None:
    from clew.cli.output import emit, emit_json

    if as_json:
        emit_json({"seq": seq, "changed": changed})
    else:
        emit(f"{what} as of change {seq}" if changed else f"{what}: that was said before")


def _as_dict(one: Alias) -> dict[str, Any]:
    return {
        "location": one.location, "same_as": one.same_as, "namespace": one.namespace, "actor": one.actor,
        "reason": one.reason, "source": one.source, "undone": one.undone, "context": f"context:{one.context_id}",
        "said_ms": one.said_ms, "changed_ms": one.changed_ms,
    }  # fmt: skip
