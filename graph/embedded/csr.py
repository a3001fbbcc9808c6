"""Compressed adjacency of a bipartite graph: who made an artifact, who read it, what an execution read and made.

Shape: a node's neighbours are ``adjacent[start[i]:start[i + 1]]``, i its index within its kind. Entries on the artifact
       side are execution indices; entries on the execution side are ``artifact index << 2 | code``, the code telling
       which of the up to four event types of that side the edge is.
Cost:  8 bytes an edge and 8 bytes a node.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from clew.graph.embedded.jit import kernel
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS, EventType

U32 = NDArray[np.uint32]
U8 = NDArray[np.uint8]
I64 = NDArray[np.int64]

MAX_NODES: Final = 1 << 30
"""Of one kind: an artifact index shares 32 bits with a 2-bit code."""

INPUT_CODES: Final = (EventType.INPUT, EventType.DECLARED_INPUT, EventType.INTERNAL_INPUT)
OUTPUT_CODES: Final = (
    EventType.OUTPUT, EventType.DECLARED_OUTPUT, EventType.INTERNAL_OUTPUT, EventType.PENDING_OUTPUT,
)  # fmt: skip
assert set(INPUT_CODES) == INPUT_EVENTS
assert set(OUTPUT_CODES) == OUTPUT_EVENTS

CODE_OF_TYPE: Final = np.zeros(8, np.uint8)
IS_INPUT: Final = np.zeros(8, np.uint8)
IS_EDGE: Final = np.zeros(8, np.uint8)
for _codes in (INPUT_CODES, OUTPUT_CODES):
    for _code, _type in enumerate(_codes):
        CODE_OF_TYPE[_type] = _code
        IS_EDGE[_type] = 1
        IS_INPUT[_type] = _codes is INPUT_CODES


class Csr(NamedTuple):
    """Both directions of both kinds."""

    made_by_start: U32
    made_by: U32
    """Artifact -> executions that wrote it (up)."""
    read_by_start: U32
    read_by: U32
    """Artifact -> executions that read it (down)."""
    reads_start: U32
    reads: U32
    """Execution -> artifacts it read (up)."""
    makes_start: U32
    makes: U32
    """Execution -> artifacts it wrote (down)."""


EMPTY: Final = Csr(*(np.zeros(1 - i % 2, np.uint32) for i in range(8)))


Edges = tuple[U32, U32, U8]
"""(execution index, artifact index << 2 | code, 1 for the input side), in parallel."""


def edges_of(csr: Csr) -> Edges:
    """Every edge of ``csr``: what ``extended`` makes it of again."""
    sides = ((csr.reads_start, csr.reads, 1), (csr.makes_start, csr.makes, 0))
    execution = [np.repeat(np.arange(start.size - 1, dtype=np.uint32), np.diff(start)) for start, _, _ in sides]
    is_input = [np.full(entries.size, side, np.uint8) for _, entries, side in sides]
    return np.concatenate(execution), np.concatenate((csr.reads, csr.makes)), np.concatenate(is_input)


def without(edges: Edges, gone: Edges) -> Edges:
    """``edges`` that are not among ``gone``."""
    keep = ~np.isin(_keys(edges), _keys(gone))
    return edges[0][keep], edges[1][keep], edges[2][keep]


def _keys(edges: Edges) -> NDArray[np.uint64]:
    execution, entry, is_input = edges
    # An execution's index takes 30 bits: two sides, 30 and 32 bits are 63.
    wide = (execution.astype(np.uint64), entry.astype(np.uint64), is_input.astype(np.uint64))
    keys: NDArray[np.uint64] = (wide[0] << np.uint64(33)) | (wide[1] << np.uint64(1)) | wide[2]
    return keys


def extended(old: Csr, nodes: tuple[int, int], edges: Edges) -> Csr:
    """``old`` grown to so many artifacts and executions, with edges added.

    Cost:  O(N + E), two passes; other threads run meanwhile.
    """
    execution, entry, is_input = edges
    artifacts, executions = nodes
    read, made = is_input == 1, is_input == 0
    artifact = entry >> np.uint32(2)
    return Csr(
        *_extend(old.made_by_start, old.made_by, artifacts, artifact[made], execution[made]),
        *_extend(old.read_by_start, old.read_by, artifacts, artifact[read], execution[read]),
        *_extend(old.reads_start, old.reads, executions, execution[read], entry[read]),
        *_extend(old.makes_start, old.makes, executions, execution[made], entry[made]),
    )


@kernel
def _extend(start: U32, adjacent: U32, nodes: int, source: U32, target: U32) -> tuple[U32, U32]:
    known = start.size - 1
    grown = np.zeros(nodes + 1, np.uint32)
    for i in range(source.size):
        grown[source[i] + 1] += np.uint32(1)
    for i in range(known):
        grown[i + 1] += np.uint32(start[i + 1] - start[i])
    for i in range(nodes):
        grown[i + 1] += grown[i]
    place = grown[:-1].copy()
    result = np.empty(adjacent.size + source.size, np.uint32)
    for i in range(known):
        at = np.int64(place[i])
        for j in range(np.int64(start[i]), np.int64(start[i + 1])):
            result[at] = adjacent[j]
            at += 1
        place[i] = np.uint32(at)
    for i in range(source.size):
        s = source[i]
        result[place[s]] = target[i]
        place[s] += np.uint32(1)
    return grown, result
