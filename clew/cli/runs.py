"""``clew runs``: the commands about runs, put together."""

from __future__ import annotations

import typer

from clew.cli.runs_ask import compare, logs, show
from clew.cli.runs_do import archive, cancel, clone, retry, unarchive, wait
from clew.cli.runs_list import ls

runs = typer.Typer(help="List, show, stop and repeat runs.", no_args_is_help=True, rich_markup_mode="rich")
for command in (ls, show, logs, compare, cancel, retry, clone, wait, archive, unarchive):
    runs.command(command.__name__)(command)
