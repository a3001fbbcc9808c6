"""The embedded engine: lineage answered from arrays in memory that follow the record."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from clew.graph.embedded.csr import U32
from clew.graph.embedded.path import shortest
from clew.graph.embedded.projection import COMPACT_AFTER, Projection
from clew.graph.embedded.reach import Scratch, ScratchPool, matching, reach
from clew.graph.embedded.view import View
from clew.graph.embedded.walk import closure, degrees, induced, induced_edges, listed, mark, wipe
from clew.graph.protocol import EVERYTHING, Among, Counts, Direction, NodeFilter, Paths, Trace
from clew.graph.question import admits_all, at_least, node_of, walk_of
from clew.metadata.ids import NodeRef, Seq
from clew.metadata.record import Record


class EmbeddedEngine:
    """Answers of the record as of now: what any process has committed is seen by the next query.

    Any number of threads may ask at once; walks run without the GIL. ``folder`` keeps the snapshot, which processes
    on one home share; None keeps none.
    Cost: at ten million edges a closure of 1,000 nodes takes 0.05 ms, 0.4 with cold caches, of 100,000 nodes 4 ms
    (benchmarks/engine.py, benchmarks/results/engine.md).
    """

    name = "embedded"

    def __init__(self, record: Record, folder: Path | None = None, *, compact_after: int = COMPACT_AFTER) -> None:
        self.projection = Projection(record, folder, compact_after)
        self._scratches = ScratchPool()

    @property
    def seq(self) -> Seq:
        """The change up to which it has followed; the next question follows further."""
        return Seq(self.projection.view.seq)

    def trace(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        max_nodes: int | None = None,
        where: NodeFilter = EVERYTHING,
        edges: bool = False,
        min_seq: int = 0,
    ) -> Trace:
        """Walk from ``seeds``."""
        started = time.perf_counter()
        asked = walk_of(seeds, direction, depth)
        if max_nodes is not None:
            at_least("max_nodes", max_nodes, 0)
        view = self.projection.fresh(min_seq)
        codes = view.codes_of(asked)
        scratch = self._scratches.take(view.codes)
        if direction is not Direction.BOTH and not edges and (where is EVERYTHING or admits_all(where)):
            answer = plain(view, codes, direction, depth, max_nodes, scratch)
        else:
            answer = full(view, codes, direction, depth, max_nodes, where, edges, scratch)
        self._scratches.give(scratch)
        return Trace(*answer, Seq(view.seq), (time.perf_counter() - started) * 1e3)

    def counts(
        self,
        seeds: Sequence[NodeRef],
        direction: Direction = Direction.UP,
        *,
        depth: int | None = None,
        where: NodeFilter = EVERYTHING,
        min_seq: int = 0,
        enough: int | None = None,
    ) -> Counts:
        """Count what ``trace`` would reach: all of it, for that costs little here."""
        started = time.perf_counter()
        asked = walk_of(seeds, direction, depth)
        view = self.projection.fresh(min_seq)
        codes = view.codes_of(asked)
        scratch = self._scratches.take(view.codes)
        answer = count(view, codes, direction, depth, where, scratch)
        self._scratches.give(scratch)
        return Counts(*answer, Seq(view.seq), (time.perf_counter() - started) * 1e3)

    def paths(
        self, a: NodeRef, b: NodeRef, *, limit: int = 10, max_depth: int | None = None, min_seq: int = 0
    ) -> Paths:
        """Shortest paths from ``a`` down to ``b``."""
        started = time.perf_counter()
        asked = [node_of(a, "a"), node_of(b, "b")]
        at_least("limit", limit, 1)
        if max_depth is not None:
            at_least("max_depth", max_depth, 0)
        view = self.projection.fresh(min_seq)
        begin, end = view.codes_of(asked)
        forward, backward = self._scratches.take(view.codes), self._scratches.take(view.codes)
        found, length, partial = shortest(view, int(begin), int(end), limit, max_depth, forward, backward)
        self._scratches.give(forward)
        self._scratches.give(backward)
        return Paths(
            [view.refs(path) for path in found],
            length,
            partial,
            Seq(view.seq),
            (time.perf_counter() - started) * 1e3,
        )

    def among(self, nodes: Sequence[NodeRef], *, edges: bool = False, min_seq: int = 0) -> Among:
        """How ``nodes`` are wired."""
        started = time.perf_counter()
        asked = [node_of(ref, "nodes") for ref in dict.fromkeys(nodes)]
        view = self.projection.fresh(min_seq)
        codes = view.known(asked)
        scratch = self._scratches.take(view.codes)
        answer = wired(view, codes, edges, scratch)
        self._scratches.give(scratch)
        return Among(*answer, Seq(view.seq), (time.perf_counter() - started) * 1e3)

    def memory_bytes(self) -> int:
        """What arrays, tail and idle scratches hold, mapped or not."""
        return self.projection.memory_bytes() + self._scratches.memory_bytes()

    def close(self) -> None:
        """Wait for background work."""
        self.projection.close()


Ints = Sequence[int]
Edge = tuple[int, int, int]
Answer = tuple[Ints, Ints, Ints, list[Edge], int, int, int, bool]
"""The fields of a Trace up to ``partial``. An array's ``data`` is a sequence of int without a copy."""


def plain(
    view: View, codes: U32, direction: Direction, depth: int | None, max_nodes: int | None, scratch: Scratch
) -> Answer:
    """A walk one way of which everything is shown: one compiled call."""
    scratch.out, nodes, edges, cut, deepest, rows = closure(
        view.arrays, view.edge_limit, direction is Direction.UP,
        sys.maxsize if depth is None else depth, scratch.bits, scratch.out, codes,
        sys.maxsize if max_nodes is None else max_nodes,
    )  # fmt: skip
    kinds, indices, depths = rows
    ids = view.ids(kinds, indices)
    return kinds.data, ids.data, depths.data, [], deepest, nodes, int(edges), cut or ids.size < nodes


def full(
    view: View,
    codes: U32,
    direction: Direction,
    depth: int | None,
    max_nodes: int | None,
    where: NodeFilter,
    edges: bool,
    scratch: Scratch,
) -> Answer:
    """Any walk, filtered, with edges where asked for."""
    reached = reach(view, codes, direction, depth, scratch, where.ends_only)
    found, depths, total_edges = matching(view, reached, where, scratch)
    nodes = int(found.size)
    size = nodes if max_nodes is None else min(max_nodes, nodes)
    kinds, indices, as_walked = listed(found, reached.levels, size)
    shown_depths = as_walked.data if depths is None else depths[:size].data
    among = _edges_among(view, found[:size], scratch) if edges else []
    deepest, partial = reached.levels.size - 1, reached.cut or size < nodes
    wipe(scratch.bits, reached.codes)
    ids = view.ids(kinds, indices)
    return kinds.data, ids.data, shown_depths, among, deepest, nodes, total_edges, partial


def count(
    view: View, codes: U32, direction: Direction, depth: int | None, where: NodeFilter, scratch: Scratch
) -> tuple[int, int, dict[int, int], dict[int, int], int, bool]:
    """The fields of Counts up to ``partial``."""
    reached = reach(view, codes, direction, depth, scratch, where.ends_only)
    found, depths, _ = matching(view, reached, where, scratch)
    executions = int((found & 1).sum())
    by_depth = np.bincount(reached.depths() if depths is None else depths, minlength=1)
    by_type, deepest, cut = view.types(found), reached.levels.size - 1, reached.cut
    wipe(scratch.bits, reached.codes)
    at = {int(d): int(by_depth[d]) for d in np.flatnonzero(by_depth)}
    return found.size - executions, executions, by_type, at, deepest, cut


def wired(view: View, codes: U32, edges: bool, scratch: Scratch) -> tuple[Ints, Ints, Ints, Ints, list[Edge]]:
    """The fields of Among up to ``edges``."""
    up, down = (degrees(view.base.csr, view.tail, view.edge_limit, way, scratch.bits, codes) for way in (True, False))
    among = _edges_among(view, codes, scratch) if edges else []
    kinds = (codes & 1).astype(np.uint8)
    ids = view.ids(kinds, (codes >> 1).astype(np.int64))
    return kinds.data, ids.data, up.data, down.data, among


def _edges_among(view: View, shown: U32, scratch: Scratch) -> list[Edge]:
    graph = (view.base.csr, view.tail, view.edge_limit)
    mark(scratch.other, shown)
    count = induced(*graph, shown, scratch.other)
    edges = induced_edges(*graph, shown, scratch.other, count)
    wipe(scratch.other, shown)
    return view.edges(*edges)
