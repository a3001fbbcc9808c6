"""Pins: what is pinned, by hand or by a context that says it is deployed, keeps everything it was made from."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from clew.executors import marks
from clew.metadata.change import Change
from clew.metadata.errors import Invalid, NotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Context, NodeType
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS
from clew.metadata.store.protocol import among, listed

PIN_TYPE: Final = "clew.Pin"
"""Context type of pins set by hand: named by the node it holds, pinned as long as it says so."""
_INPUTS = ",".join(str(int(t)) for t in sorted(INPUT_EVENTS))
_OUTPUTS = ",".join(str(int(t)) for t in sorted(OUTPUT_EVENTS))


@dataclass(frozen=True, slots=True)
class Pins:
    """What must be kept."""

    contexts: tuple[Context, ...] = ()
    """Those that pin."""
    executions: frozenset[int] = frozenset()
    artifacts: frozenset[int] = frozenset()


def pins_of(reader: Reader) -> Pins:
    """What the contexts that pin hold, and everything it was made from.

    Cost: nothing where there is no such context; else two queries a level of the lineage.
    """
    contexts = _pinning(reader)
    if not contexts:
        return Pins()
    ids = listed(reader, [c.id for c in contexts])
    artifacts = {
        row[0] for row in reader.query(f"SELECT artifact_id FROM attribution WHERE context_id {among(reader)}", (ids,))
    }
    executions = {
        row[0] for row in reader.query(f"SELECT execution_id FROM association WHERE context_id {among(reader)}", (ids,))
    }
    new_artifacts = artifacts | _ends(reader, "artifact_id", "execution_id", executions, _OUTPUTS)
    new_executions = executions
    artifacts, executions = set(), set()
    while new_artifacts or new_executions:
        artifacts |= new_artifacts
        executions |= new_executions
        new_artifacts, new_executions = (
            _ends(reader, "artifact_id", "execution_id", new_executions, _INPUTS) - artifacts,
            _ends(reader, "execution_id", "artifact_id", new_artifacts, _OUTPUTS) - executions,
        )
    return Pins(tuple(contexts), frozenset(executions), frozenset(artifacts))


def pin(record: Record, ref: NodeRef, *, why: str, actor: str, namespace: str) -> str:
    """Keep a node, and what it was made from; the context that says so.

    Errors: ArtifactNotFound, ExecutionNotFound, ContextNotFound.
    """
    with record.read() as reader:
        reader.node(ref)
    note = marks.note(actor, time.time_ns() // 1_000_000, why)
    change = Change(actor=actor, namespace=namespace)
    if ref.kind is Kind.CONTEXT:
        change.context(id=ref.id, custom_properties={"pinned": True, marks.PINNED: note})
        record.commit(change)
        return str(ref)
    change.type(NodeType(Kind.CONTEXT, PIN_TYPE))
    held = change.context(PIN_TYPE, name=str(ref), custom_properties={"pinned": True, marks.PINNED: note}, reuse="name")
    if ref.kind is Kind.ARTIFACT:
        change.attribute(held, ref.id)
    else:
        change.associate(held, ref.id)
    return f"context:{record.commit(change).id(held)}"


def unpin(record: Record, ref: NodeRef, *, actor: str, namespace: str) -> str:
    """Let a node go again, as far as this pin holds it; the context that says so.

    Errors: NotFound when it is not pinned by hand.
    """
    with record.read() as reader:
        context = reader.context(ref.id) if ref.kind is Kind.CONTEXT else None
        if ref.kind is not Kind.CONTEXT and any(t.name == PIN_TYPE for t in reader.types(Kind.CONTEXT)):
            found = reader.find(Kind.CONTEXT, PIN_TYPE, str(ref), namespace)
            context = found if isinstance(found, Context) else None
    if context is None or context.custom_properties.get("pinned") is not True:
        raise NotFound(
            f"{ref} is not pinned by hand",
            field="id",
            value=str(ref),
            remedy="See `clew cache ls --pinned`; what a deployed context holds is let go by that context",
        )
    change = Change(actor=actor, namespace=namespace)
    change.context(id=context.id, custom_properties={"pinned": False})
    record.commit(change)
    return str(context.ref)


def pinnable(text: str) -> NodeRef:
    """The node ``text`` names. Errors: Invalid."""
    try:
        return NodeRef.parse(text)
    except Invalid as error:
        raise Invalid(
            f"{text[:80]!r} cannot be pinned",
            field="id",
            value=text,
            remedy="Name an artifact:N, an execution:N or a context:N",
        ) from error


def _pinning(reader: Reader) -> list[Context]:
    found: dict[int, Context] = {}
    for word in marks.PIN_WORDS:
        after = None
        while True:
            page = reader.contexts(where=f"custom_properties.{word}.bool_value = true", after=after, limit=1000)
            found |= {context.id: context for context in page.items}
            after = page.next_cursor
            if after is None:
                break
    return list(found.values())


def _ends(reader: Reader, wanted: str, given: str, ids: Iterable[int], types: str) -> set[int]:
    """The other ends of events of these types."""
    asked = list(ids)
    if not asked:
        return set()
    sql = f"SELECT DISTINCT {wanted} FROM event WHERE {given} {among(reader)} AND type IN ({types})"
    return {row[0] for row in reader.query(sql, (listed(reader, asked),))}
