"""``clew exec``: run a command, record what it read and wrote."""

from __future__ import annotations

from typing import Annotated

import typer

from clew.cli.options import Home, Server


def exec(
    command: Annotated[list[str], typer.Argument(metavar="-- COMMAND...", help="The command and its arguments.")],
    inputs: Annotated[
        list[str] | None, typer.Option("--in", metavar="PATH", help="Something it reads; may be repeated.")
    ] = None,
    outputs: Annotated[
        list[str] | None, typer.Option("--out", metavar="PATH", help="Something it writes; may be repeated.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="What to call the execution.")] = None,
    type: Annotated[str, typer.Option("--type", metavar="TYPE", help="Type of the execution.")] = "Script",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing of our own.")] = False,
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Namespace to record in.")
    ] = None,
    home: Home = None,
    server: Server = None,
) -> None:
    """Run a command: record what it reads and writes, its code, its environment and how it ended.

    Python programs, and Pythons they start, are watched; of other programs only what --in and --out declare is known.
    The exit code is the command's; 128 and the signal's number where one killed it.

    [bold]Examples[/bold]

      clew exec -- python train.py --depth 4

      clew exec --in raw.csv --out clean.csv -- awk -f clean.awk

      clew exec --name nightly --type Train -- python -m churn.train
    """
    from clew.cli.output import note
    from clew.metadata.errors import UsageError
    from clew.notebook.command import exit_code_of, run_command
    from clew.settings import load

    if home and server:
        raise UsageError("--home and --server exclude each other", field="server", value=server, remedy="Give one")
    settings = load(home=home, url="" if home else server, namespace=namespace)
    ran = run_command(settings, command, name=name, type=type, inputs=inputs or (), outputs=outputs or ())
    if ran.error:
        note(f"clew: how it ended was not recorded: {ran.error}")
    elif not quiet:
        told = str(ran.execution) if ran.execution is not None else "it waits in the spool"
        note(f"clew: {told} {ran.state.name}, {ran.read} read, {ran.written} written")
    raise typer.Exit(exit_code_of(ran.code))
