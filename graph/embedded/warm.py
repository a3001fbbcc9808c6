"""Compile, or load from the cache on disk, everything the engine calls, before anybody waits for it.

The first time on a machine this takes from 15 s to a minute, later a second or less: ``clew.graph.choose`` runs it in
the background while SQL answers.
"""

from __future__ import annotations

import numpy as np

from clew.graph.embedded.csr import CODE_OF_TYPE, EMPTY, IS_INPUT, extended
from clew.graph.embedded.engine import count, full, plain, wired
from clew.graph.embedded.numbering import Classes, Numbering
from clew.graph.embedded.path import shortest
from clew.graph.embedded.reach import ScratchPool
from clew.graph.embedded.snapshot import checksum
from clew.graph.embedded.tail import TailWriter
from clew.graph.embedded.view import Base, View
from clew.graph.protocol import EVERYTHING, Direction, NodeFilter
from clew.metadata.states import EventType


def warm() -> None:
    """Ask every kind of question of a graph of one step, half of it in the arrays and half in the tail."""
    view = _tiny()
    pool = ScratchPool()
    scratch, other = pool.take(view.codes), pool.take(view.codes)
    codes = np.array([4], np.uint32)
    plain(view, codes, Direction.UP, 1, None, scratch)
    full(view, codes, Direction.BOTH, 1, None, NodeFilter(ends_only=True), True, scratch)
    count(view, codes, Direction.UP, None, EVERYTHING, scratch)
    wired(view, codes, True, scratch)
    shortest(view, 2, 4, 1, None, scratch, other)
    checksum(np.zeros(100, np.uint8))


def _tiny() -> View:
    """artifact 1 -> execution 1 -> artifact 2, the second event in the tail."""
    types = np.array([EventType.INPUT, EventType.OUTPUT])
    execution = np.ones(2, np.uint32)
    entry = (np.array([1, 2]) << 2 | CODE_OF_TYPE[types]).astype(np.uint32)
    is_input = IS_INPUT[types]
    csr = extended(EMPTY, (3, 2), (execution[:1], entry[:1], is_input[:1]))
    classes = Classes([(10, 0, "default")])
    base = Base(
        csr,
        (np.array([0, 1, 1], np.uint16), np.array([0, 1], np.uint16)),
        (np.zeros(3, np.int64), np.zeros(2, np.int64)),
    )
    writer = TailWriter(base.codes)
    writer.add_attributes(np.array([4], np.uint32), np.array([1], np.uint32), np.zeros(1, np.int64))
    writer.add_edges(execution[1:], entry[1:], is_input[1:])
    many = np.full(64, 4, np.uint32)  # enough to grow the tail once
    writer.add_attributes(many, np.ones(64, np.uint32), np.zeros(64, np.int64))
    return View(
        base, writer.tail, writer.edges, writer.attributes, (Numbering(3), Numbering(2)), classes, base.codes, 1, ""
    )
