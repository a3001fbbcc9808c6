"""A place: what was written and read at one location, under all its names. The law by which reads find versions.

A read at time t is of the newest version written until then, never of one the reader wrote. Where it is of a whole
whose partitions were written since, it is of those too. Where there is none, it is of the place as it was found. So
edges are a function of what was said, whatever the order.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from clew.metadata.identity.saying import Ref, Said, Saids, Where, in_order, ref_of
from clew.metadata.identity.whole import covers

_LAST = "\U0010ffff"
Desired = dict[Ref, Saids]
"""Artifact -> what is said of the edge to it."""


@dataclass(slots=True, eq=False)
class Version:
    """One version of what lies here."""

    ref: Ref
    name: str
    """Its external id: orders versions of one moment."""
    location: str
    partition: str
    time_ms: int
    wrote: dict[Ref, dict[Where, Said]] = field(default_factory=dict)
    """Who wrote it, and what was said of that."""


@dataclass(slots=True, eq=False)
class Found:
    """The place as somebody found it."""

    ref: Ref
    live: bool
    users: int = 0


class Place:
    """Versions and reads of one location and its aliases, in one namespace."""

    def __init__(self, members: Iterable[str], outer: Callable[[int | str], Ref]) -> None:
        self.members = frozenset(members)
        self.outer = outer
        """The execution that a part names as what it is part of."""
        self.versions: dict[str, Version] = {}
        """By external id."""
        self.reads: dict[Ref, dict[Where, Said]] = {}
        self.inputs: dict[Ref, Desired] = {}
        """Execution -> the edges that are recorded."""
        self.found: dict[str, Found] = {}
        self.sought: set[str] = set()
        """External ids of found versions that were looked for."""
        """By external id."""
        self._order: list[tuple[int, str]] = []
        self._times: list[tuple[int, int, Ref]] = []
        self.unbound: list[Version | Found] = []
        """Whose node was put by the batch at hand."""
        self._unbound: dict[Ref, None] = {}
        """Executions it says something about."""
        self._written: dict[str, None] = {}
        """Versions it says something about."""
        self._stale: dict[Ref, None] = {}
        self._stale_from: int | None = None
        self._count = 0

    @property
    def head(self) -> str:
        """The member after which found versions are called."""
        return min(self.members)

    def add_version(self, ref: Ref, name: str, location: str, partition: str, time_ms: int) -> Version:
        """A version nobody has written yet."""
        version = self.versions[name] = Version(ref, name, location, partition, time_ms)
        insort(self._order, (time_ms, name))
        self._is_stale_from(time_ms)
        self.unbound.append(version)
        return version

    @property
    def size(self) -> int:
        """About how much it holds."""
        return len(self.versions) + len(self._times)

    def moved(self, execution: Ref) -> None:
        """The batch at hand moves its edges."""
        self._unbound[execution] = None

    def bind(self) -> None:
        """Call by their ids the nodes that were just recorded."""
        for node in self.unbound:
            node.ref = ref_of(node.ref)
        for name in self._written:
            version = self.versions[name]
            version.wrote = {ref_of(execution): saids for execution, saids in version.wrote.items()}
        for execution in self._unbound:
            if execution in self.reads:
                self.reads[ref_of(execution)] = self.reads.pop(execution)
            if execution in self.inputs:
                edges = self.inputs.pop(execution)
                self.inputs[ref_of(execution)] = {ref_of(ref): saids for ref, saids in edges.items()}
        self.unbound, self._unbound, self._written = [], {}, {}

    def write(self, version: Version, execution: Ref, said: Said) -> bool:
        """Note that ``execution`` wrote ``version``; whether that is news."""
        known = version.wrote.setdefault(execution, {})
        before = known.get(said.place)
        if before is not None:
            said = before.merged(said)
            if said == before:
                return False
        if not known:
            self._is_stale_from(version.time_ms)
        known[said.place] = said
        self._written[version.name] = None
        if said.time_ms < version.time_ms:
            del self._order[bisect_left(self._order, (version.time_ms, version.name))]
            version.time_ms = said.time_ms
            insort(self._order, (version.time_ms, version.name))
            self._is_stale_from(version.time_ms)
        return True

    def read(self, execution: Ref, said: Said) -> bool:
        """Note that ``execution`` read; whether that is news."""
        known = self.reads.setdefault(execution, {})
        before = known.get(said.place)
        if before is not None:
            said = before.merged(said)
            if said == before:
                return False
        for name in said.within:
            self.read(self.outer(name), said._replace(part=True, within=()))
        known[said.place] = said
        self._count += 1  # keeps the comparison from reaching the executions
        insort(self._times, (said.time_ms, self._count, execution))
        self._stale[execution] = self._unbound[execution] = None
        return True

    def loaded_input(self, execution: Ref, artifact: Ref, saids: Saids) -> None:
        """Take in an edge that is recorded."""
        self.inputs.setdefault(execution, {})[artifact] = saids
        for said in saids:
            self.read(execution, said)

    def all_stale(self) -> None:
        """Every edge is to be looked at again: what this place is has changed."""
        self._stale_from = -1

    def stale_for(self, execution: Ref) -> None:
        """The edges of ``execution`` are to be looked at."""
        self._stale[execution] = None

    def settled(self) -> None:
        """Nothing is to be looked at again."""
        self._stale, self._stale_from = {}, None

    def stale(self) -> list[Ref]:
        """Executions whose edges may have to move."""
        stale = dict(self._stale)
        if self._stale_from is not None:
            for _, _, execution in self._times[bisect_left(self._times, (self._stale_from, -1, 0)) :]:
                stale[ref_of(execution)] = None
        return list(stale)

    def desired(self, execution: Ref, found: Callable[[str], Ref]) -> Desired:
        """The edges ``execution`` should have; ``found(partition)`` is the place as it was found."""
        edges: dict[Ref, list[Said]] = {}
        for said in self.reads.get(execution, {}).values():
            for ref in self.resolve(execution, said, found):
                edges.setdefault(ref, []).append(said)
        return {ref: in_order(saids) for ref, saids in edges.items()}

    def resolve(self, execution: Ref | None, said: Said, found: Callable[[str], Ref]) -> list[Ref]:
        """What a read is of."""
        newer: dict[str, Version] = {}
        base: Version | None = None
        for at in range(bisect_right(self._order, (said.time_ms, _LAST)) - 1, -1, -1):
            version = self.versions[self._order[at][1]]
            if execution in version.wrote and not said.part:
                continue
            if covers(version.partition, said.partition):
                base = version
                break
            if covers(said.partition, version.partition) and not any(covers(p, version.partition) for p in newer):
                newer[version.partition] = version
        versions = [*([base] if base else []), *newer.values()]
        if not versions:
            return [found(said.partition)]
        return [version.ref for version in versions if execution not in version.wrote]

    def absorb(self, other: Place) -> None:
        """Become one place with ``other``: they are two names of one location."""
        self.members |= other.members
        self.versions |= other.versions
        self._order = sorted(self._order + other._order)
        for execution, reads in other.reads.items():
            for said in reads.values():
                self.read(execution, said)
        for execution, edges in other.inputs.items():
            self.inputs.setdefault(execution, {}).update(edges)
        self.found |= other.found
        self.unbound += other.unbound
        self._unbound |= other._unbound
        self._written |= other._written
        self.sought |= other.sought
        self.all_stale()

    def _is_stale_from(self, time_ms: int) -> None:
        if self._stale_from is None or time_ms < self._stale_from:
            self._stale_from = time_ms
