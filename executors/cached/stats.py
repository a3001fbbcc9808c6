"""How much the cache saved, over all and by component."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from clew.executors import marks
from clew.executors.cache import COMPONENT_TYPE
from clew.executors.cached.entries import saved_of
from clew.metadata.ids import Kind
from clew.metadata.reader import Reader
from clew.metadata.states import ExecutionState
from clew.metadata.store.protocol import among, listed


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of executions the cache decided on, and what reuse saved."""

    name: str = ""
    hits: int = 0
    ran: int = 0
    """Executions that could be reused and ran, whatever became of them."""
    saved_ms: int = 0
    saved_bytes: int = 0
    nondeterministic: bool = False
    """What the audit found of a component."""

    @property
    def hit_rate(self) -> float:
        """Hits of all decisions; 0 where there was none."""
        return self.hits / (self.hits + self.ran) if self.hits + self.ran else 0.0

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        return {
            "name": self.name,
            "hits": self.hits,
            "ran": self.ran,
            "hit_rate": round(self.hit_rate, 4),
            "saved_ms": self.saved_ms,
            "saved_bytes": self.saved_bytes,
            "nondeterministic": self.nondeterministic,
        }


@dataclass(frozen=True, slots=True)
class Stats:
    """The cache in numbers."""

    total: Tally
    entries: int
    invalidated: int
    dropped: int
    components: list[Tally] = field(default_factory=list)
    """Those that saved most time first."""

    def as_dict(self) -> dict[str, Any]:
        """How JSON shows it."""
        total = self.total.as_dict()
        del total["name"], total["nondeterministic"]
        return {
            **total,
            "entries": self.entries,
            "invalidated": self.invalidated,
            "dropped": self.dropped,
            "components": [component.as_dict() for component in self.components],
        }


def stats(reader: Reader, *, namespace: str | None = None, since_ms: int | None = None, top: int = 20) -> Stats:
    """The numbers, of executions recorded since ``since_ms``; ``top`` components.

    Cost: one pass over the executions that carry a decision.
    """
    where, given = "execution.fingerprint IS NOT NULL", []
    for clause, value in (("execution.namespace = ?", namespace), ("execution.created_ms >= ?", since_ms)):
        if value is not None:
            where += f" AND {clause}"
            given.append(value)
    total = _tallies(reader, "''", "execution", where, given).get("", Tally())
    live, invalidated, dropped = (
        _marked(reader, where, given, mark) for mark in ("", marks.INVALIDATED, marks.DROPPED)
    )
    return Stats(total, live, invalidated, dropped, _components(reader, where, given, top))


def nondeterministic(reader: Reader) -> dict[int, str]:
    """The components the audit found to be non-deterministic: id of the context -> name."""
    types = [t.id for t in reader.types(Kind.CONTEXT) if t.name == COMPONENT_TYPE]
    text = _text(reader, "context.custom_properties")
    sql = f"SELECT id, name FROM context WHERE type_id {among(reader)} AND {text} LIKE ?"
    return {r[0]: r[1] for r in reader.query(sql, (listed(reader, types), f'%"{marks.NONDETERMINISTIC}"%'))}


def _components(reader: Reader, where: str, given: list[Any], top: int) -> list[Tally]:
    types = [t.id for t in reader.types(Kind.CONTEXT) if t.name == COMPONENT_TYPE]
    if not types:
        return []
    source = (
        "execution JOIN association ON association.execution_id = execution.id "
        "JOIN context ON context.id = association.context_id"
    )
    where = f"{where} AND context.type_id {among(reader)}"
    found = _tallies(reader, "context.name", source, where, [*given, listed(reader, types)])
    ordered = sorted(found.values(), key=lambda t: (-t.saved_ms, -t.hits, t.name))[:top]
    marked = set(nondeterministic(reader).values())
    return [Tally(t.name, t.hits, t.ran, t.saved_ms, t.saved_bytes, nondeterministic=t.name in marked) for t in ordered]


def _tallies(reader: Reader, name: str, source: str, where: str, given: list[Any]) -> dict[str, Tally]:
    cached = int(ExecutionState.CACHED)
    rows = reader.query(
        f"SELECT {name}, SUM(CASE WHEN execution.state = {cached} THEN 1 ELSE 0 END), COUNT(*), "
        f"SUM({saved_of(reader, marks.SAVED_MS)}), SUM({saved_of(reader, marks.SAVED_BYTES)}) "
        f"FROM {source} WHERE {where} GROUP BY 1",
        given,
    )
    return {
        str(row[0]): Tally(str(row[0]), int(row[1]), int(row[2] - row[1]), int(row[3] or 0), int(row[4] or 0))
        for row in rows
    }


def _marked(reader: Reader, where: str, given: list[Any], mark: str) -> int:
    """Entries with ``mark``; without one, those that may be reused."""
    text = _text(reader, "execution.custom_properties")
    where += " AND execution.state = ?"
    asked = [*given, int(ExecutionState.COMPLETE)]
    if mark:
        where, asked = f"{where} AND {text} LIKE ?", [*asked, f'%"{mark}"%']
    else:
        for barring in (marks.INVALIDATED, marks.DROPPED):
            where, asked = f"{where} AND {text} NOT LIKE ?", [*asked, f'%"{barring}"%']
    return int(reader.query(f"SELECT COUNT(*) FROM execution WHERE {where}", asked)[0][0])


def _text(reader: Reader, column: str) -> str:
    return f"COALESCE({column}, '')" if reader.dialect == "sqlite" else f"COALESCE({column}::text, '')"
