"""Pages of nodes. Which class wraps a node is the caller's to say, so this file knows none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.filters import AnyFilter, OrderBy, Ordering, criteria, ordering, positions_of
from clew.api.graphql.operation import Batch, Snapshot
from clew.metadata.ids import Kind
from clew.metadata.members import member_counts, member_pages
from clew.metadata.node import Page

T = TypeVar("T")
Wrap = Callable[[Snapshot, Sequence[Any]], list[T]]
"""Makes GraphQL nodes of the record's, as one batch."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The arguments of a listing."""

    kind: Kind
    where: str | None
    filter: AnyFilter | None
    order_by: OrderBy | None
    first: int
    after: str | None
    context_id: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it is the first page by id of everything: such pages of many contexts load together."""
        is_by_id = self.order_by is None or ordering(self.order_by) == Ordering("id", False)
        return not self.where and self.filter is None and is_by_id and self.first > 0 and self.after is None


def page_of(snapshot: Snapshot, wrap: Wrap[T], asked: Asked) -> Connection[T]:
    """One page. Errors: InvalidFilter, InvalidCursor, LimitExceeded."""
    reader = snapshot.reader
    readers: dict[Kind, Callable[..., Page[Any]]] = {
        Kind.ARTIFACT: reader.artifacts,
        Kind.EXECUTION: reader.executions,
        Kind.CONTEXT: reader.contexts,
    }
    chosen = criteria(asked.where, asked.filter, asked.context_id)
    limit = snapshot.operation.page(asked.first)
    with positions_of(asked.where, chosen):
        page = readers[asked.kind](
            **chosen, **ordering(asked.order_by)._asdict(), after=asked.after, limit=max(1, limit)
        )
    if limit == 0:
        page = Page([], [], bool(page.items))
    nodes = wrap(snapshot, page.items)
    return connect(nodes, page.cursors, page.has_next, asked.after, lambda: reader.count(asked.kind, **chosen))


def members_page(batch: Batch, wrap: Wrap[T], asked: Asked) -> Connection[T]:
    """One page of the members of the context ``asked.context_id``, one of ``batch``."""
    assert asked.context_id is not None
    if not asked.is_plain:
        return page_of(batch.snapshot, wrap, asked)
    pages = batch.once(
        ("members", asked.kind, asked.first), lambda snapshot, ids: _load_members(snapshot, ids, wrap, asked)
    )
    return pages[asked.context_id]


def _load_members(snapshot: Snapshot, ids: Sequence[int], wrap: Wrap[T], asked: Asked) -> dict[int, Connection[T]]:
    reader, kind = snapshot.reader, asked.kind
    pages = member_pages(reader, kind, ids, snapshot.operation.page(asked.first))
    rows = {row.id: row for page in pages.values() for row in page.items}
    nodes = dict(zip(rows, wrap(snapshot, list(rows.values())), strict=True))
    counts = ("member counts", kind, tuple(ids))

    def total(id: int) -> Callable[[], int]:
        return lambda: snapshot.once(counts, lambda: member_counts(reader, kind, ids))[id]

    return {
        id: connect([nodes[row.id] for row in page.items], page.cursors, page.has_next, None, total(id))
        for id, page in pages.items()
    }
