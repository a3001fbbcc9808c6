"""ML Metadata's world is one namespace: nodes outside of it are, on the wire, not there.

Listings and look-ups ask for the namespace themselves. Here is what follows edges, which may lead outside, and what
names nodes by their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from weakref import WeakKeyDictionary

from clew.api.mlmd.nodes import NAMESPACE
from clew.api.service import Services
from clew.metadata.change import Change, Receipt
from clew.metadata.ids import Kind
from clew.metadata.planner import missing, named_ids
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.store.protocol import Row, among, listed

REMEMBERED = 200_000
"""Nodes of a kind; some 15 MB. Then it begins anew."""


class World:
    """Which nodes are inside. No node goes away or changes its namespace: what was inside once is remembered.

    Cost: nothing for nodes that were met before, a look-up by primary key for each other. Thread-safe.
    """

    def __init__(self) -> None:
        self._inside: dict[Kind, set[int]] = {kind: set() for kind in Kind}

    def outside(self, reader: Reader, kind: Kind, ids: Iterable[int]) -> set[int]:
        """Those of ``ids`` that are nodes of other namespaces."""
        known = self._inside[kind]
        unknown = {id for id in ids if id not in known}
        if not unknown:
            return set()
        sql = f"SELECT id, namespace FROM {kind.value} WHERE id {among(reader)}"
        found = reader.query(sql, (listed(reader, unknown),))
        self._remember(kind, [id for id, namespace in found if namespace == NAMESPACE])
        return {id for id, namespace in found if namespace != NAMESPACE}

    def inside(self, reader: Reader, kind: Kind, ids: Collection[int]) -> list[int]:
        """``ids`` without the nodes of other namespaces."""
        others = self.outside(reader, kind, ids)
        return [id for id in ids if id not in others]

    def events_inside(self, reader: Reader, rows: list[Row]) -> list[Row]:
        """Those event rows with both ends inside."""
        executions = self.outside(reader, Kind.EXECUTION, {row[0] for row in rows})
        artifacts = self.outside(reader, Kind.ARTIFACT, {row[2] for row in rows})
        if not executions and not artifacts:
            return rows
        return [row for row in rows if row[0] not in executions and row[2] not in artifacts]

    def commit(self, record: Record, change: Change) -> Receipt:
        """Commit a change of this world. One that names a node outside by its id is refused, as if it were not there.

        Errors: ArtifactNotFound, ExecutionNotFound, ContextNotFound for such a node; those of ``Record.commit``.
        """
        unknown = {kind: ids - self._inside[kind] for kind, ids in _named(change).items()}
        if any(unknown.values()):
            with record.read() as reader:
                for kind, ids in unknown.items():
                    for id in self.outside(reader, kind, ids):
                        raise missing(kind, id, "id")
        receipt = record.commit(change)
        for put, id in zip(change.nodes, receipt.node_ids, strict=True):
            self._remember(put.kind, (id,))
        return receipt

    def _remember(self, kind: Kind, ids: Collection[int]) -> None:
        known = self._inside[kind]
        if len(known) + len(ids) > REMEMBERED:
            known.clear()
        known.update(ids)


_WORLDS: WeakKeyDictionary[Record, World] = WeakKeyDictionary()


def world_of(services: Services) -> World:
    """The world of a record: one, whichever face asks."""
    world = _WORLDS.get(services.record)
    return world if world is not None else _WORLDS.setdefault(services.record, World())


def _named(change: Change) -> dict[Kind, set[int]]:
    """The nodes a change names by their ids."""
    named: dict[Kind, set[int]] = {kind: set() for kind in Kind}
    for put in change.nodes:
        if put.id is not None:
            named[put.kind].add(put.id)
    for kind, id, _ in named_ids(change):
        named[kind].add(id)
    return named
