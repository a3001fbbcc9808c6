"""Write a namespace of the record as a store that the original library opens: SQLite, schema version 10.

What ML Metadata has no words for (namespaces, digests, sizes, fingerprints, history) stays in the record; values its
library cannot read are left out, which the proof tells.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from clew.collectors.mlmd.compare import Comparison, compare_all
from clew.collectors.mlmd.equal import Unequal
from clew.collectors.mlmd.garbage import seldom_collecting
from clew.collectors.mlmd.mapping import Ids, Into
from clew.collectors.mlmd.move import Moved, Tell
from clew.collectors.mlmd.proof import Proof
from clew.collectors.mlmd.schema import INDEXES, NEWEST, TABLE, TABLES, TYPE_KIND
from clew.collectors.mlmd.source import KINDS
from clew.collectors.mlmd.sqlite import open_sqlite
from clew.collectors.mlmd.structure import write_structure
from clew.collectors.mlmd.values import is_misread, write_double, write_proto, write_struct
from clew.metadata.blobs.failure import write_failed
from clew.metadata.errors import StoreFull, StoreUnavailable, UsageError
from clew.metadata.ids import Kind
from clew.metadata.node import Node, NodeType
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.store.protocol import among, listed
from clew.metadata.value import Proto, Value

_MARKS = {n: f"({','.join('?' * n)})" for n in range(1, 11)}


@dataclass(slots=True)
class Exported:
    """What was written."""

    written: dict[str, int] = field(default_factory=dict)
    """Nodes, events and links by what they are."""
    elsewhere: int = 0
    """Nodes of other namespaces, which are not in the store."""
    proof: Proof = field(default_factory=Proof)


def export_store(record: Record, namespace: str, path: Path, tell: Tell) -> Exported:
    """Write the store ``path``, which appears whole or not at all, and compare it with the record.

    Errors: UsageError when ``path`` exists; StoreFull, StoreReadOnly.
    """
    if os.path.lexists(path):
        raise UsageError(f"{path} exists", field="to", value=str(path), remedy="Name a file that does not exist yet")
    draft = path.with_name(f".{path.name}.partial-{os.getpid()}")
    exported = Exported()
    try:
        with record.read() as reader:
            with _opened(draft) as connection:
                writer = _Writer(connection, reader, namespace, exported, tell)
                with seldom_collecting():
                    writer.write()
            exported.proof = _prove(reader, Into(record, "", namespace), writer.ids, draft, tell)
            exported.elsewhere = sum(reader.count(kind) for kind in KINDS) - sum(
                exported.written[kind.value] for kind in KINDS
            )
        os.replace(draft, path)
    except OSError as error:
        raise write_failed(error, str(path)) from error
    finally:
        draft.unlink(missing_ok=True)
    return exported


@contextmanager
def _opened(draft: Path) -> Iterator[sqlite3.Connection]:
    """A new store in one transaction. It is a draft until it is whole, so that no journal is kept."""
    try:
        draft.touch()
        connection = sqlite3.connect(draft, isolation_level=None)
        try:
            connection.execute("PRAGMA journal_mode = OFF")
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        finally:
            connection.close()
    except sqlite3.Error as error:
        where = str(draft.parent)
        if "full" in str(error) or "disk I/O" in str(error):
            raise StoreFull(f"the disk that holds {where} is full", field="to", value=where) from error
        raise StoreUnavailable(f"the store cannot be written: {error}", field="to", value=where) from error


class _Writer:
    """Writes one store."""

    def __init__(
        self, connection: sqlite3.Connection, reader: Reader, namespace: str, exported: Exported, tell: Tell
    ) -> None:
        self.connection, self.reader, self.namespace, self.tell = connection, reader, namespace, tell
        self.written = exported.written
        self.ids = Ids()
        self._events = 0

    def write(self) -> None:
        """Write everything."""
        for statement in TABLES:
            self.connection.execute(statement)
        self.connection.execute("INSERT INTO MLMDEnv VALUES (?)", (NEWEST,))
        self._write_types()
        for kind in KINDS:
            total, done = self.reader.count(kind, namespace=self.namespace), 0
            self.tell(f"{kind.value}s", 0, total)
            self.written[kind.value] = 0
            for nodes in self.reader.every(kind, namespace=self.namespace):
                self._write_nodes(kind, nodes)
                done += len(nodes)
                self.tell(f"{kind.value}s", done, total)
        self._write_links()
        for statement in INDEXES:
            self.connection.execute(statement)

    def _insert(self, table: str, columns: str, rows: list[tuple[Any, ...]]) -> None:
        marks = _MARKS[columns.count(",") + 1]
        self.connection.executemany(f"INSERT INTO {table} ({columns}) VALUES {marks}", rows)

    def _write_types(self) -> None:
        types = self.reader.types()
        taken: set[str] = set()
        rows: list[tuple[Any, ...]] = []
        for t in types:
            external_id = None if t.external_id in taken else t.external_id  # unique among all kinds there
            taken.add(external_id or "")
            structures = (write_structure(t.input_type), write_structure(t.output_type))
            rows.append(
                (int(t.id), t.name, t.version or None, TYPE_KIND[t.kind], t.description, *structures, external_id)
            )
            self.ids.types[t.kind][t.id] = t.id
        columns = "id, name, version, type_kind, description, input_type, output_type, external_id"
        self._insert("Type", columns, rows)
        properties = [(int(t.id), name, int(kind)) for t in types for name, kind in t.properties.items()]
        self._insert("TypeProperty", "type_id, name, data_type", properties)
        bases = [(int(t.id), int(t.base_type_id)) for t in types if t.base_type_id is not None]
        self._insert("ParentType", "type_id, parent_type_id", bases)

    def _write_nodes(self, kind: Kind, nodes: list[Any]) -> None:
        own = {Kind.ARTIFACT: ("uri", "state"), Kind.EXECUTION: ("state",), Kind.CONTEXT: ()}[kind]
        columns = "id, type_id, name, external_id, create_time_since_epoch, last_update_time_since_epoch"
        columns += "".join(f", {'last_known_state' if kind is Kind.EXECUTION else name}" for name in own)
        rows: list[tuple[Any, ...]] = []
        properties: list[tuple[Any, ...]] = []
        for node in nodes:
            said = [node.uri or "" if name == "uri" else node.state for name in own]
            times = (node.created_ms, node.updated_ms)
            rows.append((node.id, int(node.type_id), node.name, node.external_id, *times, *said))
            properties += _property_rows(node)
            self.ids.nodes[kind].add(node.id, node.id)
        self._insert(TABLE[kind], columns, rows)
        owner = f"{kind.value}_id, name, is_custom_property"
        values = "int_value, double_value, string_value, proto_value, bool_value"
        self._insert(f"{TABLE[kind]}Property", f"{owner}, {values}", properties)
        self.written[kind.value] += len(rows)
        if kind is Kind.EXECUTION:
            self._write_events([node.id for node in nodes])

    def _write_events(self, executions: list[int]) -> None:
        place = self.ids.nodes[Kind.ARTIFACT].get
        rows, steps = [], []
        found = self.reader.query(
            "SELECT execution_id, type, artifact_id, path, time_ms FROM event "
            f"WHERE execution_id {among(self.reader)} ORDER BY created_seq, place",
            (listed(self.reader, executions),),
        )
        for execution, type, artifact, path, time_ms in found:
            if place(artifact) is None:
                continue
            self._events += 1
            rows.append((self._events, artifact, execution, type, time_ms))
            for step in orjson.loads(path) if path else ():
                steps.append((self._events, 0, None, step) if isinstance(step, str) else (self._events, 1, step, None))
        self._insert("Event", "id, artifact_id, execution_id, type, milliseconds_since_epoch", rows)
        self._insert("EventPath", "event_id, is_index_step, step_index, step_key", steps)
        self.written["event"] = self._events

    def _write_links(self) -> None:
        of = (
            ("attribution", "Attribution", "context_id", "artifact_id", Kind.ARTIFACT, "context_id, artifact_id"),
            ("association", "Association", "context_id", "execution_id", Kind.EXECUTION, "context_id, execution_id"),
            ("parent_context", "ParentContext", "context_id", "parent_id", Kind.CONTEXT,
             "context_id, parent_context_id"),
        )  # fmt: skip
        contexts = self.ids.nodes[Kind.CONTEXT].get
        for name, table, one, other, kind, columns in of:
            place, count = self.ids.nodes[kind].get, 0
            ((last,),) = self.reader.query("SELECT next_context FROM head WHERE id = 1")
            for start in range(0, last, 200):
                sql = f"SELECT {one}, {other} FROM {name} WHERE {one} >= ? AND {one} < ? ORDER BY {one}, {other}"
                pairs = self.reader.query(sql, (start, start + 200))
                rows = [pair for pair in pairs if contexts(pair[0]) is not None and place(pair[1]) is not None]
                self._insert(table, columns, rows)
                count += len(rows)
            self.written[name] = count


def _property_rows(node: Node) -> Iterator[tuple[Any, ...]]:
    for is_custom, values in ((0, node.properties), (1, node.custom_properties)):
        for name, value in values.items():
            columns = _columns(value)
            if columns is not None:
                yield (int(node.id), name, is_custom, *columns)


def _columns(value: Value) -> tuple[Any, ...] | None:
    """int, double, string, proto and bool column of a value; None when the library could not read it."""
    if isinstance(value, bool):
        return (None, None, None, None, int(value))
    if isinstance(value, int):
        return (value, None, None, None, None)
    if isinstance(value, float):
        return (None, write_double(value), None, None, None)
    if isinstance(value, str):
        return None if is_misread(value) else (None, None, value, None, None)
    if isinstance(value, Proto):
        return (None, None, None, write_proto(value), None)
    return (None, None, write_struct(value), None, None)


class _ExportComparison(Comparison):
    """The other way round: whatever the namespace holds must be in the store."""

    def is_own(self, held: NodeType, unequal: Iterable[Unequal]) -> bool:
        """Never, likewise."""
        return False

    def is_later(self, kind: Kind, id: int) -> bool:
        """Never: the store is as the record was at this snapshot."""
        return False

    def unexpected(self, what: str, held: Collection[Any]) -> set[Any]:
        """Edges of the record that the store should have: those with both ends in it."""
        other = Kind.ARTIFACT if what == "event" else Kind.CONTEXT
        return {key for key in held if self.ids.nodes[other].get(key[-1]) is not None}

    def count_the_records_side(self) -> None:
        """Every node of the namespace is in the store."""
        for kind in KINDS:
            count = self.reader.count(kind, namespace=self.into.namespace)
            if count != self.held[kind.value]:
                self.proof.differs(f"{kind.value}s", "count", self.held[kind.value], count)


def _prove(reader: Reader, into: Into, ids: Ids, draft: Path, tell: Tell) -> Proof:
    source = open_sqlite(draft)
    try:
        return compare_all(_ExportComparison(reader, into, Moved(True, ids)), source, tell)
    finally:
        source.close()
