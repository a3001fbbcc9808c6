"""Nodes by how many neighbours they have: hubs first, a page at a time."""

from __future__ import annotations

from collections.abc import Sequence

from clew.graph.protocol import Direction, GraphEngine
from clew.metadata import cursor
from clew.metadata.ids import NodeRef
from clew.metadata.node import Page

_ORDER = "fan_out"


def fan_page(
    engine: GraphEngine, nodes: Sequence[NodeRef], direction: Direction, after: str | None, limit: int, min_seq: int
) -> Page[int]:
    """Ids of ``nodes``, which are of one kind: those with most neighbours further that way first, then the newest.

    Cost:   the neighbours of all nodes are counted.
    Errors: InvalidCursor.
    """
    wired = engine.among(nodes, min_seq=min_seq)
    counts = wired.parents if direction is Direction.UP else wired.children
    keys = sorted(zip(map(int, counts), map(int, wired.ids), strict=True), reverse=True)
    if after is not None:
        behind = tuple(cursor.decode(after, _ORDER, True, 2))
        keys = [key for key in keys if key < behind]
    page = keys[:limit]
    return Page([id for _, id in page], [cursor.encode(_ORDER, True, list(key)) for key in page], len(keys) > limit)
