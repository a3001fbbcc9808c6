"""Pages of the change log, oldest or newest first, narrowed to what somebody looks for.

The log is ordered by ``seq`` and by time. Who made a change, where, and what it touched is in no index of it: such
pages look through a stretch of the log at a time, and end early, with a place to go on from, when that takes too long.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from clew.metadata.ids import INT64_MAX, Kind, NodeRef
from clew.metadata.node import Committed
from clew.metadata.reader import Reader
from clew.metadata.rows import committed_of_row
from clew.metadata.store.columns import CHANGE
from clew.metadata.text import check_text

BUDGET_S = 0.5
_FIRST_STRETCH, _LAST_STRETCH, _STRETCH_S = 2_000, 100_000, 0.03
_TAGS: Final = {Kind.ARTIFACT: "a", Kind.EXECUTION: "e", Kind.CONTEXT: "c"}
_LINKS: Final[dict[Kind, tuple[tuple[str, str], ...]]] = {
    Kind.ARTIFACT: (("event", "artifact_id"), ("attribution", "artifact_id")),
    Kind.EXECUTION: (("event", "execution_id"), ("association", "execution_id")),
    Kind.CONTEXT: (
        ("attribution", "context_id"), ("association", "context_id"), ("parent_context", "context_id"),
        ("parent_context", "parent_id"),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which changes. What is given must all hold."""

    namespace: str | None = None
    actor: str | None = None
    touching: NodeRef | None = None
    """Recorded or changed this node, or an edge of it."""
    kinds: frozenset[Kind] | None = None
    """Recorded or changed a node of one of these kinds."""
    since_ms: int | None = None
    until_ms: int | None = None
    """Before this time."""


@dataclass(frozen=True, slots=True)
class ChangePage:
    """A page, and where the next one begins."""

    rows: list[Committed]
    has_next: bool
    end: int | None = None
    """The ``seq`` behind which the listing goes on, where it is not the last row's."""


def page_of_changes(
    reader: Reader,
    wanted: Wanted,
    *,
    after: int | None = None,
    descending: bool = False,
    limit: int = 100,
    budget_s: float = BUDGET_S,
) -> ChangePage:
    """Changes behind ``after``, at most ``limit``. A page may be short, or empty, though more follows.

    Errors: ArtifactNotFound, ExecutionNotFound, ContextNotFound for what is touched; Invalid.
    """
    low, high = _bounds(reader, wanted)
    if after is not None:
        low, high = (low, min(high, after - 1)) if descending else (max(low, after), high)
    clauses, values = _clauses(reader, wanted)
    looks = wanted.namespace is not None or wanted.actor is not None or wanted.kinds is not None
    stretch = _FIRST_STRETCH if looks and wanted.touching is None else INT64_MAX
    found: list[Committed] = []
    deadline = time.monotonic() + budget_s
    while low < high:
        began = time.monotonic()
        bounds = (max(low, high - stretch), high) if descending else (low, min(high, low + stretch))
        rows = _rows(reader, clauses, [*bounds, *values], descending, limit + 1 - len(found))
        kept = [row for row in rows if _has_kind(row, wanted.kinds)]
        found += kept
        if len(found) > limit:
            return ChangePage(found[:limit], True)
        if len(rows) == limit + 1 - (len(found) - len(kept)):  # more of the stretch is left than was read
            at = int(rows[-1].seq)
            low, high = (low, at - 1) if descending else (at, high)
        else:
            low, high = (low, bounds[0]) if descending else (bounds[1], high)
        if time.monotonic() > deadline and low < high:
            return ChangePage(found, True, high + 1 if descending else low)
        if time.monotonic() - began < _STRETCH_S:
            stretch = min(stretch * 2, max(stretch, _LAST_STRETCH))
    return ChangePage(found, False)


def count_changes(reader: Reader, wanted: Wanted, check: Callable[[], None] = lambda: None) -> int:
    """How many changes there are. ``check`` is called now and then, and may raise.

    Cost: what is narrowed by more than time looks through all of it.
    """
    low, high = _bounds(reader, wanted)
    if wanted.kinds is not None:
        count, page = 0, ChangePage([], True, low)
        while page.has_next:
            check()
            after = page.end if page.end is not None else int(page.rows[-1].seq)
            page = page_of_changes(reader, wanted, after=after, limit=1000)
            count += len(page.rows)
        return count
    clauses, values = _clauses(reader, wanted)
    if not clauses:
        return max(0, high - low)
    sql = f"SELECT COUNT(*) FROM change WHERE seq > ? AND seq <= ?{clauses}"
    return int(reader.query(sql, [low, high, *values])[0][0])


def _bounds(reader: Reader, wanted: Wanted) -> tuple[int, int]:
    """The stretch of the log: behind the first, up to the second. Times in the log never decrease."""
    low = 0 if wanted.since_ms is None else _before(reader, wanted.since_ms)
    return low, int(reader.seq) if wanted.until_ms is None else _before(reader, wanted.until_ms)


def _before(reader: Reader, time_ms: int) -> int:
    """The last change before ``time_ms``."""
    return int(reader.seq_at(max(time_ms, 1 - INT64_MAX) - 1))


def _clauses(reader: Reader, wanted: Wanted) -> tuple[str, list[Any]]:
    text, values = "", list[Any]()
    for column, value in (("namespace", wanted.namespace), ("actor", wanted.actor)):
        if value is not None:
            check_text(value, column)
            text += f" AND {column} = ?"
            values.append(value)
    if wanted.touching is not None:
        reader.node(wanted.touching)
        touched, ids = _touched(wanted.touching)
        text += f" AND seq IN ({touched})"
        values += ids
    if wanted.kinds is not None:
        inside = "instr(ops, ?) > 0" if reader.dialect == "sqlite" else "position(? IN ops) > 0"
        signs = [sign for kind in sorted(wanted.kinds) for sign in (_sign(_TAGS[kind]), _sign(kind.value))]
        text += f" AND ({' OR '.join([inside] * len(signs)) or '1 = 0'})"
        values += signs
    return text, values


def _sign(tag: str) -> bytes:
    """How an operation begins in the log; a property may hold the same, so what has it is read."""
    return f'["{tag}",'.encode()


def _touched(ref: NodeRef) -> tuple[str, list[int]]:
    kind = ref.kind.value
    parts = [f"SELECT updated_seq FROM {table} WHERE id = ?" for table in (kind, f"{kind}_history")]
    parts += [f"SELECT created_seq FROM {table} WHERE {column} = ?" for table, column in _LINKS[ref.kind]]
    if ref.kind is not Kind.CONTEXT:
        parts += [f"SELECT {seq} FROM event_history WHERE {kind}_id = ?" for seq in ("created_seq", "until_seq")]
    return " UNION ".join(parts), [ref.id] * len(parts)


def _rows(reader: Reader, clauses: str, values: list[Any], descending: bool, limit: int) -> list[Committed]:
    direction = "DESC" if descending else "ASC"
    sql = f"SELECT {','.join(CHANGE)} FROM change WHERE seq > ? AND seq <= ?{clauses} ORDER BY seq {direction} LIMIT ?"
    return [committed_of_row(row) for row in reader.query(sql, [*values, limit])]


def _has_kind(row: Committed, kinds: frozenset[Kind] | None) -> bool:
    return kinds is None or any(table in kinds for table, _ in row.ops)
