"""The commands of ``clew``, put together. A command's module is imported when it is called or listed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer
import typer.core

from clew.cli.plain import read_plainly

COMMANDS = {
    "run": ("Do", "clew.cli.run"),
    "plan": ("Do", "clew.cli.plan"),
    "runs": ("Do", "clew.cli.runs"),
    "schedule": ("Do", "clew.cli.schedule"),
    "exec": ("Do", "clew.cli.exec"),
    "spark": ("Do", "clew.cli.spark"),
    "notebook": ("Do", "clew.cli.notebook"),
    "up": ("Do", "clew.cli.up"),
    "ls": ("Ask", "clew.cli.listing"),
    "show": ("Ask", "clew.cli.show"),
    "trace": ("Ask", "clew.cli.lineage"),
    "impact": ("Ask", "clew.cli.lineage"),
    "paths": ("Ask", "clew.cli.lineage"),
    "diff": ("Ask", "clew.cli.compare"),
    "why": ("Ask", "clew.cli.compare"),
    "log": ("Ask", "clew.cli.log"),
    "coverage": ("Keep", "clew.cli.coverage"),
    "alias": ("Keep", "clew.cli.alias"),
    "cache": ("Keep", "clew.cli.cache"),
    "verify": ("Keep", "clew.cli.upkeep"),
    "doctor": ("Keep", "clew.cli.doctor"),
    "backup": ("Keep", "clew.cli.upkeep"),
    "restore": ("Keep", "clew.cli.upkeep"),
    "env": ("Keep", "clew.cli.env"),
    "spool": ("Keep", "clew.cli.spool"),
    "import": ("Keep", "clew.cli.mlmd"),
    "export": ("Keep", "clew.cli.mlmd"),
    "version": ("Keep", "clew.cli.version"),
}
"""Name -> panel of the help, module that holds the function of that name, or the Typer of several."""


class Overview(typer.core.TyperGroup):
    """``clew``, whose help lists the commands by what they are for; cheap, since it is often all one wants to see."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        from clew.cli.output import paint

        lines = [f"{paint('Usage:', 'bold')} clew COMMAND ...", "", clew.__doc__ or ""]
        panel = ""
        for name, (of, _) in COMMANDS.items():
            if of != panel:
                lines += ["", paint(of, "bold")]
                panel = of
            told = _told(_function(name))
            lines.append(f"  {paint(name.ljust(9), 'cyan')} {told}")
        lines += ["", paint("Options", "bold")]
        records = [record for option in self.get_params(ctx) if (record := option.get_help_record(ctx))]
        lines += [f"  {paint(names.ljust(21), 'cyan')} {told}" for names, told in records]
        lines += [
            "",
            "`clew COMMAND --help` tells more, with examples. Start with `clew run PIPELINE.yaml` or `clew up`;",
        ]
        lines += ["then `clew ls runs` and `clew trace ID`."]
        formatter.write("\n".join(lines) + "\n")


def command_for(arguments: Sequence[str]) -> Any:
    """What to call with ``arguments``: `clew` with the one command they name, or with all where they name none."""
    named = arguments[0] if arguments and arguments[0] in COMMANDS else None
    only_help = list(arguments) in ([], ["--help"], ["-h"]) and "_CLEW_COMPLETE" not in os.environ
    app = typer.Typer(
        name="clew",
        cls=Overview,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
        add_completion=named is None,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(clew)
    for name, (panel, _) in COMMANDS.items():
        if named == name or (named is None and not only_help):
            found = _function(name)
            if isinstance(found, typer.Typer):
                app.add_typer(found, name=name, rich_help_panel=panel)
            else:
                app.command(name, rich_help_panel=panel)(found)
    return read_plainly(typer.main.get_command(app))


def _function(name: str) -> Any:
    """The function of a command; one that is named as a word of Python ends in an underscore."""
    return getattr(import_module(COMMANDS[name][1]), f"{name}_" if iskeyword(name) else name)


def _told(found: Any) -> str:
    """The first line of a command's help."""
    text = found.info.help if isinstance(found, typer.Typer) else found.__doc__
    return (text or "").strip().splitlines()[0]


def _version(wanted: bool) -> None:
    if wanted:
        from clew.cli.version import version

        version()
        raise typer.Exit


def clew(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Clew: the system of record for machine-learning lineage."""
