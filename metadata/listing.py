"""One page of a listing: its order, where it begins, where the next one begins (keyset paging)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from clew.metadata import cursor
from clew.metadata.errors import Invalid
from clew.metadata.node import Page

Order = Literal["id", "created", "updated", "name"]
PAGE_LIMIT = 10_000
_SORT_BY = {"id": (), "created": ("created_ms",), "updated": ("updated_ms",), "name": ("COALESCE(name, '')",)}
_KEY_OF: dict[str, Any] = {
    "id": lambda node: [node.id],
    "created": lambda node: [node.created_ms, node.id],
    "updated": lambda node: [node.updated_ms, node.id],
    "name": lambda node: [node.name or "", node.id],
}


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page. Errors, when made: Invalid for an unknown order or a limit outside 1..10000."""

    order: Order
    descending: bool
    after: str | None
    limit: int

    def __post_init__(self) -> None:
        if self.order not in _SORT_BY:
            raise Invalid(
                f"{self.order!r} is no order", field="order", value=self.order, remedy="Use " + ", ".join(_SORT_BY)
            )
        if not isinstance(self.limit, int) or self.limit is True or not 1 <= self.limit <= PAGE_LIMIT:
            raise Invalid(
                f"a page holds 1 to {PAGE_LIMIT} items", field="limit", value=self.limit, remedy="Page with `after`"
            )

    def begin(self, table: str) -> tuple[list[str], list[Any]]:
        """The clause that leaves out what came before, and its parameters. Errors: InvalidCursor."""
        if self.after is None:
            return [], []
        keys = self._keys(table)
        behind = cursor.decode(self.after, self.order, self.descending, len(keys))
        sign = "<" if self.descending else ">"
        return [f"({','.join(keys)}) {sign} ({','.join('?' * len(keys))})"], behind

    def end(self, table: str) -> tuple[str, list[Any]]:
        """ORDER BY and LIMIT, one more than asked for: it tells whether there is a next page."""
        direction = " DESC" if self.descending else ""
        return f" ORDER BY {','.join(k + direction for k in self._keys(table))} LIMIT ?", [self.limit + 1]

    def page(self, nodes: list[Any]) -> Page[Any]:
        """The page, from up to ``limit + 1`` nodes."""
        items, of = nodes[: self.limit], _KEY_OF[self.order]
        cursors = [cursor.encode(self.order, self.descending, of(node)) for node in items]
        return Page(items, cursors, len(nodes) > self.limit)

    def _keys(self, table: str) -> tuple[str, ...]:
        return (*_SORT_BY[self.order], f"{table}.id")
