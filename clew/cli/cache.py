"""``clew cache``: the commands about what may be reused, put together."""

from __future__ import annotations

import typer

from clew.cli.cache_ask import ls, show, stats
from clew.cli.cache_do import audit, gc, invalidate, pin, unpin

cache = typer.Typer(
    help="Look at what may be reused, take it out, keep it, make room.", no_args_is_help=True, rich_markup_mode="rich"
)
for command in (ls, show, stats, invalidate, pin, unpin, gc, audit):
    cache.command(command.__name__)(command)
