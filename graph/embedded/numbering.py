"""Ids to array indices, and back.

The record gives ids densely, so an id is its own index. An import may bring ids with wide gaps: those beyond a dense
prefix are numbered in the order they arrive, after it. An index, once given, stays.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from clew.graph.embedded.csr import I64
from clew.metadata.errors import Corrupt

SLACK = 65_536


class Numbering:
    """The indices of one kind. One writer; readers may look up at any time."""

    def __init__(self, direct: int = 1, extra: I64 | None = None) -> None:
        self.direct = direct
        """Ids below this are their own index."""
        self._nodes = direct
        self._base = np.zeros(0, np.int64) if extra is None else extra
        self._order = np.argsort(self._base, kind="stable")
        self._sorted = self._base[self._order]
        self._new: dict[int, int] = {}
        self._new_ids = np.zeros(16, np.int64)

    @classmethod
    def of_ids(cls, ids: I64) -> Numbering:
        """Numbering of ascending ``ids``: the longest dense enough prefix is direct."""
        dense = np.flatnonzero(ids + 1 <= 2 * np.arange(1, ids.size + 1) + SLACK)
        if not dense.size:
            return cls(1, ids)
        return cls(int(ids[dense[-1]]) + 1, ids[dense[-1] + 1 :].copy())

    @property
    def size(self) -> int:
        """Indices are below this."""
        return self.direct + self._base.size + len(self._new)

    @property
    def extra(self) -> I64:
        """Ids of the indices from ``direct`` on, in order."""
        return np.concatenate([self._base, self._new_ids[: len(self._new)]])

    def add(self, id: int) -> int:
        """The index of ``id``, given now if it is new."""
        index = self.index(id)
        if index >= 0:
            return index
        if not self._base.size and not self._new and 0 < id < 2 * self._nodes + SLACK:
            self.direct = id + 1
            self._nodes += 1
            return id
        at = len(self._new)
        if at == self._new_ids.size:
            self._new_ids = np.concatenate([self._new_ids, np.zeros(at, np.int64)])
        self._new_ids[at] = id
        index = self.size
        self._new[id] = index
        return index

    def index(self, id: int) -> int:
        """The index of ``id``; -1 when it has none."""
        if 0 <= id < self.direct:
            return id
        if self._base.size:
            at = int(np.searchsorted(self._sorted, id))
            if at < self._sorted.size and self._sorted[at] == id:
                return self.direct + int(self._order[at])
        return self._new.get(id, -1)

    def indices(self, ids: I64) -> I64:
        """The indices of many ids. Errors: Corrupt for an id that was never added."""
        far = np.flatnonzero((ids >= self.direct) | (ids < 0))
        if not far.size:
            return ids
        found = ids.copy()
        for at in far:
            found[at] = self.index(int(ids[at]))
            if found[at] < 0:
                raise Corrupt(f"an event names node {ids[at]}, which is not recorded", remedy="Run `clew verify`")
        return found

    def ids(self, indices: I64) -> I64:
        """The ids of many indices."""
        if not self._base.size and not self._new:
            return indices
        found = indices.copy()
        far = indices >= self.direct
        found[far] = self.extra[indices[far] - self.direct]
        return found

    def memory_bytes(self) -> int:
        """What the numbering holds (a dictionary entry counted as 100 bytes)."""
        return self._base.nbytes * 3 + self._new_ids.nbytes + 100 * len(self._new)


class Classes:
    """Interned (type, state, namespace) of nodes: a 16-bit number for what filters ask about. 0 is no node."""

    def __init__(self, known: Sequence[tuple[int, int, str]] = ()) -> None:
        self.known: list[tuple[int, int, str]] = [(0, 0, ""), *known]
        """(type_id, state or 0 when unset, namespace)."""
        self._number = {triple: n for n, triple in enumerate(self.known)}

    def number(self, type_id: int, state: int | None, namespace: str) -> int:
        """The number of a class, given now if it is new."""
        triple = (type_id, state or 0, namespace)
        found = self._number.get(triple)
        if found is None:
            found = len(self.known)
            self.known.append(triple)  # before the dictionary: a number seen is a number that can be looked up
            self._number[triple] = found
        return found
