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
    from clew.cli.output import emit, fields, heading, paint, table
    from clew.draw.words import STATE_STYLE, clean, seconds_text

    state = found["state"] or ""
    words = [clean(str(found["task"] or "")), paint(found["execution"], "bright_black")]
    emit("  ".join(word for word in (*words, paint(state, STATE_STYLE.get(state, ""))) if word))
    emit(_outcome(found))
    if found["saved_ms"]:
        emit(f"saved {seconds_text(found['saved_ms'] / 1000)}")
    if found["changed"]:
        heading(f"changed since {found['compared_with']}")
        rows = [(f"  {one['part']}", _short(one["before"]), _short(one["after"])) for one in found["changed"]]
        table(["  PART", "BEFORE", "NOW"], rows)
    if found["parts"]:
        heading("what the result depends on")
        fields((f"  {part}", _short(value)) for part, value in _flat(found["parts"]).items())
    if found["fingerprint"]:
        emit(paint(f"\nfingerprint {found['fingerprint']}", "bright_black"))


def _outcome(found: dict[str, Any]) -> str:
    verb = {"hit": "reused", "miss": "ran", "off": "ran"}.get(found["outcome"], found["outcome"])
    return f"{verb}: {found['reason']}"


def _flat(parts: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for part, value in parts.items():
        flat |= {f"{part}.{name}": item for name, item in value.items()} if isinstance(value, dict) else {part: value}
    return flat


def _short(value: Any) -> str:
    import json

    from clew.draw.words import clean

    text = "(absent)" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return clean(text if len(text) <= 100 else text[:97] + "...")
