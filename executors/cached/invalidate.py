"""Take entries out of the cache for good, and keep who did it, when and why."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from clew.executors import marks
from clew.executors.cached.entries import components_named
from clew.graph.protocol import Direction
from clew.graph.sql import SqlEngine
from clew.metadata import digest as digests
from clew.metadata.change import Change
from clew.metadata.errors import Invalid, NotFound
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.node import Execution, NodeType
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.states import EventType, ExecutionState
from clew.metadata.store.protocol import among, listed

AUDIT_TYPE: Final = "clew.CacheInvalidation"
"""Execution type of the audit entry: who invalidated what, when and why."""
_SHOWN = 1000
_DONE = (ExecutionState.COMPLETE, ExecutionState.CACHED)


@dataclass(frozen=True, slots=True)
class Invalidated:
    """What an invalidation did."""

    executions: list[int]
    """The entries that are none any more."""
    audit: int
    """The execution that tells of it."""

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        return {"invalidated": [f"execution:{id}" for id in self.executions], "audit": f"execution:{self.audit}"}


def invalidate(
    record: Record,
    targets: Sequence[str],
    *,
    components: Sequence[str] = (),
    downstream: bool = False,
    why: str,
    actor: str,
    namespace: str,
) -> Invalidated:
    """Take out what ``targets`` and ``components`` name.

    A target is execution:N, artifact:N, a fingerprint, or an artifact's digest; a component is named as in ``stats``.
    With ``downstream`` also everything that was made from it.
    Errors: Invalid, NotFound for what names nothing; NotFound when all of it is out already.
    """
    if not targets and not components:
        raise Invalid("nothing was named", field="target", remedy="Name an execution, an artifact, a fingerprint")
    with record.read() as reader:
        named = {id for text in targets for id in _named(reader, text)}
        for component in components:
            named |= _of_component(reader, component, namespace)
    if downstream:
        named |= _downstream(record, named)
    with record.read() as reader:
        found = _origins(reader, named)
    fresh = [e for e in found.values() if marks.INVALIDATED not in e.custom_properties]
    if not fresh:
        raise NotFound(
            "nothing of what was named can be reused" + (" any more" if found else ""),
            field="target",
            value=" ".join((*targets, *components)),
            remedy="See `clew cache ls`",
        )
    return _mark(record, fresh, [*targets, *components], downstream, why, actor, namespace)


def _mark(
    record: Record,
    executions: Sequence[Execution],
    targets: list[str],
    downstream: bool,
    why: str,
    actor: str,
    namespace: str,
) -> Invalidated:
    now_ms = time.time_ns() // 1_000_000
    change = Change(actor=actor, namespace=namespace)
    change.type(NodeType(Kind.EXECUTION, AUDIT_TYPE))
    ids = sorted(int(e.id) for e in executions)
    audit = change.execution(
        AUDIT_TYPE,
        state=ExecutionState.COMPLETE,
        started_ms=now_ms,
        ended_ms=now_ms,
        custom_properties={
            "actor": actor,
            "why": why,
            "targets": {"list": targets},
            "downstream": downstream,
            "count": len(ids),
            "executions": {"list": ids[:_SHOWN]},
        },
    )
    note = marks.note(actor, now_ms, why)
    for id in ids:
        change.execution(id=id, custom_properties={marks.INVALIDATED: note})
    return Invalidated(ids, record.commit(change).id(audit))


def _named(reader: Reader, text: str) -> set[int]:
    if text.startswith(("sha256:", "tree:")):
        digest = digests.parse(text, "target")
        found = {row[0] for row in reader.query("SELECT id FROM execution WHERE fingerprint = ?", (digest,))}
        makers = _makers(reader, [a.id for a in reader.artifacts_with_digest(digest)])
        if not found | makers:
            raise NotFound(
                f"{text} is neither a fingerprint nor the digest of an artifact",
                field="target",
                value=text,
                remedy="See `clew cache ls --json`",
            )
        return found | makers
    ref = NodeRef.parse(f"execution:{text}" if text.isascii() and text.isdigit() else text, "target")
    if ref.kind is Kind.CONTEXT:
        raise Invalid(
            f"{ref} is no entry of the cache",
            field="target",
            value=text,
            remedy="Name an execution, an artifact, a fingerprint, or a component with --component",
        )
    reader.node(ref)
    return {ref.id} if ref.kind is Kind.EXECUTION else _makers(reader, [ref.id])


def _of_component(reader: Reader, name: str, namespace: str) -> set[int]:
    contexts = listed(reader, components_named(reader, name, namespace))
    sql = f"SELECT execution_id FROM association WHERE context_id {among(reader)}"
    return {row[0] for row in reader.query(sql, (contexts,))}


def _makers(reader: Reader, artifacts: Iterable[int]) -> set[int]:
    return {e.execution_id for e in reader.events_of_artifacts(artifacts) if e.type is EventType.OUTPUT}


def _downstream(record: Record, executions: set[int]) -> set[int]:
    """The executions that read what these made, and so on."""
    if not executions:
        return set()
    seeds = [NodeRef(Kind.EXECUTION, id) for id in sorted(executions)]
    trace = SqlEngine(record).trace(seeds, Direction.DOWN, max_nodes=None)
    return {ref.id for ref in trace.refs() if ref.kind is Kind.EXECUTION}


def _origins(reader: Reader, ids: set[int]) -> dict[int, Execution]:
    """The executions that did the work of these, and those of them that did it themselves."""
    found: dict[int, Execution] = {}
    wanted = set(ids)
    while wanted:
        origins: set[int] = set()
        for execution in reader.executions_by_id(wanted).values():
            cached = execution.custom_properties.get("cached_execution_id")
            if execution.state in _DONE or marks.FAILURE in execution.custom_properties:
                found[execution.id] = execution
                if isinstance(cached, str) and cached.isdigit():
                    origins.add(int(cached))
        wanted = origins - found.keys()
    return found
