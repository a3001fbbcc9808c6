"""One page of a listing: its order, where it begins, where the next one begins (keyset paging), and how it is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args

from clew.metadata import cursor
from clew.metadata.errors import Invalid
from clew.metadata.node import Page
from clew.metadata.store.columns import NODE_TABLES
from clew.metadata.store.protocol import Row, Session

Order = Literal["id", "created", "updated", "name", "type", "state", "size", "started", "ended"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
PAGE_LIMIT = 10_000
PEEKED = 20_000
"""Rows in which a page of a narrowed listing is looked for first, in order: most often it is among them."""

_UNSET = -1
_INDEXED: Final = ("created", "updated")
_KEYS: Final[dict[str, str]] = {
    "created": "{table}.created_ms",
    "updated": "{table}.updated_ms",
    "name": "COALESCE({table}.name, '')",
    "type": "(SELECT type.name FROM type WHERE type.id = {table}.type_id)",
    "state": f"COALESCE({{table}}.state, {_UNSET})",
    "size": f"COALESCE({{table}}.size_bytes, {_UNSET})",
    "started": f"COALESCE({{table}}.started_ms, {_UNSET})",
    "ended": f"COALESCE({{table}}.ended_ms, {_UNSET})",
}
"""What comes before the id in the sort key. What is not set comes before everything else."""
_KEY_OF: Final[dict[str, Any]] = {
    "created": lambda node: node.created_ms,
    "updated": lambda node: node.updated_ms,
    "name": lambda node: node.name or "",
    "type": lambda node: node.type,
    "state": lambda node: _UNSET if node.state is None else int(node.state),
    "size": lambda node: _UNSET if node.size_bytes is None else node.size_bytes,
    "started": lambda node: _UNSET if node.started_ms is None else node.started_ms,
    "ended": lambda node: _UNSET if node.ended_ms is None else node.ended_ms,
}
_ONLY: Final = {
    "state": ("artifact", "execution"),
    "size": ("artifact",),
    "started": ("execution",),
    "ended": ("execution",),
}


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page. Errors, when made: Invalid for an unknown order or a limit outside 1..10000."""

    order: Order
    descending: bool
    after: str | None
    limit: int

    def __post_init__(self) -> None:
        if self.order not in ORDERS:
            raise Invalid(
                f"{self.order!r} is no order", field="order", value=self.order, remedy="Use " + ", ".join(ORDERS)
            )
        if not isinstance(self.limit, int) or self.limit is True or not 1 <= self.limit <= PAGE_LIMIT:
            raise Invalid(
                f"a page holds 1 to {PAGE_LIMIT} items", field="limit", value=self.limit, remedy="Page with `after`"
            )

    def begin(self, table: str, *, unindexed: bool = False) -> tuple[list[str], list[Any]]:
        """The clause that leaves out what came before, and its parameters. Errors: InvalidCursor."""
        if self.after is None:
            return [], []
        keys = self._keys(table, unindexed=unindexed)
        behind = cursor.decode(self.after, self.order, self.descending, len(keys))
        sign = "<" if self.descending else ">"
        return [f"({','.join(keys)}) {sign} ({','.join('?' * len(keys))})"], behind

    def end(self, table: str, *, unindexed: bool = False) -> tuple[str, list[Any]]:
        """ORDER BY and LIMIT, one more than asked for: it tells whether there is a next page."""
        direction = " DESC" if self.descending else ""
        keys = self._keys(table, unindexed=unindexed)
        return f" ORDER BY {','.join(k + direction for k in keys)} LIMIT ?", [self.limit + 1]

    def page(self, nodes: list[Any]) -> Page[Any]:
        """The page, from up to ``limit + 1`` nodes."""
        items, of = nodes[: self.limit], _KEY_OF.get(self.order)
        keys = [[node.id] if of is None else [of(node), node.id] for node in items]
        cursors = [cursor.encode(self.order, self.descending, key) for key in keys]
        return Page(items, cursors, len(nodes) > self.limit)

    def _keys(self, table: str, *, unindexed: bool) -> tuple[str, ...]:
        """The sort key. ``unindexed`` hides from SQLite that an index has its order."""
        if self.order == "id":
            return (f"{table}.id",)
        if table not in _ONLY.get(self.order, (table,)):
            kinds = " and ".join(f"{kind}s" for kind in _ONLY[self.order])
            raise Invalid(
                f"only {kinds} have an order by {self.order}",
                field="order",
                value=self.order,
                remedy="Order by another",
            )
        key = _KEYS[self.order].format(table=table)
        return (f"+{key}" if unindexed and self.order in _INDEXED else key, f"{table}.id")


def rows_of_page(
    session: Session, table: str, source: str, clauses: Sequence[str], parameters: Sequence[Any], paging: Paging
) -> list[Row]:
    """Up to ``limit + 1`` rows of ``source``, a table or a subquery of the name ``table``.

    SQLite walks an index in its order, or looks through the table and sorts; it cannot know which is shorter, and
    either can take seconds where the other takes a millisecond. So a narrowed page is looked for among the first rows
    of the order; where they do not fill it, the table is looked through for its ids, and only those rows are read
    whole.
    """
    names = ",".join(f"{table}.{column}" for column in NODE_TABLES[table])
    begin, behind = paging.begin(table)
    end, last = paging.end(table)
    is_simple = paging.order == "id" or (paging.order in _INDEXED and not clauses)
    if session.dialect != "sqlite" or source != table or is_simple:
        return session.fetch(
            f"SELECT {names} FROM {source}{where_of(clauses, begin)}{end}", [*parameters, *behind, *last]
        )
    if paging.order in _INDEXED:
        order = end.removesuffix(" LIMIT ?")
        first = f"(SELECT {names} FROM {table}{where_of(begin)}{order} LIMIT {PEEKED}) AS {table}"
        rows = session.fetch(f"SELECT {names} FROM {first}{where_of(clauses)}{end}", [*behind, *parameters, *last])
        if len(rows) > paging.limit:
            return rows
    begin, behind = paging.begin(table, unindexed=True)
    ids = f"SELECT {table}.id FROM {table}{where_of(clauses, begin)}{paging.end(table, unindexed=True)[0]}"
    sql = f"SELECT {names} FROM {table} WHERE {table}.id IN ({ids}){end}"
    return session.fetch(sql, [*parameters, *behind, *last, *last])


def where_of(*clauses: Sequence[str]) -> str:
    """A WHERE of all clauses; empty for none."""
    every = [clause for some in clauses for clause in some]
    return " WHERE " + " AND ".join(every) if every else ""
