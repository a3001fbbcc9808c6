"""Compare the store with what the record holds of it: both are read anew, batch by batch, and told apart by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence, Set
from typing import Any

import orjson

from clew.collectors.mlmd.equal import OWN_FIELDS, Unequal, unequal_nodes, unequal_types
from clew.collectors.mlmd.garbage import seldom_collecting
from clew.collectors.mlmd.mapping import EVENT_TYPES, STATES, Into, alias
from clew.collectors.mlmd.move import Moved, Tell
from clew.collectors.mlmd.present import seqs_by
from clew.collectors.mlmd.proof import Proof, Tally
from clew.collectors.mlmd.source import KINDS, Batch, Lost, Source, SourceNode, Types
from clew.metadata import value
from clew.metadata.ids import Kind
from clew.metadata.node import NodeType
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import among, listed

_FIELDS = "id,type_id,name,external_id,{uri},{state},properties,custom_properties,created_ms,updated_ms"
_COLUMNS = {
    Kind.ARTIFACT: _FIELDS.format(uri="uri", state="state"),
    Kind.EXECUTION: _FIELDS.format(uri="NULL", state="state"),
    Kind.CONTEXT: _FIELDS.format(uri="NULL", state="NULL"),
}
_UPDATED_MS = 9
_LINKS = {Kind.ARTIFACT: "attribution", Kind.EXECUTION: "association", Kind.CONTEXT: "parent_context"}
_ENDS = {
    Kind.ARTIFACT: ("artifact_id", "context_id"),
    Kind.EXECUTION: ("execution_id", "context_id"),
    Kind.CONTEXT: ("context_id", "parent_id"),
}
_KEYS = {"event": ("execution_id", "type", "artifact_id")} | {_LINKS[kind]: ends for kind, ends in _ENDS.items()}


def prove(source: Source, into: Into, moved: Moved, tell: Tell) -> Proof:
    """Compare the whole store with the record, at one snapshot of each. Errors: those of the source."""
    with into.record.read() as reader:
        return compare_all(Comparison(reader, into, moved), source, tell)


def compare_all(comparison: Comparison, source: Source, tell: Tell) -> Proof:
    """Let ``comparison`` see everything that ``source`` holds."""
    with seldom_collecting():
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
        self.held: Counter[str] = Counter()
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
        members = {node.id: id for node in batch.nodes if (id := place(node.id)) is not None}
        self._compare_nodes(kind, batch.nodes, members)
        self._compare_links(kind, batch, members)
        if kind is Kind.EXECUTION:
            self._compare_events(batch, members)

    def _rows(self, sql: str, ids: Iterable[int]) -> list[Any]:
        """The rows of a query whose one parameter is a list of ids."""
        wanted = list(ids)
        return self.reader.query(sql, (listed(self.reader, wanted),)) if wanted else []

    # -- nodes: whole rows are compared; only of those that differ is every field looked at

    def _compare_nodes(self, kind: Kind, nodes: Sequence[SourceNode], members: dict[int, int]) -> None:
        rows = self._rows(f"SELECT {_COLUMNS[kind]} FROM {kind.value} WHERE id {among(self.reader)}", members.values())
        held = {row[0]: row for row in rows}
        apart = []
        for node in nodes:
            id = members.get(node.id, 0)
            expected = self._expected(kind, node, id)
            if expected != held.get(id):
                apart.append((node, expected, held.get(id)))
        for type_id, count in Counter(node.type_id for node in nodes).items():
            self._tally(kind, type_id).add(count)
        self.held[kind.value] += len(nodes)
        for node, expected, row in apart:
            self._tell_apart(kind, node, expected, row)

    def _tally(self, kind: Kind, type_id: int) -> Tally:
        return self.proof.tallies[kind.value, self.type_names[kind].get(type_id, str(type_id))]

    def _expected(self, kind: Kind, node: SourceNode, id: int) -> tuple[Any, ...]:
        """The row that the record should have."""
        external_id, state = node.external_id, node.state
        if external_id is None and not (self.keeps_ids and id == node.id):
            external_id = alias(self.into.label, kind, node.id)
        if state is not None and state not in STATES[kind]:
            self.proof.lose([Lost(f"{kind.value}:{node.id}", f"its state {state} is unknown")])
            state = None
        return (
            id, self.ids.types[kind].get(node.type_id), node.name, external_id, node.uri or None, state,
            value.encode(node.properties), value.encode(node.custom_properties), node.created_ms, node.updated_ms,
        )  # fmt: skip

    def _tell_apart(self, kind: Kind, node: SourceNode, expected: tuple[Any, ...], row: Any) -> None:
        """A node whose row is not as expected: which fields, or properties in another order only."""
        where, tally = f"{kind.value}:{node.id}", self._tally(kind, node.type_id)
        unequal = [] if row is None else unequal_nodes(expected, row)
        if row is not None and not unequal:
            return
        tally.equal -= 1
        if row is None:
            tally.record -= 1
            self.held[kind.value] -= 1
            if node.type_id not in self.ids.types[kind]:
                self.proof.lose([Lost(where, f"its type {node.type_id} does not exist")])
            else:
                self.proof.differs(where, "node", "there", "missing")
        elif row[_UPDATED_MS] > node.updated_ms and self.is_later(kind, row[0]):
            tally.kept += 1
        else:
            for field, one, other in unequal:
                self.proof.differs(where, field, one, other)

    # -- edges: likewise, all at once, and one by one only where that fails

    def _compare_links(self, kind: Kind, batch: Batch, members: dict[int, int]) -> None:
        contexts, what = self.ids.nodes[Kind.CONTEXT].get, _LINKS[kind]
        member, context = _ENDS[kind]
        expected: dict[Any, tuple[int, int]] = {}
        for link in batch.links:
            key = (members.get(link[0]), contexts(link[1]))
            if None in key:
                self.proof.lose([Lost(f"{what} {kind.value}:{link[0]} context:{link[1]}", "an end does not exist")])
            else:
                expected[key] = link
        sql = f"SELECT {member}, {context} FROM {what} WHERE {member} {among(self.reader)}"
        held = set(self._rows(sql, members.values()))
        self._compare_edges(what, expected, held, len(batch.links))

    def _compare_events(self, batch: Batch, members: dict[int, int]) -> None:
        artifacts = self.ids.nodes[Kind.ARTIFACT].get
        expected: dict[Any, Any] = {}
        for event in batch.events:
            execution_id, type, artifact_id, path, time_ms = event
            key = (members.get(execution_id), type, artifacts(artifact_id))
            if None in key or type not in EVENT_TYPES:
                where = f"event execution:{execution_id} artifact:{artifact_id}"
                self.proof.lose([Lost(where, "an end does not exist" if None in key else f"type {type} is none")])
                continue
            text = self._paths.get(path)
            if text is None and path:
                text = self._paths[path] = orjson.dumps(path).decode()
            expected[key] = (text, time_ms)
        sql = (
            f"SELECT execution_id, type, artifact_id, path, time_ms FROM event WHERE execution_id {among(self.reader)}"
        )
        held = {row[:3]: row[3:] for row in self._rows(sql, members.values())}
        self._compare_edges("event", expected, held.keys(), len(batch.events))
        if held == expected:
            return
        for key, (path, time_ms) in expected.items():
            found = held.get(key, (path, time_ms))
            unequal = [("path", path, found[0])] if found[0] != path else []
            if time_ms is not None and found[1] != time_ms:
                unequal.append(("time_ms", time_ms, found[1]))
            self.proof.tallies["event", ""].equal -= bool(unequal)
            for field, one, other in unequal:
                self.proof.differs(f"event {key} of the record", field, one, other)

    def _compare_edges(self, what: str, expected: dict[Any, Any], held: Set[Any], total: int) -> None:
        """Whether exactly these edges are there; what others have added since is no difference."""
        missing = expected.keys() - held
        tally = self.proof.tallies[what, ""]
        tally.store += total
        tally.record += len(expected) - len(missing)
        tally.equal += len(expected) - len(missing)
        self.held[what] += len(expected) - len(missing)
        for key in sorted(missing):
            self.proof.differs(f"{what} {key} of the record", "edge", "there", "missing")
        more = held - expected.keys() if len(held) > len(expected) - len(missing) else ()
        for key in sorted(self.unexpected(what, more)) if more else ():
            self.proof.differs(f"{what} {key} of the record", "edge", "missing", "there")

    def is_own(self, held: NodeType, unequal: Iterable[Unequal]) -> bool:
        """Whether the record had a type before, and has kept what of it does not bear on nodes."""
        fields = {field for field, _, _ in unequal}
        return fields <= OWN_FIELDS and not seqs_by(self.reader, self.into.actor, [held.created_seq])

    def is_later(self, kind: Kind, id: int) -> bool:
        """Whether others have changed a node in the record since it came in."""
        ((seq,),) = self.reader.query(f"SELECT updated_seq FROM {kind.value} WHERE id = ?", (id,))
        return not seqs_by(self.reader, self.into.actor, [seq])

    def unexpected(self, what: str, held: Collection[Any]) -> set[Any]:
        """Those of more edges of the record that an import made, though the store has them not."""
        columns = _KEYS[what]
        sql = f"SELECT created_seq FROM {what} WHERE {' = ? AND '.join(columns)} = ?"
        seqs = {key: self.reader.query(sql, key)[0][0] for key in held}
        ours = seqs_by(self.reader, self.into.actor, seqs.values())
        return {key for key, seq in seqs.items() if seq in ours}

    def count_the_records_side(self) -> None:
        """Nothing of the store may be in the record twice, nor what the store has not."""
        for what in [*(kind.value for kind in KINDS), "event", *_LINKS.values()]:
            ours = "SELECT seq FROM change WHERE actor = ? AND namespace = ?"
            sql = f"SELECT count(*) FROM {what} WHERE created_seq IN ({ours})"
            ((count,),) = self.reader.query(sql, (self.into.actor, self.into.namespace))
            if count > self.held[what]:
                self.proof.differs(f"{what}s", "count", self.held[what], count)
