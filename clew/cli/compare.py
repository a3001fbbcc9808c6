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
    _print_differences(found)


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


def _print_differences(found: dict[str, Any]) -> None:
    from clew.cli.output import emit, heading, note, paint

    if found["same"]:
        emit(paint("nothing that matters differs", "green"))
    _print_sections(found["sections"], found["a"], found["b"])
    if producers := found["producers"]:
        heading(f"made by {producers['a']} and {producers['b']}")
        _print_sections(producers["sections"], producers["a"], producers["b"], nested=True)
    if found["tasks"]:
        heading("tasks")
    for task in found["tasks"]:
        _print_task(task)
    if found["partial"]:
        note("the lineage is too large to be compared whole: what is shown of it is not all")


def _print_task(task: dict[str, Any]) -> None:
    from clew.cli.output import emit, paint
    from clew.draw.words import clean

    name = clean(task["task"])
    if task["a"] is None or task["b"] is None:
        emit(f"  {name}  " + paint(f"only in {'B' if task['a'] is None else 'A'}", "yellow"))
        return
    same = paint("the same", "green") if task["same"] else paint("differs", "yellow")
    emit(f"  {name}  {same}  " + paint(f"{task['a']} {task['b']}", "bright_black"))
    _print_sections(task["sections"], task["a"], task["b"], nested=True)


def _print_sections(sections: list[dict[str, Any]], a: str, b: str, *, nested: bool = False) -> None:
    from clew.cli.output import table

    rows = [
        [f"{one['section']}  {entry['name']}", _short(entry["a"]), _short(entry["b"]), "same" if entry["same"] else ""]
        for one in sections
        for entry in one["entries"]
    ]
    if not rows:
        return
    indent = "    " if nested else ""
    shown = [[indent + row[0], *row[1:]] for row in rows]
    columns = [f"{indent}WHAT", f"A  {a}", f"B  {b}", ""]
    table(columns, shown, yielding=columns[:3])


def _print_why(found: dict[str, Any]) -> None:
    from clew.cli.output import emit, fields, heading, paint, table
    from clew.draw.words import STATE_STYLE, clean, seconds_text

    state = found["state"] or ""
    words = [clean(str(found["task"] or "")), paint(found["execution"], "bright_black")]
    emit("  ".join(word for word in (*words, paint(state, STATE_STYLE.get(state, ""))) if word))
    emit(_outcome(found))
    if found["saved_ms"]:
        emit(f"saved {seconds_text(found['saved_ms'] / 1000)}")
    if found["nondeterministic"]:
        emit(paint("non-deterministic ", "bold red") + clean(found["nondeterministic"]))
    if found["changed"]:
        heading(f"changed since {found['compared_with']}")
        rows = [(f"  {one['part']}", _short(one["before"]), _short(one["after"])) for one in found["changed"]]
        table(["  PART", "BEFORE", "NOW"], rows, yielding=("  PART", "BEFORE", "NOW"))
    if found["parts"]:
        heading("what the result depends on")
        fields((f"  {part}", _short(value)) for part, value in _flat(found["parts"]).items())
    if found["fingerprint"]:
        emit(paint(f"\nfingerprint {found['fingerprint']}", "bright_black"))


def _outcome(found: dict[str, Any]) -> str:
    verb = {"hit": "reused", "miss": "ran", "off": "ran", "failed": "not run"}.get(found["outcome"], found["outcome"])
    return f"{verb}: {found['reason']}"


def _flat(parts: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for part, value in parts.items():
        flat |= {f"{part}.{name}": item for name, item in value.items()} if isinstance(value, dict) else {part: value}
    return flat


def _short(value: Any) -> str:
    """A value for a cell: digests cut to what tells them apart, nodes by id and what they are of."""
    import json

    from clew.draw.words import clean

    if value is None:
        return "-"
    if isinstance(value, list) and value and all(isinstance(item, dict) and "id" in item for item in value):
        return ", ".join(_short(item) for item in value[:4]) + (f" and {len(value) - 4} more" if len(value) > 4 else "")
    if isinstance(value, dict) and "id" in value:
        value = " ".join(str(value[key])[:19] for key in ("id", "name", "digest") if value.get(key))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.startswith("sha256:"):
        text = text[:19]
    return clean(text if len(text) <= 80 else text[:38] + " ... " + text[-37:])
