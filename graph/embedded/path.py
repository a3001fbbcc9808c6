"""All shortest directed paths between two nodes: two walks that meet, then the steps between their levels."""

from __future__ import annotations

import numpy as np

from clew.graph.embedded.csr import I64, U8, U32, Csr
from clew.graph.embedded.jit import kernel
from clew.graph.embedded.reach import Scratch
from clew.graph.embedded.tail import Tail
from clew.graph.embedded.view import View
from clew.graph.embedded.walk import any_marked, mark, neighbours, walk, wipe
from clew.graph.unfold import unfold

Steps = dict[int, list[int]]


class _Side:
    """One of the two walks, a level at a time."""

    def __init__(self, view: View, up: bool, start: int, scratch: Scratch) -> None:
        self._view, self._up, self.scratch = view, up, scratch
        self.levels = [0, 1]
        scratch.out[0] = start
        self.mark_all()

    @property
    def depth(self) -> int:
        return len(self.levels) - 2

    def level(self, depth: int) -> U32:
        return self.scratch.out[self.levels[depth] : self.levels[depth + 1]]

    def step(self) -> U32:
        """Walk one level; return the nodes found (empty at the end)."""
        s, (lo, k) = self.scratch, self.levels[-2:]
        s.out, _, reached, _, _ = walk(
            self._view.base.csr, self._view.tail, self._view.edge_limit, self._up, 1, s.bits, s.out, lo, k
        )
        self.levels.append(reached)
        return s.out[k:reached]

    def mark_all(self) -> None:
        mark(self.scratch.bits, self.scratch.out[: self.levels[-1]])

    def wipe(self) -> None:
        wipe(self.scratch.bits, self.scratch.out[: self.levels[-1]])


def shortest(
    view: View, begin: int, end: int, limit: int, max_depth: int | None, forward: Scratch, backward: Scratch
) -> tuple[list[list[int]], int, bool]:
    """Up to ``limit`` shortest paths as codes, their length (-1: none), and whether any was left out.

    Cost: what two walks reach before they meet, the smaller frontier first.
    """
    down, up = _Side(view, False, begin, forward), _Side(view, True, end, backward)
    met, cut = begin == end, False
    while not met:
        if not down.level(down.depth).size or not up.level(up.depth).size:
            break
        if max_depth is not None and down.depth + up.depth >= max_depth:
            cut = True
            break
        if down.level(down.depth).size <= up.level(up.depth).size:
            met = any_marked(up.scratch.bits, down.step())
        else:
            met = any_marked(down.scratch.bits, up.step())
    down.wipe()
    up.wipe()
    if not met:
        return [], -1, cut
    length = down.depth + up.depth
    paths, more = unfold(begin, length, _steps(view, down, up), limit)
    return paths, length, more


def _steps(view: View, down: _Side, up: _Side) -> Steps:
    """Of every node on a shortest path, the nodes that may follow it."""
    graph = (view.base.csr, view.tail, view.edge_limit)
    bits = down.scratch.other
    meeting = np.intersect1d(down.level(down.depth), up.level(up.depth))
    steps: Steps = {}
    there = meeting
    for depth in range(down.depth - 1, -1, -1):
        there, here = _between(graph, there, True, down.level(depth), bits)
        _note(steps, here, there)
        there = np.unique(here)
    here = meeting
    for depth in range(up.depth - 1, -1, -1):
        here, there = _between(graph, here, False, up.level(depth), bits)
        _note(steps, here, there)
        here = np.unique(there)
    return steps


def _between(graph: tuple[Csr, Tail, int], sources: U32, up: bool, level: U32, bits: U8) -> tuple[U32, U32]:
    mark(bits, level)
    pairs = _edges_into(*graph, sources, up, bits)
    wipe(bits, level)
    return (pairs >> 32).astype(np.uint32), (pairs & 0xFFFFFFFF).astype(np.uint32)


@kernel
def _edges_into(csr: Csr, tail: Tail, edge_limit: int, sources: U32, up: bool, bits: U8) -> I64:
    pairs, k = np.empty(64, np.int64), 0
    for source in sources:
        for other in neighbours(csr, tail, edge_limit, np.int64(source), up):
            if bits[other >> 3] & np.uint8(1 << (other & 7)):
                if k == pairs.size:
                    larger = np.empty(2 * k, np.int64)
                    larger[:k] = pairs
                    pairs = larger
                pairs[k] = (np.int64(source) << 32) | np.int64(other)
                k += 1
    return np.unique(pairs[:k])


def _note(steps: Steps, here: U32, there: U32) -> None:
    for one, next_ in zip(here.tolist(), there.tolist(), strict=True):
        steps.setdefault(one, []).append(next_)
