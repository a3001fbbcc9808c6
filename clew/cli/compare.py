"""``clew diff`` and ``clew why``."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clew.cli.options import Home, Json, Server, opened


def diff(
    a: Annotated[
        str,
        typer.Argument(metavar="A", help="artifact:N, execution:N, context:N, a URI or a digest.", show_default=False),
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="Another of the same kind.", show_default=False)],
    all: Annotated[bool, typer.Option("--all", "-a", help="Also what is equal.")] = False,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Tell two artifacts, executions or runs apart.

    Properties, inputs, parameters, code, environment: what differs, and with --all what does not.

    [bold]Examples[/bold]

      clew diff artifact:42 artifact:57

      clew diff context:3 context:9 --all --json
    """
    with opened(home, server) as client:
        found = client.compare(client.resolve(a), client.resolve(b), everything=all)
    if json:
        from clew.cli.output import emit_json

        emit_json(found)
        return
    _print_differences(found, a, b)


def why(
    execution: Annotated[str, typer.Argument(metavar="EXECUTION", help="execution:N, or N.", show_default=False)],
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Explain why an execution ran or was reused.

    The decision of the cache as it was stored, field by field.

    [bold]Examples[/bold]

      clew why execution:7
    """
    text = f"execution:{execution}" if execution.isascii() and execution.isdigit() else execution
    with opened(home, server) as client:
        found = client.why(client.resolve(text))
    if json:
        from clew.cli.output import emit_json

        emit_json(found)
        return
    _print_why(found)


def _print_differences(found: dict[str, Any], a: str, b: str) -> None:
    del found, a, b


def _print_why(found: dict[str, Any]) -> None:
    del found
