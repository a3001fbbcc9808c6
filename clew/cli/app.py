"""The commands of ``clew``, put together. Their modules import what they need when they run."""

from __future__ import annotations

from typing import Annotated

import typer

from clew.cli.compare import diff, why
from clew.cli.doctor import doctor
from clew.cli.lineage import impact, paths, trace
from clew.cli.listing import ls
from clew.cli.log import log
from clew.cli.run import run
from clew.cli.show import show
from clew.cli.up import up
from clew.cli.upkeep import backup, restore, verify
from clew.cli.version import version

app = typer.Typer(
    name="clew",
    epilog="Start with [bold]clew run PIPELINE.yaml[/bold] or [bold]clew up[/bold]; "
    "then [bold]clew ls runs[/bold] and [bold]clew trace ID[/bold].",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        version()
        raise typer.Exit


@app.callback()
def clew(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Clew: the system of record for machine-learning lineage."""


_PANELS = {
    "Do": (run, up),
    "Ask": (ls, show, trace, impact, paths, diff, why, log),
    "Keep": (verify, doctor, backup, restore, version),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
