"""The outcome of comparing a store with a record: what was compared, what differs, what no record can hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clew.collectors.mlmd.source import Lost

TOLD = 1000
"""Differences that a report lists at most; it counts all."""
SHOWN = 200
"""Characters of a value that are told."""


class Difference(NamedTuple):
    """Where the two sides do not agree."""

    where: str
    """As ``artifact:42``, with the store's ids."""
    field: str
    store: str
    record: str


@dataclass(slots=True)
class Tally:
    """How much of one kind and type was compared."""

    store: int = 0
    """What the store holds."""
    record: int = 0
    """What the record holds of it."""
    equal: int = 0
    kept: int = 0
    """Not equal since the record's own counts: changed there later by others, or types it had before."""

    def add(self, count: int) -> None:
        """Count nodes that are there, as they should be."""
        self.store += count
        self.record += count
        self.equal += count


@dataclass(slots=True)
class Proof:
    """The outcome."""

    seq: int = 0
    """The change of the record up to which it holds."""
    tallies: dict[tuple[str, str], Tally] = field(default_factory=lambda: defaultdict(Tally))
    """By what it is and its type."""
    differences: list[Difference] = field(default_factory=list)
    """The first ``TOLD`` of them."""
    difference_count: int = 0
    lost: list[Lost] = field(default_factory=list)
    """What of the store no record can hold; the first ``TOLD``."""
    lost_count: int = 0

    @property
    def ok(self) -> bool:
        """Whether everything is there, as it was."""
        return not self.difference_count and not self.lost_count

    def differs(self, where: str, field: str, store: object, record: object) -> None:
        """Note a difference."""
        self.difference_count += 1
        if self.difference_count <= TOLD:
            self.differences.append(Difference(where, field, _shown(store), _shown(record)))

    def lose(self, lost: Iterable[Lost]) -> None:
        """Note what cannot be held."""
        for one in lost:
            self.lost_count += 1
            if self.lost_count <= TOLD:
                self.lost.append(one)

    def as_dict(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "ok": self.ok,
            "seq": self.seq,
            "compared": [
                {"what": what, "type": type, "store": t.store, "record": t.record, "equal": t.equal, "kept": t.kept}
                for (what, type), t in self.tallies.items()
            ],
            "differences": [one._asdict() for one in self.differences],
            "difference_count": self.difference_count,
            "lost": [one._asdict() for one in self.lost],
            "lost_count": self.lost_count,
        }


def _shown(side: object) -> str:
    text = side if isinstance(side, str) else repr(side)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
