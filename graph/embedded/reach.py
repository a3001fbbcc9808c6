"""One walk, its totals and what a filter leaves of it, on a scratch that is clean before and after."""

from __future__ import annotations

import sys
from collections import deque
from dataclasses import dataclass

import numpy as np

from clew.graph.embedded.csr import I64, U8, U32
from clew.graph.embedded.view import View
from clew.graph.embedded.walk import dead_ends, induced, mark, rim, union, walk, wipe
from clew.graph.protocol import Direction, NodeFilter
from clew.graph.question import admits_all


@dataclass(slots=True)
class Scratch:
    """What a walk writes to: bits of two sets of nodes, all clear between walks, and a list that grows."""

    bits: U8
    other: U8
    out: U32


class ScratchPool:
    """One scratch for each query under way, so that queries run side by side.

    A scratch on which a query failed is not given back: it may not be clean.
    """

    def __init__(self) -> None:
        self._free: deque[Scratch] = deque()

    def take(self, codes: int) -> Scratch:
        """A clean scratch for a graph of so many codes."""
        try:
            scratch = self._free.pop()
            if 8 * scratch.bits.size >= codes:
                return scratch
        except IndexError:
            pass
        size = codes // 7 + 64  # some room to grow
        return Scratch(np.zeros(size, np.uint8), np.zeros(size, np.uint8), np.empty(1 << 14, np.uint32))

    def give(self, scratch: Scratch) -> None:
        """Give a clean scratch back."""
        self._free.append(scratch)

    def memory_bytes(self) -> int:
        """What idle scratches hold."""
        return sum(s.bits.nbytes + s.other.nbytes + s.out.nbytes for s in self._free)


@dataclass(slots=True)
class Reach:
    """Nodes a walk reached. ``codes`` may lie in the scratch: valid until the next walk on it."""

    codes: U32
    levels: I64
    """Where each depth begins in ``codes``."""
    edges: int
    """Events between the reached nodes."""
    cut: bool
    """Whether the depth limit left something out."""
    ends: U8 | None
    """1 for every node beyond which there is nothing, where asked for."""

    def depths(self) -> I64:
        """Depth of every code."""
        return np.repeat(np.arange(self.levels.size), np.diff(self.levels, append=self.codes.size))


def reach(
    view: View, seeds: U32, direction: Direction, depth: int | None, scratch: Scratch, ends: bool = False
) -> Reach:
    """Walk from ``seeds``; leaves the reached nodes set in ``scratch.bits`` for the caller to wipe."""
    if direction is not Direction.BOTH:
        return _one_way(view, seeds, direction is Direction.UP, depth, scratch, ends)
    up = _one_way(view, seeds, True, depth, scratch, ends)
    up.codes = up.codes.copy()
    wipe(scratch.bits, up.codes)
    down = _one_way(view, seeds, False, depth, scratch, ends)
    wipe(scratch.bits, down.codes)
    codes, levels = union(up.codes, up.levels, down.codes, down.levels, scratch.bits)
    edges = induced(view.base.csr, view.tail, view.edge_limit, codes, scratch.bits)
    at_end = None
    if up.ends is not None and down.ends is not None:
        at_end = np.isin(codes, np.concatenate([up.codes[up.ends == 1], down.codes[down.ends == 1]])).astype(np.uint8)
    return Reach(codes, levels, edges, up.cut or down.cut, at_end)


def _one_way(view: View, seeds: U32, up: bool, depth: int | None, scratch: Scratch, ends: bool) -> Reach:
    graph = (view.base.csr, view.tail, view.edge_limit)
    if seeds.size > scratch.out.size:
        scratch.out = np.empty(2 * seeds.size, np.uint32)
    scratch.out[: seeds.size] = seeds
    mark(scratch.bits, seeds)
    steps = sys.maxsize if depth is None else depth
    scratch.out, lo, k, levels, edges = walk(*graph, up, steps, scratch.bits, scratch.out, 0, seeds.size)
    cut = False
    if depth is not None and lo < k:  # a walk that ended by itself has expanded its last level
        back, cut = rim(*graph, up, scratch.bits, scratch.out, lo, k)
        edges += back
    codes = scratch.out[:k]
    return Reach(codes, levels, int(edges), cut, dead_ends(*graph, up, codes) if ends else None)


def matching(view: View, reached: Reach, where: NodeFilter, scratch: Scratch) -> tuple[U32, I64 | None, int]:
    """What ``where`` shows of a walk: codes, their depths (None: as in the walk), and the events between them."""
    if admits_all(where):
        return reached.codes, None, reached.edges
    keep = view.admitted(reached.codes, where)
    if reached.ends is not None:
        keep &= reached.ends == 1
    codes = reached.codes[keep]
    mark(scratch.other, codes)
    edges = induced(view.base.csr, view.tail, view.edge_limit, codes, scratch.other)
    wipe(scratch.other, codes)
    return codes, reached.depths()[keep], edges
