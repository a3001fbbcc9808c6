"""The tail: edges and attributes recorded since the arrays were built, appended while others read.

One writer, any number of readers, no locks. Entries are numbered in the order they arrive and are never changed; a
reader that was given a limit skips entries from that limit on, so its answer is of one moment. Each entry is a link
in the chains of the nodes it touches; a small hash table finds the head of a node's chains, and one bit a node tells
whether it has any, so that nodes the tail does not touch cost one bit test.

A link is written in full before a head points to it: ``_link`` writes links, ``_publish`` moves heads, and between
the two calls lies a full barrier (they return to the interpreter).
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from clew.graph.embedded.csr import I64, U8, U32, Edges
from clew.graph.embedded.jit import kernel

I32 = NDArray[np.int32]
Int = int | np.int64
"""Compiled code does not tell them apart."""
A = TypeVar("A", U8, U32, I32, I64)

UP, DOWN, ATTRIBUTES = 0, 1, 2
CHAINS: Final = 3
_HASH: Final = 2654435761


class Tail(NamedTuple):
    """What a reader sees of the tail. Links and heads are stored plus one; 0 ends a chain."""

    keys: U32
    """Hash table: node code + 1."""
    heads: I32
    """Three chains a slot: edges up, edges down, attributes."""
    touched: U8
    """One bit a node code of the base: whether the table may hold it. Codes beyond are all in the tail."""
    execution: U32
    entry: U32
    """Artifact index << 2 | code."""
    next_of_execution: I32
    next_of_artifact: I32
    attribute_next: I32
    attribute_class: U32
    attribute_created: I64


class TailWriter:
    """Appends to a tail. ``tail`` is always safe to read up to counts taken before."""

    def __init__(self, base_codes: int) -> None:
        self._pending = np.zeros(CHAINS * 64, np.int32)
        self._is_input = np.zeros(64, np.uint8)
        self._attribute_code = np.zeros(64, np.uint32)
        self._used = 0
        self.edges = 0
        self.attributes = 0
        self.tail = Tail(
            np.zeros(64, np.uint32), np.zeros(CHAINS * 64, np.int32), np.zeros((base_codes + 7) // 8, np.uint8),
            np.zeros(64, np.uint32), np.zeros(64, np.uint32), np.zeros(64, np.int32), np.zeros(64, np.int32),
            np.zeros(64, np.int32), np.zeros(64, np.uint32), np.zeros(64, np.int64),
        )  # fmt: skip

    def add_edges(self, execution: U32, entry: U32, is_input: U8) -> None:
        """Append edges; readers see them once they are given a limit beyond."""
        first, last = self.edges, self.edges + execution.size
        self._make_room(2 * execution.size)
        t = self.tail
        self.tail = t = t._replace(
            execution=_grown(t.execution, last), entry=_grown(t.entry, last),
            next_of_execution=_grown(t.next_of_execution, last), next_of_artifact=_grown(t.next_of_artifact, last),
        )  # fmt: skip
        self._is_input = _grown(self._is_input, last)
        t.execution[first:last], t.entry[first:last], self._is_input[first:last] = execution, entry, is_input
        slots = np.empty(2 * execution.size, np.int64)
        self._used += _link_edges(t, self._pending, self._is_input, first, last, slots)
        _publish(t.heads, self._pending, slots)
        self.edges = last

    def add_attributes(self, codes: U32, classes: U32, created: I64) -> None:
        """Append the class and creation time of new or changed nodes."""
        first, last = self.attributes, self.attributes + codes.size
        self._make_room(codes.size)
        t = self.tail
        self.tail = t = t._replace(
            attribute_next=_grown(t.attribute_next, last), attribute_class=_grown(t.attribute_class, last),
            attribute_created=_grown(t.attribute_created, last),
        )  # fmt: skip
        self._attribute_code = _grown(self._attribute_code, last)
        t.attribute_class[first:last], t.attribute_created[first:last] = classes, created
        self._attribute_code[first:last] = codes
        slots = np.empty(codes.size, np.int64)
        self._used += _link_attributes(t, self._pending, self._attribute_code, first, last, slots)
        _publish(t.heads, self._pending, slots)
        self.attributes = last

    def edges_between(self, first: int, last: int) -> Edges:
        """Edges as they were added: (execution, entry, is_input)."""
        return self.tail.execution[first:last], self.tail.entry[first:last], self._is_input[first:last]

    def attributes_between(self, first: int, last: int) -> tuple[U32, U32, I64]:
        """Attributes as they were added: (codes, classes, created)."""
        t = self.tail
        return self._attribute_code[first:last], t.attribute_class[first:last], t.attribute_created[first:last]

    def memory_bytes(self) -> int:
        """What the tail holds."""
        own = self._pending.nbytes + self._is_input.nbytes + self._attribute_code.nbytes
        return own + sum(array.nbytes for array in self.tail)

    def _make_room(self, nodes: int) -> None:
        slots = self.tail.keys.size
        wanted = 2 * (self._used + nodes)
        if wanted <= slots:
            return
        while slots < wanted:
            slots *= 2
        keys, heads = np.zeros(slots, np.uint32), np.zeros(CHAINS * slots, np.int32)
        _rehash(self.tail.keys, self._pending, keys, heads)
        self._pending = heads
        self.tail = self.tail._replace(keys=keys, heads=heads.copy())


def _grown(array: A, size: int) -> A:
    if size <= array.size:
        return array
    larger = np.zeros(max(size, 2 * array.size), array.dtype)
    larger[: array.size] = array
    return larger


@kernel
def find(keys: U32, code: Int) -> Int:
    """The slot of ``code``, or of the empty slot where it would go as ``-1 - slot``."""
    mask = keys.size - 1
    slot: Int = ((code * _HASH) >> 8) & mask
    while True:
        key = np.int64(keys[slot])
        if key == code + 1:
            return slot
        if key == 0:
            return -1 - slot
        slot = (slot + 1) & mask


@kernel
def _insert(tail: Tail, code: Int) -> Int:
    slot = find(tail.keys, code)
    if slot < 0:
        slot = -1 - slot
        tail.keys[slot] = np.uint32(code + 1)
        if code >> 3 < tail.touched.size:
            tail.touched[code >> 3] |= np.uint8(1 << (code & 7))
    return slot


@kernel
def _link_edges(tail: Tail, pending: I32, is_input: U8, first: int, last: int, slots: I64) -> int:
    used = 0
    for i in range(first, last):
        inward = is_input[i] == 1
        for side in range(2):
            if side == 0:
                code = 2 * np.int64(tail.execution[i]) + 1
                chain = UP if inward else DOWN
            else:
                code = 2 * (np.int64(tail.entry[i]) >> 2)
                chain = DOWN if inward else UP
            if find(tail.keys, code) < 0:
                used += 1
            head = CHAINS * _insert(tail, code) + chain
            if side == 0:
                tail.next_of_execution[i] = pending[head]
            else:
                tail.next_of_artifact[i] = pending[head]
            pending[head] = np.int32(i + 1)
            slots[2 * (i - first) + side] = head
    return used


@kernel
def _link_attributes(tail: Tail, pending: I32, codes: U32, first: int, last: int, slots: I64) -> int:
    used = 0
    for i in range(first, last):
        code = np.int64(codes[i])
        if find(tail.keys, code) < 0:
            used += 1
        head = CHAINS * _insert(tail, code) + ATTRIBUTES
        tail.attribute_next[i] = pending[head]
        pending[head] = np.int32(i + 1)
        slots[i - first] = head
    return used


@kernel
def _publish(heads: I32, pending: I32, slots: I64) -> None:
    for slot in slots:
        heads[slot] = pending[slot]


@kernel
def _rehash(old_keys: U32, old_heads: I32, keys: U32, heads: I32) -> None:
    for old in range(old_keys.size):
        if old_keys[old] != 0:
            slot = -1 - find(keys, np.int64(old_keys[old]) - 1)
            keys[slot] = old_keys[old]
            for chain in range(CHAINS):
                heads[CHAINS * slot + chain] = old_heads[CHAINS * old + chain]
