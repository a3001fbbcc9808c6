"""The statements the SQL engine asks, on SQLite and PostgreSQL, now and as of an earlier change.

A node is a code: twice its id, plus one for an execution.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson

from clew.graph.protocol import NodeFilter
from clew.metadata.ids import INT64_MAX, Kind, NodeRef
from clew.metadata.reader import Reader
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS

Edge = tuple[int, int, int]
"""(execution id, event type, artifact id)."""
KINDS = (Kind.ARTIFACT, Kind.EXECUTION)

_INPUT = ",".join(str(int(event)) for event in sorted(INPUT_EVENTS))
_OUTPUT = ",".join(str(int(event)) for event in sorted(OUTPUT_EVENTS))

# CROSS JOIN fixes the order: the few wanted ids outside, an index look-up each inside. Left to itself SQLite may,
# once ANALYZE has run, scan the table and look every row up in the list: a thousand times slower.
_EVENTS = {
    "sqlite": """
        SELECT e.execution_id, e.type, e.artifact_id
        FROM json_each(?) AS wanted CROSS JOIN {table} AS e
        WHERE e.{column} = wanted.value AND e.type IN ({types})""",
    "postgresql": """
        SELECT e.execution_id, e.type, e.artifact_id
        FROM {table} AS e
        WHERE e.{column} = ANY(CAST(? AS bigint[])) AND e.type IN ({types})""",
}
_DEGREES = {
    "sqlite": """
        SELECT e.{column}, COUNT(DISTINCT e.{other})
        FROM json_each(?) AS wanted CROSS JOIN event AS e
        WHERE e.{column} = wanted.value AND e.type IN ({types})""",
    "postgresql": """
        SELECT e.{column}, COUNT(DISTINCT e.{other})
        FROM event AS e
        WHERE e.{column} = ANY(CAST(? AS bigint[])) AND e.type IN ({types})""",
}
_NODES = {
    "sqlite": """
        SELECT n.id, n.type_id, n.state, n.namespace, n.created_ms
        FROM json_each(?) AS wanted CROSS JOIN {table} AS n
        WHERE n.id = wanted.value""",
    "postgresql": """
        SELECT n.id, n.type_id, n.state, n.namespace, n.created_ms
        FROM {table} AS n
        WHERE n.id = ANY(CAST(? AS bigint[]))""",
}
_EVENTS_AS_OF = " AND e.created_seq <= ?"
_WITHDRAWN_AS_OF = " AND e.created_seq <= ? AND e.until_seq > ?"
_NODES_AS_OF = " AND n.updated_seq <= ?"
_PAST_AS_OF = " AND n.updated_seq <= ? AND n.until_seq > ?"


class Attributes(NamedTuple):
    """What a filter asks about a node."""

    type_id: int
    state: int | None
    namespace: str
    created_ms: int

    def shown_by(self, where: NodeFilter, kind: int) -> bool:
        """Whether ``where`` shows such a node (``ends_only`` apart: that is the walk's to tell)."""
        states = where.execution_states if kind else where.artifact_states
        return (
            (not where.kinds or KINDS[kind] in where.kinds)
            and (not where.type_ids or self.type_id in where.type_ids)
            and (not states or (self.state or 0) in states)
            and (not where.namespaces or self.namespace in where.namespaces)
            and (where.created_from_ms is None or self.created_ms >= where.created_from_ms)
            and (where.created_until_ms is None or self.created_ms < where.created_until_ms)
        )


class Rows:
    """Rows of the lineage tables as one reader sees them."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._past = [reader.seq] if reader.is_as_of else []

    def edges(self, codes: Sequence[int], up: bool) -> list[Edge]:
        """The events that lead one step ``up`` or down from ``codes``."""
        artifacts = [code >> 1 for code in codes if not code & 1]
        executions = [code >> 1 for code in codes if code & 1]
        found = self._events("artifact_id", artifacts, _OUTPUT if up else _INPUT) if artifacts else []
        if executions:
            found += self._events("execution_id", executions, _INPUT if up else _OUTPUT)
        return found

    def degrees(self, codes: Sequence[int], up: bool) -> dict[int, int]:
        """How many distinct nodes lie one step ``up`` or down from ``codes``; those with none are absent."""
        found: dict[int, int] = {}
        for kind, (column, other) in enumerate((("artifact_id", "execution_id"), ("execution_id", "artifact_id"))):
            ids = [code >> 1 for code in codes if code & 1 == kind]
            if ids:
                if self._past:
                    found |= self._past_degrees(kind, column, ids, _INPUT if up == (kind == 1) else _OUTPUT)
                    continue
                sql = _DEGREES[self._reader.dialect].format(
                    column=column, other=other, types=_INPUT if up == (kind == 1) else _OUTPUT
                )
                rows = self._reader.query(sql + f" GROUP BY e.{column}", (self._list(ids),))
                found |= {2 * id + kind: count for id, count in rows}
        return found

    def attributes(self, codes: Iterable[int]) -> dict[int, Attributes]:
        """Attributes of the nodes that exist."""
        ids: tuple[list[int], list[int]] = ([], [])
        for code in codes:
            if code >> 1 <= INT64_MAX:
                ids[code & 1].append(code >> 1)
        found: dict[int, Attributes] = {}
        for kind, wanted in enumerate(ids):
            if wanted:
                for id, *rest in self._nodes(KINDS[kind].value, wanted):
                    found[2 * id + kind] = Attributes(*rest)
        return found

    def _past_degrees(self, kind: int, column: str, ids: list[int], types: str) -> dict[int, int]:
        pairs = {(a, e) if kind == 0 else (e, a) for e, _, a in self._events(column, ids, types)}
        return {2 * id + kind: count for id, count in Counter(one for one, _ in pairs).items()}

    def _events(self, column: str, ids: list[int], types: str) -> list[Any]:
        sql, wanted = _EVENTS[self._reader.dialect], self._list(ids)
        if not self._past:
            return self._reader.query(sql.format(table="event", column=column, types=types), (wanted,))
        now = sql.format(table="event", column=column, types=types) + _EVENTS_AS_OF
        before = sql.format(table="event_history", column=column, types=types) + _WITHDRAWN_AS_OF
        past = self._reader.query(before, (wanted, *self._past, *self._past))
        return self._reader.query(now, (wanted, *self._past)) + past

    def _nodes(self, table: str, ids: list[int]) -> list[Any]:
        sql, wanted = _NODES[self._reader.dialect], self._list(ids)
        if not self._past:
            return self._reader.query(sql.format(table=table), (wanted,))
        now = self._reader.query(sql.format(table=table) + _NODES_AS_OF, (wanted, *self._past))
        before = sql.format(table=f"{table}_history") + _PAST_AS_OF
        return now + self._reader.query(before, (wanted, *self._past, *self._past))

    def _list(self, ids: list[int]) -> Any:
        return orjson.dumps(ids).decode() if self._reader.dialect == "sqlite" else ids


def code_of(ref: NodeRef) -> int:
    """The code of a node."""
    return 2 * ref.id + (ref.kind is Kind.EXECUTION)


def ref_of(code: int) -> NodeRef:
    """The node of a code."""
    return NodeRef(KINDS[code & 1], code >> 1)


def step(edges: Sequence[Edge], up: bool) -> list[int]:
    """The code each edge leads to, walked ``up`` or down."""
    return [2 * artifact if (kind in INPUT_EVENTS) == up else 2 * execution + 1 for execution, kind, artifact in edges]
