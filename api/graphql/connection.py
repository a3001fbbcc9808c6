"""Relay connections: pages of nodes with opaque cursors. The total is counted only where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

import strawberry

from clew.api.graphql.describe import resolved
from clew.api.graphql.scalars import Int64

T = TypeVar("T")


@strawberry.type(description="Where a page stands in its listing.")
class PageInfo:
    """Relay's PageInfo. Listings are walked forward, so there is never a previous page to offer."""

    has_next_page: bool = strawberry.field(description="Whether more follows.")
    has_previous_page: bool = strawberry.field(description="Whether the page began behind a cursor.")
    start_cursor: str | None = strawberry.field(description="Cursor of the first item.")
    end_cursor: str | None = strawberry.field(description="Where the next page begins: pass it as `after`.")


@strawberry.type(description="One item of a page.")
class Edge(Generic[T]):
    """A node and its cursor."""

    cursor: str = strawberry.field(
        description="Opaque position of this item: pass it as `after` to continue behind it."
    )
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="One page of a listing.")
class Connection(Generic[T]):
    """A page of nodes."""

    cursors: strawberry.Private[list[str]]
    total: strawberry.Private[Callable[[], int]]
    nodes: list[T] = strawberry.field(description="The items, without their cursors.")
    page_info: PageInfo = strawberry.field(description="Where this page stands.")

    @resolved
    def edges(self) -> list[Edge[T]]:
        """The items, each with its cursor."""
        return [Edge(cursor=cursor, node=node) for cursor, node in zip(self.cursors, self.nodes, strict=True)]

    @resolved
    def total_count(self) -> Int64:
        """How many items the whole listing has. Counted only when asked for."""
        return Int64(self.total())


def connect(
    nodes: list[T],
    cursors: list[str],
    has_next: bool,
    after: str | None,
    total: Callable[[], int],
    end: str | None = None,
) -> Connection[T]:
    """A connection over one page. ``end`` is where it goes on, where that is not behind its last item."""
    info = PageInfo(
        has_next_page=has_next,
        has_previous_page=after is not None,
        start_cursor=cursors[0] if cursors else None,
        end_cursor=end if end is not None else cursors[-1] if cursors else None,
    )
    return Connection(cursors=cursors, total=total, nodes=nodes, page_info=info)
