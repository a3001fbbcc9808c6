"""The entries of the cache: executions that completed and may be found by their fingerprint."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from clew.executors import marks
from clew.executors.cache import COMPONENT_TYPE, took_ms
from clew.executors.cached.pins import Pins, pins_of
from clew.metadata.errors import Invalid, NotFound
from clew.metadata.ids import Kind
from clew.metadata.node import Artifact, Execution
from clew.metadata.reader import Reader
from clew.metadata.states import EventType, ExecutionState
from clew.metadata.store.protocol import among, listed

ORDERS: Final = ("newest", "hits", "saved", "size", "cost", "age")
_CHUNK = 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One result that may be reused."""

    execution: Execution
    component: str
    """``pipeline/component``, or the function's name; empty where nobody said."""
    outputs: tuple[Artifact, ...]
    hits: int
    saved_ms: int
    saved_bytes: int
    last_hit_ms: int | None
    is_pinned: bool

    @property
    def cost_ms(self) -> int:
        """What it took to make."""
        return took_ms(self.execution)

    @property
    def size_bytes(self) -> int:
        """Bytes of its outputs."""
        return sum(a.size_bytes or 0 for a in self.outputs)

    @property
    def made_ms(self) -> int:
        """When it was made."""
        return self.execution.ended_ms or self.execution.created_ms

    @property
    def used_ms(self) -> int:
        """When it was made or reused last."""
        return max(self.made_ms, self.last_hit_ms or 0)

    @property
    def state(self) -> str:
        """live, invalidated or dropped."""
        properties = self.execution.custom_properties
        return (
            "invalidated" if marks.INVALIDATED in properties else "dropped" if marks.DROPPED in properties else "live"
        )

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        why = self.execution.custom_properties.get(marks.INVALIDATED) or self.execution.custom_properties.get(
            marks.DROPPED
        )
        return {
            "execution": str(self.execution.ref),
            "fingerprint": self.execution.fingerprint,
            "component": self.component,
            "namespace": self.execution.namespace,
            "state": self.state,
            "why": why if isinstance(why, dict) else None,
            "pinned": self.is_pinned,
            "hits": self.hits,
            "saved_ms": self.saved_ms,
            "saved_bytes": self.saved_bytes,
            "cost_ms": self.cost_ms,
            "size_bytes": self.size_bytes,
            "made_ms": self.made_ms,
            "last_hit_ms": self.last_hit_ms,
            "outputs": [
                {"artifact": str(a.ref), "type": a.type, "uri": a.uri, "digest": a.digest, "size_bytes": a.size_bytes}
                for a in self.outputs
            ],
        }


def entries(
    reader: Reader,
    *,
    namespace: str | None = None,
    component: str | None = None,
    live_only: bool = False,
    after: int | None = None,
    limit: int | None = None,
    order: str = "newest",
    pins: Pins | None = None,
) -> list[Entry]:
    """Entries, the newest first or by ``order``; behind the execution ``after`` where they are the newest first.

    Cost: those listed by ``newest``; all that match, by any other order.
    Errors: NotFound when there is no such component; Invalid for an order.
    """
    if order not in ORDERS:
        raise Invalid(f"{order!r} is no order", field="by", value=order, remedy=f"One of {', '.join(ORDERS)}")
    if after is not None and order != "newest":
        raise Invalid("a page goes on only by newest", field="after", value=after, remedy="Leave out --after or --by")
    pins = pins_of(reader) if pins is None else pins
    found: list[Entry] = []
    for ids in _chunks(reader, namespace, component, after):
        page = [e for e in _read(reader, ids, pins) if not live_only or e.state == "live"]
        found += page
        if order == "newest" and limit is not None and len(found) >= limit:
            return found[:limit]
    found.sort(key=_BY[order])
    return found if limit is None else found[:limit]


def entry(reader: Reader, execution: Execution) -> Entry:
    """The entry of one execution. Errors: NotFound when it is none."""
    if execution.fingerprint is None or execution.state is not ExecutionState.COMPLETE:
        raise NotFound(
            f"{execution.ref} is no entry of the cache",
            field="execution",
            value=str(execution.ref),
            remedy="See `clew cache ls`; `clew why` tells why an execution was not kept for reuse",
        )
    return next(_read(reader, [execution.id], pins_of(reader)))


def components_named(reader: Reader, name: str, namespace: str | None = None) -> dict[int, str]:
    """The contexts of components called ``pipeline/component``, or ``component`` in any pipeline: id -> name.

    Errors: NotFound when there is none.
    """
    types = [t.id for t in reader.types(Kind.CONTEXT) if t.name == COMPONENT_TYPE]
    sql = f"SELECT id, name FROM context WHERE type_id {among(reader)} AND (name = ? OR name LIKE ? ESCAPE '!')"
    asked: list[Any] = [listed(reader, types), name, "%/" + _literal(name)]
    if namespace is not None:
        sql, asked = sql + " AND namespace = ?", [*asked, namespace]
    found = {row[0]: row[1] for row in reader.query(sql, asked)}
    if not found:
        raise NotFound(
            f"no component {name!r} has run", field="component", value=name, remedy="See `clew cache stats` for those"
        )
    return found


def saved_of(reader: Reader, mark: str) -> str:
    """SQL for the number under ``mark`` in an execution's properties, 0 where there is none."""
    if reader.dialect == "sqlite":
        return f"COALESCE(json_extract(execution.custom_properties, '$.\"{mark}\"'), 0)"
    return f"COALESCE((execution.custom_properties::jsonb ->> '{mark}')::bigint, 0)"


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _chunks(reader: Reader, namespace: str | None, component: str | None, after: int | None) -> Iterator[list[int]]:
    """Ids of entries, the newest first."""
    clauses: list[str] = ["fingerprint IS NOT NULL", "state = ?"]
    given: list[Any] = [int(ExecutionState.COMPLETE)]
    if namespace is not None:
        clauses.append("namespace = ?")
        given.append(namespace)
    if component is not None:
        clauses.append(f"id IN (SELECT execution_id FROM association WHERE context_id {among(reader)})")
        given.append(listed(reader, components_named(reader, component, namespace)))
    last = after
    while True:
        where = " AND ".join(clauses + (["id < ?"] if last is not None else []))
        bound = [*given, *([last] if last is not None else []), _CHUNK]
        ids = [
            row[0] for row in reader.query(f"SELECT id FROM execution WHERE {where} ORDER BY id DESC LIMIT ?", bound)
        ]
        if ids:
            yield ids
        if len(ids) < _CHUNK:
            return
        last = ids[-1]


def _read(reader: Reader, ids: list[int], pins: Pins) -> Iterator[Entry]:
    executions = reader.executions_by_id(ids)
    hits = _hits(reader, [e.fingerprint for e in executions.values() if e.fingerprint])
    events = [e for e in reader.events_of_executions(ids) if e.type is EventType.OUTPUT]
    artifacts = reader.artifacts_by_id({e.artifact_id for e in events})
    made: dict[int, list[Artifact]] = {}
    for event in events:
        made.setdefault(event.execution_id, []).append(artifacts[event.artifact_id])
    contexts = reader.contexts_of_executions(ids)
    for id in ids:
        count, saved_ms, saved_bytes, last = hits.get(str(id), (0, 0, 0, None))
        names = [c.name for c in contexts[id] if c.type == COMPONENT_TYPE and c.name]
        outputs = tuple(made.get(id, ()))
        is_pinned = id in pins.executions or any(a.id in pins.artifacts for a in outputs)
        yield Entry(executions[id], names[0] if names else "", outputs, count, saved_ms, saved_bytes, last, is_pinned)


def _hits(reader: Reader, fingerprints: Iterable[str]) -> dict[str, tuple[int, int, int, int | None]]:
    """Origin's id as text -> times it was reused, milliseconds and bytes saved, and when last."""
    origin = "cached_execution_id"
    text = (
        f"json_extract(execution.custom_properties, '$.{origin}')"
        if reader.dialect == "sqlite"
        else f"execution.custom_properties::jsonb ->> '{origin}'"
    )
    rows = reader.query(
        f"SELECT {text}, COUNT(*), SUM({saved_of(reader, marks.SAVED_MS)}), "
        f"SUM({saved_of(reader, marks.SAVED_BYTES)}), MAX(ended_ms) "
        f"FROM execution WHERE fingerprint {among(reader)} AND state = ? GROUP BY 1",
        (listed(reader, set(fingerprints)), int(ExecutionState.CACHED)),
    )
    return {str(row[0]): (int(row[1]), int(row[2]), int(row[3]), row[4]) for row in rows}


_BY: Final[dict[str, Callable[[Entry], Any]]] = {
    "newest": lambda e: -e.execution.id,
    "hits": lambda e: (-e.hits, -e.execution.id),
    "saved": lambda e: (-e.saved_ms, -e.execution.id),
    "size": lambda e: (-e.size_bytes, -e.execution.id),
    "cost": lambda e: (-e.cost_ms, -e.execution.id),
    "age": lambda e: (e.used_ms, e.execution.id),
}
