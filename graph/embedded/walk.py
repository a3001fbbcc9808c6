"""Compiled walks. A node is a code: ``2 * index`` for an artifact, ``2 * index + 1`` for an execution.

A walk keeps one bit a node (visited) and the list of nodes reached, level by level; the bits are cleared by that list
afterwards, so a small walk in a big graph costs what it reaches. Bits beat epoch-stamped words here: 1 MiB for ten
million edges stays in cache, 28 MiB does not (closure of 100,000 nodes: 7 against 12 ms).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from clew.graph.embedded.csr import I64, U8, U32, Csr
from clew.graph.embedded.jit import kernel, prefetch
from clew.graph.embedded.tail import ATTRIBUTES, CHAINS, DOWN, UP, Int, Tail, find

ClassArray = NDArray[np.uint16] | NDArray[np.uint32]

AHEAD = 6
"""How many nodes ahead adjacency is asked for; measured, flat from 4 to 10."""


@kernel
def head_of(tail: Tail, code: Int, chain: int) -> Int:
    """First link (plus one) of a node's chain; 0 when it has none."""
    if code >> 3 < tail.touched.size and tail.touched[code >> 3] & np.uint8(1 << (code & 7)) == 0:
        return 0
    slot = find(tail.keys, code)
    if slot < 0:
        return 0
    return np.int64(tail.heads[CHAINS * slot + chain])


@kernel
def walk(
    csr: Csr, tail: Tail, edge_limit: int, up: bool, steps: int, bits: U8, out: U32, lo: int, k: int
) -> tuple[U32, int, int, I64, Int]:
    """Walk from the frontier ``out[lo:k]`` at most ``steps`` levels; what is in ``out`` must be set in ``bits``.

    Returns ``out`` (moved when it had to grow), where the last level begins, how many nodes there are, where every
    level begins (the first is 0), and how many edges were followed.
    """
    # Chosen once: choosing arrays inside the loop makes numba count references, which takes as long as the walk.
    if up:
        of_artifact, by_artifact, of_execution, by_execution = (
            csr.made_by,
            csr.made_by_start,
            csr.reads,
            csr.reads_start,
        )
    else:
        of_artifact, by_artifact, of_execution, by_execution = (
            csr.read_by,
            csr.read_by_start,
            csr.makes,
            csr.makes_start,
        )
    levels = np.empty(64, np.int64)
    levels[0] = lo
    depth = 0
    edges: Int = 0
    chain = UP if up else DOWN
    artifacts, executions = by_artifact.size - 1, by_execution.size - 1
    while lo < k and depth < steps:
        hi = k
        for i in range(lo, hi):
            if i + AHEAD < k:
                later = np.int64(out[i + AHEAD])
                n = later >> 1
                if later & 1:
                    if n < executions:
                        prefetch(of_execution, np.int64(by_execution[n]))
                elif n < artifacts:
                    prefetch(of_artifact, np.int64(by_artifact[n]))
            code = np.int64(out[i])
            kind, n = code & 1, code >> 1
            first: Int = 0
            last: Int = 0
            if kind == 1:
                if n < executions:
                    first, last = np.int64(by_execution[n]), np.int64(by_execution[n + 1])
            elif n < artifacts:
                first, last = np.int64(by_artifact[n]), np.int64(by_artifact[n + 1])
            edges += last - first
            if k + last - first > out.size:
                out = _grown(out, k, last - first)
            for j in range(first, last):
                if kind == 1:
                    m = np.int64(of_execution[j]) >> 2
                    other = 2 * m
                else:
                    m = np.int64(of_artifact[j])
                    other = 2 * m + 1
                bit = np.uint8(1 << (other & 7))
                if bits[other >> 3] & bit == 0:
                    bits[other >> 3] |= bit
                    if kind == 1:
                        prefetch(by_artifact, m)
                    else:
                        prefetch(by_execution, m)
                    out[k] = other
                    k += 1
            link: Int = head_of(tail, code, chain) if edge_limit > 0 else 0
            while link > 0:
                e = link - 1
                if e < edge_limit:
                    edges += 1
                    other = 2 * (np.int64(tail.entry[e]) >> 2) if kind == 1 else 2 * np.int64(tail.execution[e]) + 1
                    bit = np.uint8(1 << (other & 7))
                    if bits[other >> 3] & bit == 0:
                        bits[other >> 3] |= bit
                        if k == out.size:
                            out = _grown(out, k, 1)
                        out[k] = other
                        k += 1
                link = np.int64(tail.next_of_execution[e] if kind == 1 else tail.next_of_artifact[e])
        lo = hi
        if k > hi:
            depth += 1
            if depth == levels.size:
                larger = np.empty(2 * depth, np.int64)
                larger[:depth] = levels
                levels = larger
            levels[depth] = hi
    return out, lo, k, levels[: depth + 1], edges


@kernel
def _grown(out: U32, k: int, more: Int) -> U32:
    larger = np.empty(2 * (k + more), np.uint32)
    larger[:k] = out[:k]
    return larger


@kernel
def neighbours(csr: Csr, tail: Tail, edge_limit: int, code: Int, up: bool) -> U32:
    """Codes one step from ``code``, an edge each."""
    kind, n = code & 1, code >> 1
    if kind == 1:
        start = csr.reads_start if up else csr.makes_start
        adjacent = csr.reads if up else csr.makes
        shift = 2
    else:
        start = csr.made_by_start if up else csr.read_by_start
        adjacent = csr.made_by if up else csr.read_by
        shift = 0
    first: Int = 0
    last: Int = 0
    if n + 1 < start.size:
        first, last = np.int64(start[n]), np.int64(start[n + 1])
    head = head_of(tail, code, UP if up else DOWN)
    extra: Int = 0
    link = head
    while link > 0:
        extra += link - 1 < edge_limit
        link = np.int64(tail.next_of_execution[link - 1] if kind == 1 else tail.next_of_artifact[link - 1])
    found = np.empty(last - first + extra, np.uint32)
    for j in range(first, last):
        found[j - first] = np.uint32(2 * (np.int64(adjacent[j]) >> shift) + 1 - kind)
    at, link = last - first, head
    while link > 0:
        e = link - 1
        if e < edge_limit:
            if kind == 1:
                found[at] = np.uint32(2 * (np.int64(tail.entry[e]) >> 2))
            else:
                found[at] = np.uint32(2 * np.int64(tail.execution[e]) + 1)
            at += 1
        link = np.int64(tail.next_of_execution[e] if kind == 1 else tail.next_of_artifact[e])
    return found


@kernel
def rim(csr: Csr, tail: Tail, edge_limit: int, up: bool, bits: U8, out: U32, lo: int, k: int) -> tuple[int, bool]:
    """What lies just beyond a walk that was stopped: edges back into what it reached, and whether any leads out."""
    edges, beyond = 0, False
    for i in range(lo, k):
        for other in neighbours(csr, tail, edge_limit, np.int64(out[i]), up):
            if bits[other >> 3] & np.uint8(1 << (other & 7)):
                edges += 1
            else:
                beyond = True
    return edges, beyond


@kernel
def dead_ends(csr: Csr, tail: Tail, edge_limit: int, up: bool, codes: U32) -> U8:
    """1 for every code from which nothing leads further."""
    ends = np.zeros(codes.size, np.uint8)
    for i in range(codes.size):
        ends[i] = neighbours(csr, tail, edge_limit, np.int64(codes[i]), up).size == 0
    return ends


@kernel
def degrees(csr: Csr, tail: Tail, edge_limit: int, up: bool, bits: U8, codes: U32) -> I64:
    """How many distinct nodes lie one step from every code; on clean bits that are left clean."""
    found = np.zeros(codes.size, np.int64)
    for i in range(codes.size):
        around = neighbours(csr, tail, edge_limit, np.int64(codes[i]), up)
        for other in around:
            bit = np.uint8(1 << (other & 7))
            found[i] += bits[other >> 3] & bit == 0
            bits[other >> 3] |= bit
        for other in around:
            bits[other >> 3] = np.uint8(0)
    return found


@kernel
def mark(bits: U8, codes: U32) -> None:
    """Set the bits of ``codes``."""
    for code in codes:
        bits[code >> 3] |= np.uint8(1 << (code & 7))


@kernel
def wipe(bits: U8, codes: U32) -> None:
    """Clear the bits of ``codes``, and of their neighbours in the same byte."""
    for code in codes:
        bits[code >> 3] = np.uint8(0)


@kernel
def any_marked(bits: U8, codes: U32) -> bool:
    """Whether the bit of any code is set."""
    for code in codes:  # noqa: SIM110 (numba has no any() over a generator)
        if bits[code >> 3] & np.uint8(1 << (code & 7)):
            return True
    return False


@kernel
def listed(codes: U32, levels: I64, size: int) -> I64:
    """The first ``size`` nodes as rows of kinds, indices and depths."""
    rows = np.empty((3, size), np.int64)
    for depth in range(levels.size):
        last = levels[depth + 1] if depth + 1 < levels.size else codes.size
        for i in range(levels[depth], min(last, size)):
            rows[0, i] = codes[i] & 1
            rows[1, i] = codes[i] >> 1
            rows[2, i] = depth
    return rows


@kernel
def closure(
    arrays: tuple[tuple[Any, ...], tuple[Any, ...]],
    edge_limit: int,
    up: bool,
    steps: int,
    bits: U8,
    out: U32,
    seeds: U32,
    most: int,
) -> tuple[U32, int, Int, bool, int, I64]:
    """A walk from ``seeds`` and the list of it in one call, on clean bits that are left clean.

    Returns ``out``, nodes and edges reached, whether the walk was stopped short, the deepest level, and the first
    ``most`` nodes as rows of kinds, indices and depths. A small walk costs as much as crossing from Python and back:
    ``arrays`` are a Csr and a Tail as plain tuples, which cross in half the time of named ones.
    """
    csr, tail = Csr(*arrays[0]), Tail(*arrays[1])
    k = seeds.size
    if k > out.size:
        out = np.empty(2 * k, np.uint32)
    out[:k] = seeds
    mark(bits, seeds)
    out, lo, k, levels, edges = walk(csr, tail, edge_limit, up, steps, bits, out, 0, k)
    beyond = False
    if lo < k:  # a walk that ended by itself has expanded its last level
        back, beyond = rim(csr, tail, edge_limit, up, bits, out, lo, k)
        edges += back
    rows = listed(out[:k], levels, min(k, most))
    wipe(bits, out[:k])
    return out, k, edges, beyond, levels.size - 1, rows


@kernel
def union(up: U32, up_levels: I64, down: U32, down_levels: I64, bits: U8) -> tuple[U32, I64]:
    """Two walks as one, each node at its smaller depth; leaves the union set in ``bits``."""
    merged = np.empty(up.size + down.size, np.uint32)
    levels = np.empty(max(up_levels.size, down_levels.size), np.int64)
    k = 0
    for depth in range(levels.size):
        levels[depth] = k
        for side in range(2):
            codes, starts = (up, up_levels) if side == 0 else (down, down_levels)
            if depth < starts.size:
                last = starts[depth + 1] if depth + 1 < starts.size else codes.size
                for i in range(starts[depth], last):
                    code = codes[i]
                    bit = np.uint8(1 << (code & 7))
                    if bits[code >> 3] & bit == 0:
                        bits[code >> 3] |= bit
                        merged[k] = code
                        k += 1
    return merged[:k], levels


@kernel
def induced(csr: Csr, tail: Tail, edge_limit: int, codes: U32, bits: U8) -> int:
    """How many edges run between nodes whose bits are set; ``codes`` lists at least the executions among them."""
    edges = 0
    for code in codes:
        if code & 1:
            for up in (True, False):
                for other in neighbours(csr, tail, edge_limit, np.int64(code), up):
                    if bits[other >> 3] & np.uint8(1 << (other & 7)):
                        edges += 1
    return edges


@kernel
def induced_edges(csr: Csr, tail: Tail, edge_limit: int, codes: U32, bits: U8, size: int) -> tuple[U32, U8, U32]:
    """Those edges as (execution index, up << 2 | code, artifact index); ``size`` from :func:`induced`."""
    executions, kinds, artifacts = np.empty(size, np.uint32), np.empty(size, np.uint8), np.empty(size, np.uint32)
    k = 0
    for code in codes:
        if code & 1:
            n = np.int64(code >> 1)
            for up in (True, False):
                start = csr.reads_start if up else csr.makes_start
                adjacent = csr.reads if up else csr.makes
                first = np.int64(start[n]) if n + 1 < start.size else 0
                last = np.int64(start[n + 1]) if n + 1 < start.size else 0
                link = head_of(tail, np.int64(code), UP if up else DOWN)
                j = first
                while j < last or link > 0:
                    if j < last:
                        entry = np.int64(adjacent[j])
                        seen: bool | np.bool = True
                        j += 1
                    else:
                        entry = np.int64(tail.entry[link - 1])
                        seen = link - 1 < edge_limit
                        link = np.int64(tail.next_of_execution[link - 1])
                    other = 2 * (entry >> 2)
                    if seen and bits[other >> 3] & np.uint8(1 << (other & 7)):
                        executions[k] = n
                        kinds[k] = (4 if up else 0) | (entry & 3)
                        artifacts[k] = entry >> 2
                        k += 1
    return executions, kinds, artifacts


@kernel
def attributes(
    classes: tuple[ClassArray, ClassArray], created: tuple[I64, I64], tail: Tail, limit: int, codes: U32
) -> tuple[U32, I64]:
    """Class and creation time of every code; class 0 for a node that does not exist."""
    found, times = np.zeros(codes.size, np.uint32), np.zeros(codes.size, np.int64)
    for i in range(codes.size):
        code = np.int64(codes[i])
        link = head_of(tail, code, ATTRIBUTES)
        while link > limit:
            link = np.int64(tail.attribute_next[link - 1])
        if link > 0:
            found[i], times[i] = tail.attribute_class[link - 1], tail.attribute_created[link - 1]
        else:
            kind, n = code & 1, code >> 1
            if n < classes[kind].size:
                found[i], times[i] = np.uint32(classes[kind][n]), created[kind][n]
    return found, times
