"""Changes of the log as rows for the tail."""

from __future__ import annotations

import numpy as np

from clew.graph.embedded.csr import I64, U32, Edges
from clew.graph.embedded.load import pack_edges
from clew.graph.embedded.numbering import Classes, Numbering
from clew.metadata.node import Committed


class Batch:
    """What a few changes do to the graph; numbers new nodes as they come."""

    def __init__(self, numbering: tuple[Numbering, Numbering], classes: Classes) -> None:
        self._numbering = numbering
        self._classes = classes
        self._codes: list[int] = []
        self._numbers: list[int] = []
        self._created: list[int] = []
        self._events: list[tuple[int, int, int]] = []
        self.withdrawn: set[tuple[int, int, int]] = set()
        """Events that one of the changes takes back: the tail only ever grows, so it cannot say that."""

    def add(self, change: Committed) -> None:
        """Take in one change."""
        for tag, row in change.ops:
            if tag == "event":
                self._events.append((row["execution"], row["type"], row["artifact"]))
            elif tag == "withdrawal":
                self.withdrawn.add((row["execution"], row["type"], row["artifact"]))
            elif tag == "artifact" or tag == "execution":
                kind = int(tag == "execution")
                self._codes.append(2 * self._numbering[kind].add(row["id"]) + kind)
                self._numbers.append(self._classes.number(row["type_id"], row.get("state"), row["namespace"]))
                self._created.append(row["created_ms"])

    def attributes(self) -> tuple[U32, U32, I64]:
        """(codes, classes, created)."""
        return (
            np.array(self._codes, np.uint32),
            np.array(self._numbers, np.uint32),
            np.array(self._created, np.int64),
        )

    def edges(self) -> Edges:
        """(execution index, entry, is_input)."""
        ids = np.array(self._events, np.int64).reshape(-1, 3)
        return pack_edges(self._numbering, ids[:, 0], ids[:, 1], ids[:, 2])
