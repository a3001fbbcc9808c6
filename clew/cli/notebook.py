"""``clew notebook run``: a notebook with parameters, recorded and cached."""

from __future__ import annotations

import json as jsons
from pathlib import Path
from typing import Annotated, Any

import typer

from clew.cli.options import Home, Json, Server

notebook = typer.Typer(no_args_is_help=True, help="Run notebooks with parameters.")
EXIT = {"COMPLETE": 0, "CACHED": 0, "CANCELED": 130}


@notebook.callback()
def _several() -> None:
    """Run notebooks with parameters."""


@notebook.command("run")
def run(
    path: Annotated[Path, typer.Argument(metavar="NB.ipynb", help="The notebook.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="OUT.ipynb", help="Where the executed notebook goes.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A parameter (JSON, or text); may be repeated."),
    ] = None,
    parameters: Annotated[
        Path | None, typer.Option("--parameters", metavar="FILE", help="Parameters from a JSON or YAML file.")
    ] = None,
    inputs: Annotated[
        list[str] | None,
        typer.Option("--in", metavar="PATH", help="A file that counts for reuse before it is read; may be repeated."),
    ] = None,
    no_cache: Annotated[bool, typer.Option("--no-cache", help="Run, whatever was run before.")] = False,
    salt: Annotated[str, typer.Option("--salt", metavar="TEXT", help="Changes the fingerprint.")] = "",
    python: Annotated[
        Path | None,
        typer.Option("--python", metavar="PATH", help="The Python with papermill (the active environment's)."),
    ] = None,
    kernel: Annotated[
        str, typer.Option("--kernel", metavar="NAME", help="The kernel; otherwise the notebook's own.")
    ] = "",
    timeout: Annotated[
        float | None, typer.Option("--timeout", metavar="S", min=1, help="Seconds a cell may take.")
    ] = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Run a notebook with parameters, record what it reads and writes; reuse an equal run.

    Exit code 0: complete or reused; 1: a cell failed; 2: the notebook or a parameter is not good; 130: interrupted.

    [bold]Examples[/bold]

      clew notebook run train.ipynb -p depth=4 -o out/train.ipynb

      clew notebook run report.ipynb -p region=north -o north.ipynb --json | jq .state
    """
    from clew.cli.given import pairs, parameters_from
    from clew.cli.output import emit, emit_json, note
    from clew.client.connect import connect
    from clew.metadata.errors import UsageError
    from clew.notebook.run import NotebookRun, Wanted
    from clew.settings import active_python, load

    if home and server:
        raise UsageError("--home and --server exclude each other", field="server", value=server, remedy="Give one")
    if out.absolute() == path.absolute():
        raise UsageError("the executed notebook would replace the notebook", field="out", value=str(out))
    texts = pairs("parameter", "-p name=value", parameter)
    given = parameters_from(parameters) | {name: _value(text) for name, text in texts.items()}
    wanted = Wanted(
        path, out, given, python or active_python(), kernel, inputs or (), not no_cache, salt, timeout
    )  # fmt: skip
    settings = load(home=home, url="" if home else server)
    client = connect(settings, create=True)
    try:
        result = NotebookRun(client, settings, wanted).result(lambda cell, of: note(f"cell {cell} of {of}"))
    finally:
        client.close()
    if json:
        emit_json(
            {
                "execution": None if result.execution is None else str(result.execution),
                "state": result.state,
                "seconds": round(result.seconds, 3),
                "reason": result.reason,
                "cells": result.cells,
                "failed_cell": result.failed_cell,
                "error": result.error,
                "out": str(out),
            }
        )
    else:
        emit(f"{result.state} in {result.seconds:.2f} s: {result.execution or 'waits in the spool'}, {result.reason}")
        if result.error:
            emit(result.error)
    raise typer.Exit(EXIT.get(result.state, 1))


def _value(text: str) -> Any:
    """What ``text`` says as JSON, or as Python's constants; else the text."""
    constants = {"True": True, "False": False, "None": None}
    if text in constants:
        return constants[text]
    try:
        return jsons.loads(text)
    except ValueError:
        return text
