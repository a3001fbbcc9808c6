"""Compare the store with what the record holds of it: both are read anew, batch by batch, and told apart by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from clew.collectors.mlmd.equal import OWN_FIELDS, Unequal, unequal_nodes, unequal_types
from clew.collectors.mlmd.mapping import EVENT_TYPES, STATES, Into, alias
from clew.collectors.mlmd.move import Moved, Tell
from clew.collectors.mlmd.present import among, listed, seqs_by
from clew.collectors.mlmd.proof import Proof
from clew.collectors.mlmd.schema import LINK
from clew.collectors.mlmd.source import KINDS, Batch, Lost, Source, SourceNode, Types
from clew.metadata import value
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.reader import Reader

_FIELDS = "id,type_id,name,external_id,{uri},{state},properties,custom_properties,created_ms,updated_ms,updated_seq"
_COLUMNS = {
    Kind.ARTIFACT: _FIELDS.format(uri="uri", state="state"),
    Kind.EXECUTION: _FIELDS.format(uri="NULL", state="state"),
    Kind.CONTEXT: _FIELDS.format(uri="NULL", state="NULL"),
}
_UPDATED_MS, _UPDATED_SEQ = 9, 10
_LINKS = {Kind.ARTIFACT: "attribution", Kind.EXECUTION: "association", Kind.CONTEXT: "parent_context"}


def prove(source: Source, into: Into, moved: Moved, tell: Tell) -> Proof:
    """Compare the whole store with the record, at one snapshot of each. Errors: those of the source."""
    with into.record.read() as reader:
        return compare_all(Comparison(reader, into, moved), source, tell)


def compare_all(comparison: Comparison, source: Source, tell: Tell) -> Proof:
    """Let ``comparison`` see everything that ``source`` holds."""
    comparison.compare_types(source.types())
    for kind in KINDS:
        subject, total, done = f"proof of {kind.value}s", source.count(kind), 0
        tell(subject, 0, total)
        for batch in source.batches(kind):
            comparison.compare_batch(kind, batch)
            done += len(batch.nodes)
            tell(subject, done, total)
    comparison.count_the_records_side()
    return comparison.proof


class Comparison:
    """Compares what it is shown of a store with the record."""

    def __init__(self, reader: Reader, into: Into, moved: Moved) -> None:
        self.reader, self.into = reader, into
        self.keeps_ids, self.ids = moved.keeps_ids, moved.ids
        self.proof = Proof(reader.seq)
        self.type_names: dict[Kind, dict[int, str]] = {kind: {} for kind in KINDS}
        self.held: Counter[tuple[str, str]] = Counter()
        """Nodes and edges that both sides have, to find what the record has besides."""
        self._paths: dict[tuple[int | str, ...], str | None] = {(): None}

    def compare_types(self, read: Types) -> None:
        """Each type of the store, with what it has become."""
        self.proof.lose(read.lost)
        stored = {t.id: t for t in read.types}
        for wanted in read.types:
            name = f"{wanted.name}@{wanted.version}" if wanted.version else wanted.name
            self.type_names[wanted.kind][wanted.id] = name
            tally = self.proof.tallies["type", f"{wanted.kind.value} types"]
            tally.store += 1
            found = self.reader.types_by_id([self.ids.types[wanted.kind].get(wanted.id, 0)])
            if not found:
                self.proof.differs(f"type:{wanted.id}", "type", name, "missing")
                continue
            tally.record += 1
            (held,) = found.values()
            base = stored.get(wanted.base_type_id) if wanted.base_type_id is not None else None
            held_base = self.reader.types_by_id([held.base_type_id or 0]).get(held.base_type_id or 0)
            unequal = unequal_types(wanted, base, held, held_base)
            if unequal and self.is_own(held, unequal):
                tally.kept += 1
                continue
            tally.equal += not unequal
            for field, one, other in unequal:
                self.proof.differs(f"type:{wanted.id} {name}", field, one, other)

    def compare_batch(self, kind: Kind, batch: Batch) -> None:
        """The nodes of a batch, and what hangs on them."""
        self.proof.lose(batch.lost)
        place = self.ids.nodes[kind].get
        placed = [(node, place(node.id)) for node in batch.nodes]
        members = {node.id: id for node, id in placed if id is not None}
        sql = f"SELECT {_COLUMNS[kind]} FROM {kind.value} WHERE id {among(self.reader)}"
        held = {row[0]: row for row in self._rows(sql, list(members.values()))}
        for node, id in placed:
            self._compare_node(kind, node, id, held.get(id))
        self._compare_links(kind, batch, members)
        if kind is Kind.EXECUTION:
            self._compare_events(batch, members)

    def _rows(self, sql: str, ids: Sequence[int]) -> list[Any]:
        return self.reader.query(sql, (listed(self.reader, ids),)) if ids else []

    def _compare_node(self, kind: Kind, node: SourceNode, id: int | None, row: Any) -> None:
        where = f"{kind.value}:{node.id}"
        key = (kind.value, self.type_names[kind].get(node.type_id, str(node.type_id)))
        tally = self.proof.tallies[key]
        tally.store += 1
        type_id = self.ids.types[kind].get(node.type_id)
        if type_id is None:
            self.proof.lose([Lost(where, f"its type {node.type_id} does not exist")])
            return
        if id is None or row is None:
            self.proof.differs(where, "node", "there", "missing")
            return
        tally.record += 1
        self.held[kind.value, ""] += 1
        state, external_id = node.state, node.external_id
        if state is not None and state not in STATES[kind]:
            self.proof.lose([Lost(where, f"its state {state} is unknown")])
            state = None
        if external_id is None and not (self.keeps_ids and id == node.id):
            external_id = alias(self.into.label, kind, node.id)
        expected = (
            id, type_id, node.name, external_id, node.uri or None, state,
            value.encode(node.properties), value.encode(node.custom_properties), node.created_ms, node.updated_ms,
        )  # fmt: skip
        unequal = [] if row[:-1] == expected else unequal_nodes(expected, row)
        if not unequal:
            tally.equal += 1
        elif self.is_later(row, node.updated_ms):
            tally.kept += 1
        else:
            for field, one, other in unequal:
                self.proof.differs(where, field, one, other)

    def _compare_links(self, kind: Kind, batch: Batch, members: dict[int, int]) -> None:
        contexts = self.ids.nodes[Kind.CONTEXT].get
        what = _LINKS[kind]
        expected: dict[Any, tuple[int, int]] = {}
        for link in batch.links:
            key = (members.get(link[0]), contexts(link[1]))
            if None in key:
                self.proof.lose([Lost(f"{what} {kind.value}:{link[0]} context:{link[1]}", "an end does not exist")])
            else:
                expected[key] = link
        table, member, context = LINK[kind]
        column = context if kind is not Kind.CONTEXT else "parent_id"
        name = table.lower() if kind is not Kind.CONTEXT else "parent_context"
        sql = f"SELECT {member}, {column}, created_seq FROM {name} WHERE {member} {among(self.reader)}"
        held = {row[:2]: row[2] for row in self._rows(sql, list(members.values()))}
        self._compare_edges(what, expected, held, len(batch.links))

    def _compare_events(self, batch: Batch, members: dict[int, int]) -> None:
        artifacts = self.ids.nodes[Kind.ARTIFACT].get
        expected: dict[Any, Any] = {}
        for event in batch.events:
            key = (members.get(event.execution_id), event.type, artifacts(event.artifact_id))
            if None in key or event.type not in EVENT_TYPES:
                where = f"event execution:{event.execution_id} artifact:{event.artifact_id}"
                self.proof.lose([Lost(where, "an end does not exist" if None in key else f"type {event.type} is none")])
                continue
            path = self._paths.get(event.path)
            if path is None and event.path:
                path = self._paths[event.path] = orjson.dumps(event.path).decode()
            expected[key] = (event, path)
        sql = (
            "SELECT execution_id, type, artifact_id, created_seq, path, time_ms FROM event "
            f"WHERE execution_id {among(self.reader)}"
        )
        rows = self._rows(sql, list(members.values()))
        self._compare_edges(
            "event", {k: e[:3] for k, (e, _) in expected.items()}, {row[:3]: row[3] for row in rows}, len(batch.events)
        )
        for row in rows:
            event, path = expected.get(row[:3], (None, None))
            if event is not None and (row[4], row[5]) != (path, event.time_ms):
                where = f"event execution:{event.execution_id} artifact:{event.artifact_id}"
                if row[4] != path:
                    self.proof.differs(where, "path", path, row[4])
                if event.time_ms is not None and row[5] != event.time_ms:
                    self.proof.differs(where, "time_ms", event.time_ms, row[5])

    def _compare_edges(self, what: str, expected: dict[Any, Any], held: dict[Any, int], total: int) -> None:
        """Whether exactly these edges are there; what others have added since is no difference."""
        tally = self.proof.tallies[what, ""]
        tally.store += total
        tally.record += len(expected)
        missing = expected.keys() - held.keys()
        tally.record -= len(missing)
        tally.equal += len(expected) - len(missing)
        self.held[what, ""] += len(expected) - len(missing)
        for key in sorted(missing):
            self.proof.differs(f"{what} {expected[key]}", "edge", "there", "missing")
        more = {key: seq for key, seq in held.items() if key not in expected}
        for key in sorted(self.unexpected(what, more)) if more else ():
            self.proof.differs(f"{what} {key} of the record", "edge", "missing", "there")

    def is_own(self, held: NodeType, unequal: Iterable[Unequal]) -> bool:
        """Whether the record had a type before, and has kept what of it does not bear on nodes."""
        fields = {field for field, _, _ in unequal}
        return fields <= OWN_FIELDS and not seqs_by(self.reader, self.into.actor, [held.created_seq])

    def is_later(self, row: Any, updated_ms: int) -> bool:
        """Whether others have changed a node in the record since it came in."""
        return row[_UPDATED_MS] > updated_ms and not seqs_by(self.reader, self.into.actor, [row[_UPDATED_SEQ]])

    def unexpected(self, what: str, held: dict[Any, int]) -> set[Any]:
        """Those edges of the record (with their ``seq``) that an import made, though the store has them not."""
        ours = seqs_by(self.reader, self.into.actor, held.values())
        return {key for key, seq in held.items() if seq in ours}

    def count_the_records_side(self) -> None:
        """Nothing of the store may be in the record twice, nor what the store has not."""
        for what in [*(kind.value for kind in KINDS), "event", *_LINKS.values()]:
            sql = f"SELECT count(*) FROM {what} WHERE created_seq IN (SELECT seq FROM change WHERE actor = ?)"
            ((count,),) = self.reader.query(sql, (self.into.actor,))
            if count > self.held[what, ""]:
                self.proof.differs(f"{what}s", "count", self.held[what, ""], count)
