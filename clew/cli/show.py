"""``clew show``: one node and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from clew.cli.options import AsOf, Home, Json, Server, moment, opened

if TYPE_CHECKING:
    from clew.client.protocol import Detail, Touch
    from clew.metadata.node import Node

SHOWN = 20
"""Events and contexts listed for people; JSON holds all."""


def show(
    id: Annotated[
        str, typer.Argument(help="artifact:N, execution:N, context:N, a URI or a digest.", show_default=False)
    ],
    history: Annotated[bool, typer.Option("--history", help="Also every earlier state.")] = False,
    as_of: AsOf = None,
    home: Home = None,
    server: Server = None,
    json: Json = False,
) -> None:
    """Show a node and what hangs on it.

    Properties, events, contexts; with --history every state it had.

    [bold]Examples[/bold]

      clew show artifact:42

      clew show s3://lake/raw.csv --history

      clew show execution:7 --as-of 2026-11-24T12:00 --json
    """
    with opened(home, server) as client:
        when = moment(as_of)
        detail = client.detail(client.resolve(id, when), when)
        past = client.history(detail.node.ref) if history else []
    if json:
        _print_json(detail, past, history)
        return
    _print_node(detail.node)
    _print_touches(detail)
    _print_contexts(detail)
    if history:
        _print_history(past)


def _print_json(detail: Detail, past: list[Node], history: bool) -> None:
    from clew.cli.output import emit_json
    from clew.draw.words import event_json, node_json
    from clew.metadata.ids import Kind

    said = node_json(detail.node)
    if detail.node.ref.kind is Kind.CONTEXT:
        said |= {
            "parents": [node_json(context) for context in detail.contexts],
            "children": [node_json(context) for context in detail.children],
            "artifact_count": detail.artifact_count,
            "execution_count": detail.execution_count,
        }
    else:
        said |= {
            "events": [event_json(touch.event) for touch in detail.touches],
            "contexts": [node_json(context) for context in detail.contexts],
        }
    if history:
        said["history"] = [node_json(node) for node in past]
    emit_json(said)


def _print_node(node: Node) -> None:
    from clew.cli.output import emit, fields, heading, paint
    from clew.draw.words import clean, seconds_of, seconds_text, size_text, state_name, time_text, value_text
    from clew.metadata.label import label
    from clew.metadata.node import Artifact, Execution

    emit(f"{paint(node.type, 'bold')}  {clean(label(node))}  {paint(str(node.ref), 'bright_black')}")
    pairs: list[tuple[str, object]] = [("state", state_name(node)), ("name", node.name)]
    if isinstance(node, Artifact):
        pairs += [("uri", node.uri), ("digest", node.digest), ("size", size_text(node.size_bytes))]
    if isinstance(node, Execution):
        pairs += [
            ("started", time_text(node.started_ms)),
            ("ended", time_text(node.ended_ms)),
            ("took", seconds_text(seconds_of(node))),
            ("fingerprint", node.fingerprint),
        ]
    pairs += [
        ("external id", node.external_id),
        ("namespace", node.namespace if node.namespace != "default" else ""),
        ("created", f"{time_text(node.created_ms)}, change {node.created_seq}"),
        ("updated", f"{time_text(node.updated_ms)}, change {node.updated_seq}"),
    ]
    if node.updated_seq == node.created_seq:
        pairs.pop()
    fields(pairs)
    for title, values in (("properties", node.properties), ("custom properties", node.custom_properties)):
        if values:
            heading(title)
            fields((f"  {name}", value_text(value)) for name, value in values.items())


def _print_touches(detail: Detail) -> None:
    from clew.cli.output import emit, heading, paint
    from clew.metadata.ids import Kind
    from clew.metadata.states import OUTPUT_EVENTS

    if not detail.touches:
        return
    is_artifact = detail.node.ref.kind is Kind.ARTIFACT
    inputs = [touch for touch in detail.touches if touch.event.type not in OUTPUT_EVENTS]
    outputs = [touch for touch in detail.touches if touch.event.type in OUTPUT_EVENTS]
    titled = [("made by", outputs), ("used by", inputs)] if is_artifact else [("inputs", inputs), ("outputs", outputs)]
    for title, touches in titled:
        if not touches:
            continue
        heading(title)
        for touch in touches[:SHOWN]:
            emit("  " + _touch_line(touch))
        if len(touches) > SHOWN:
            emit(paint(f"  and {len(touches) - SHOWN:,} more (--json lists them)", "bright_black"))


def _touch_line(touch: Touch) -> str:
    from clew.cli.output import paint
    from clew.draw.tree import describe
    from clew.draw.words import clean
    from clew.metadata.states import EventType

    path = clean(".".join(str(step) for step in touch.event.path))
    plain = touch.event.type in (EventType.INPUT, EventType.OUTPUT)
    kind = "" if plain else paint(EventType(touch.event.type).name, "yellow")
    words = [paint(path, "cyan"), kind, describe(touch.node, touch.node.ref, paint)]
    return "  ".join(word for word in words if word)


def _print_contexts(detail: Detail) -> None:
    from clew.cli.output import emit, heading, paint
    from clew.draw.words import clean, count_text
    from clew.metadata.ids import Kind

    is_context = detail.node.ref.kind is Kind.CONTEXT
    for title, contexts in (("parents" if is_context else "contexts", detail.contexts), ("children", detail.children)):
        if not contexts:
            continue
        heading(title)
        for context in contexts[:SHOWN]:
            name, ref = clean(context.name), paint(str(context.ref), "bright_black")
            emit(f"  {paint(context.type, 'bold')}  {name}  {ref}")
        if len(contexts) > SHOWN:
            emit(paint(f"  and {len(contexts) - SHOWN:,} more (--json lists them)", "bright_black"))
    if is_context:
        emit("")
        artifacts, executions = detail.artifact_count, detail.execution_count
        emit(f"holds {count_text(artifacts, 'artifact')} and {count_text(executions, 'execution')}")


def _print_history(past: list[Node]) -> None:
    """Each state, and what it changed in the one before."""
    from clew.cli.output import emit, heading, paint
    from clew.draw.words import clean, node_json, time_text

    heading("history")
    before: dict[str, object] = {}
    for node in past:
        now = _flat(node_json(node))
        emit(f"  change {node.updated_seq}  {paint(time_text(node.updated_ms), 'bright_black')}")
        for name in sorted(before.keys() | now.keys()) if before else ():
            if before.get(name) != now.get(name) and name not in ("updated_ms", "updated_seq"):
                emit(f"    {name}: {clean(str(before.get(name)))} -> {clean(str(now.get(name)))}")
        before = now


def _flat(said: dict[str, object]) -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in said.items():
        if isinstance(value, dict):
            flat |= {f"{name}.{key}": item for key, item in value.items()}
        else:
            flat[name] = value
    return flat
