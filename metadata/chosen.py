"""Of nodes chosen by id, however many: a page in order, those of some types, how many of each type and state."""

from __future__ import annotations

from collections.abc import Sequence

from clew.metadata import cursor
from clew.metadata.ids import Kind
from clew.metadata.listing import Order, Paging
from clew.metadata.node import Page
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import among, listed

_KEYS = {"created": "created_ms, ", "updated": "updated_ms, ", "name": "COALESCE(name, ''), ", "id": ""}


def chosen_page(
    reader: Reader, kind: Kind, ids: Sequence[int], order: Order, descending: bool, after: str | None, limit: int
) -> Page[int]:
    """Ids among ``ids``, one page of them. Those that are not recorded are left out.

    Cost:   one statement, and a look-up an id.
    Errors: InvalidCursor; Invalid for a limit outside 1..10000.
    """
    paging = Paging(order, descending, after, limit)
    source, before = reader.source(kind)
    begin, behind = paging.begin(kind.value)
    end, last = paging.end(kind.value)
    where = " AND ".join([f"{kind.value}.id {among(reader)}", *begin])
    sql = f"SELECT {_KEYS[order]}{kind.value}.id FROM {source} WHERE {where}{end}"
    rows = reader.query(sql, (*before, listed(reader, ids), *behind, *last))
    cursors = [cursor.encode(order, descending, list(row)) for row in rows[:limit]]
    return Page([row[-1] for row in rows[:limit]], cursors, len(rows) > limit)


def chosen_of_types(reader: Reader, kind: Kind, ids: Sequence[int], type_ids: Sequence[int]) -> list[int]:
    """Those of ``ids`` that are of one of these types. Cost: one statement, and a look-up an id."""
    source, before = reader.source(kind)
    rows = reader.query(
        f"SELECT {kind.value}.id FROM {source} WHERE {kind.value}.id {among(reader)} AND type_id {among(reader)}",
        (*before, listed(reader, ids), listed(reader, type_ids)),
    )
    return [row[0] for row in rows]


def chosen_counts(reader: Reader, kind: Kind, ids: Sequence[int]) -> list[tuple[int, int | None, int]]:
    """(type_id, state or None, how many), most first. Cost: one statement, and a look-up an id."""
    source, before = reader.source(kind)
    state = "NULL" if kind is Kind.CONTEXT else "state"
    rows = reader.query(
        f"SELECT type_id, {state}, COUNT(*) AS many FROM {source} WHERE {kind.value}.id {among(reader)} "
        "GROUP BY 1, 2 ORDER BY many DESC, 1, 2",
        (*before, listed(reader, ids)),
    )
    return [(row[0], row[1], int(row[2])) for row in rows]
