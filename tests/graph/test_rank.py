"""Ranks: longest paths, whatever the order, whatever the cycle."""

from __future__ import annotations

import random
import time

import pytest

from clew.graph.rank import Ref, ranks
from clew.metadata.states import EventType

READ, WROTE = int(EventType.INPUT), int(EventType.OUTPUT)
Edge = tuple[int, int, int]


def chain(length: int) -> tuple[list[Ref], list[Edge]]:
    """artifact 0 -> execution 0 -> artifact 1 -> ..."""
    nodes = [(kind, i) for i in range(length) for kind in (0, 1)]
    edges = [edge for i in range(length) for edge in ((i, READ, i), (i, WROTE, i + 1))]
    return nodes, edges


def test_a_rank_is_the_longest_way_from_a_source() -> None:
    nodes, edges = chain(4)
    edges.append((3, READ, 0))  # a short cut
    assert ranks(nodes, edges) == {(kind, i): 2 * i + kind for i in range(4) for kind in (0, 1)}


def test_only_what_is_shown_counts() -> None:
    _, edges = chain(4)
    assert ranks([(0, 1), (1, 1), (1, 3)], edges) == {(0, 1): 0, (1, 1): 1, (1, 3): 0}
    assert ranks([], edges) == {}


def test_events_of_unknown_type_are_no_edges() -> None:
    assert ranks([(0, 1), (1, 1)], [(1, int(EventType.UNKNOWN), 1)]) == {(0, 1): 0, (1, 1): 0}


@pytest.mark.parametrize("seed", range(20))
def test_the_order_of_nodes_and_edges_does_not_matter(seed: int) -> None:
    dice = random.Random(seed)
    nodes = [(kind, i) for i in range(8) for kind in (0, 1)]
    edges = [(dice.randrange(8), dice.choice((READ, WROTE)), dice.randrange(8)) for _ in range(12)]  # cycles and all
    expected = ranks(nodes, edges)
    for _ in range(5):
        dice.shuffle(nodes)
        dice.shuffle(edges)
        assert ranks(nodes, edges) == expected


def test_a_cycle_is_entered_where_recording_began_and_what_lies_behind_it_stays_behind() -> None:
    edges = [(5, READ, 5), (5, WROTE, 6), (6, READ, 6), (6, WROTE, 5), (1, READ, 6), (1, WROTE, 1)]
    nodes = [(0, 1), (1, 1), (0, 5), (1, 5), (0, 6), (1, 6)]
    assert ranks(nodes, edges) == {(0, 5): 0, (1, 5): 1, (0, 6): 2, (1, 6): 3, (1, 1): 3, (0, 1): 4}


def test_a_deep_chain_needs_no_deep_stack_and_little_time() -> None:
    nodes, edges = chain(10_000)
    edges.append((9_999, WROTE, 0))  # and one great cycle
    began = time.perf_counter()
    assert max(ranks(nodes, edges).values()) == 19_999
    assert time.perf_counter() - began < 1
