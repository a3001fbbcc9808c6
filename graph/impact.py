"""What a change would touch: everything made from some nodes, and what came of it in the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clew.graph.protocol import EVERYTHING, Direction, GraphEngine, Impact, NodeFilter
from clew.metadata.ids import NodeRef

NEAREST = 1000


def impact(
    engine: GraphEngine,
    seeds: Sequence[NodeRef],
    *,
    depth: int | None = None,
    max_nodes: int = NEAREST,
    where: NodeFilter = EVERYTHING,
    edges: bool = False,
    min_seq: int = 0,
) -> Impact:
    """Count what was made from ``seeds``, list the nearest of it, and the final products.

    Shape:  totals are of everything; ``trace`` and ``leaves`` hold up to ``max_nodes`` each, nearest first.
    Cost:   three walks.
    Errors: those of the engine.
    """
    counts = engine.counts(seeds, Direction.DOWN, depth=depth, where=where, min_seq=min_seq)
    trace = engine.trace(
        seeds, Direction.DOWN, depth=depth, max_nodes=max_nodes, where=where, edges=edges, min_seq=counts.seq
    )
    ends = replace(where, ends_only=True)
    leaves = engine.trace(
        seeds, Direction.DOWN, depth=depth, max_nodes=max_nodes, where=ends, min_seq=counts.seq
    ).refs()
    return Impact(counts, trace, leaves)
