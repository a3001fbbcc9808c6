"""Read a store from its database: what is the same on SQLite and MySQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from clew.collectors.mlmd.schema import (
    EXTERNAL_IDS_SINCE,
    KIND_OF_TYPE,
    LINK,
    NEWEST,
    PROTO_AND_BOOL_SINCE,
    READABLE,
    TABLE,
)
from clew.collectors.mlmd.source import BATCH, Batch, Links, Lost, SourceEvent, SourceNode, Types
from clew.collectors.mlmd.structure import read_structure
from clew.collectors.mlmd.values import STRUCT_PREFIX, read_double, read_proto, read_text
from clew.metadata.errors import Corrupt, Invalid, Unsupported
from clew.metadata.ids import INT64_MAX, INT64_MIN, Kind, TypeId
from clew.metadata.node import NodeType
from clew.metadata.states import PropertyType
from clew.metadata.value import Value

_STATE = {Kind.ARTIFACT: "uri, state", Kind.EXECUTION: "NULL, last_known_state", Kind.CONTEXT: "NULL, NULL"}
_PROPERTY_KINDS = {int(kind): kind for kind in PropertyType if kind}
UNIQUE_EVENTS_SINCE = 8
"""Before, an event could be there twice; ML Metadata's own upgrade keeps the last."""


class Database(Protocol):
    """A connection with one snapshot of the store. SQL has ``?`` for parameters."""

    name: str

    def fetch(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query. Errors: SourceUnreachable; Corrupt, NoSuchTable."""
        ...

    def values(self, sql: str, parameters: Sequence[Any]) -> Iterable[Any]:
        """The rows of a query of properties that has ``{}`` for one column: its text, integer or double, whichever is
        there, a double spelled as text as bytes."""
        ...

    def stream(self, sql: str) -> Iterator[Any]:
        """The rows of a query one by one, in constant memory."""
        ...

    def take_unsound(self) -> bool:
        """Whether text that is not UTF-8 was read since the last call: it then holds lone surrogates."""
        ...

    def close(self) -> None:
        """Release the connection."""
        ...


class NoSuchTable(Corrupt):
    """The database lacks a table: a store that is damaged, or no store."""


class SqlSource:
    """A store in a database."""

    def __init__(self, database: Database) -> None:
        self.name = database.name
        self._database = database
        self._fetch = database.fetch
        self.version = _version(database)
        self._declared = {int(t.id): t.properties for t in self.types().types}
        self._sound_names: set[str] = set()

    def types(self) -> Types:
        """All types."""
        read = Types()
        properties: dict[int, dict[str, PropertyType]] = defaultdict(dict)
        for type_id, name, number in self._fetch("SELECT type_id, name, data_type FROM TypeProperty"):
            if number in _PROPERTY_KINDS and name:
                properties[type_id][name] = _PROPERTY_KINDS[number]
            else:
                read.lost.append(Lost(f"type:{type_id}", f"property {name!r} has no kind"))
        parents: dict[int, list[int]] = defaultdict(list)
        for type_id, parent in self._fetch("SELECT type_id, parent_type_id FROM ParentType ORDER BY parent_type_id"):
            parents[type_id].append(parent)
        external = self._since(EXTERNAL_IDS_SINCE, "external_id")
        rows = self._fetch(
            f"SELECT id, name, version, type_kind, description, input_type, output_type, {external} FROM Type "
            "ORDER BY id"
        )
        for row in rows:
            self._add_type(read, row, properties[row[0]], parents[row[0]])
        self._database.take_unsound()
        return read

    def _add_type(self, read: Types, row: Any, properties: dict[str, PropertyType], parents: list[int]) -> None:
        type_id, name, version, kind, description, input_type, output_type, external_id = row
        if kind not in KIND_OF_TYPE:
            read.lost.append(Lost(f"type:{type_id}", f"{kind!r} is no kind of type"))
            return
        found = NodeType(
            KIND_OF_TYPE[kind], name, version or "", properties, description=description, external_id=external_id,
            base_type_id=TypeId(parents[0]) if parents else None, id=TypeId(type_id),
        )  # fmt: skip
        for parent in parents[1:]:
            read.lost.append(Lost(f"type:{type_id}", f"parent type {parent}: a type of Clew has one"))
        try:
            found = replace(found, input_type=read_structure(input_type), output_type=read_structure(output_type))
        except ValueError as error:
            read.lost.append(Lost(f"type:{type_id}", f"its inputs or outputs are no structure: {error}"))
        read.types.append(found)

    def count(self, kind: Kind) -> int | None:
        """How many nodes of a kind there are."""
        return int(self._fetch(f"SELECT count(*) FROM {TABLE[kind]}")[0][0])

    def batches(self, kind: Kind) -> Iterator[Batch]:
        """All nodes of a kind with what hangs on them."""
        table, member, context = LINK[kind]
        links = Links(self._database.stream(f"SELECT {member}, {context} FROM {table} ORDER BY {member}, {context}"))
        external = self._since(EXTERNAL_IDS_SINCE, "external_id")
        sql = (
            f"SELECT id, type_id, name, {external}, {_STATE[kind]}, create_time_since_epoch, "
            f"last_update_time_since_epoch FROM {TABLE[kind]} WHERE id > ? ORDER BY id LIMIT {BATCH}"
        )
        after, is_last = INT64_MIN, False
        while not is_last:
            rows = self._fetch(sql, (after,))
            is_last = len(rows) < BATCH
            last = INT64_MAX if is_last else rows[-1][0]
            batch = self._nodes(kind, rows, after, last)
            batch.links = links.between(after, last)
            if kind is Kind.EXECUTION:
                batch.events = self._events(after, last)
            if self._database.take_unsound():
                _make_sound(kind, batch)
            yield batch
            after = last

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _since(self, version: int, columns: str) -> str:
        return columns if self.version >= version else ", ".join(["NULL"] * len(columns.split(",")))

    def _nodes(self, kind: Kind, rows: list[Any], after: int, last: int) -> Batch:
        batch = Batch([])
        values = self._values(kind, rows, after, last, batch.lost)
        properties, custom = values
        none: dict[str, Value] = {}
        batch.nodes = [SourceNode._make((*row, properties.get(row[0], none), custom.get(row[0], none))) for row in rows]
        return batch

    def _values(
        self, kind: Kind, nodes: list[Any], after: int, last: int, lost: list[Lost]
    ) -> tuple[dict[int, dict[str, Value]], dict[int, dict[str, Value]]]:
        """Properties and custom properties by node. This runs for every property of the store."""
        owner, since = f"{kind.value}_id", self._since(PROTO_AND_BOOL_SINCE, "proto_value, bool_value")
        rows = self._database.values(
            f"SELECT {owner}, name, is_custom_property, {{}}, {since} "
            f"FROM {TABLE[kind]}Property WHERE {owner} > ? AND {owner} <= ? ORDER BY {owner}",
            (after, last),
        )
        properties: dict[int, dict[str, Value]] = {}
        custom: dict[int, dict[str, Value]] = {}
        type_of: dict[int, int] = {}
        current, sound = None, self._sound_names
        own: dict[str, Value] = {}
        free: dict[str, Value] = {}
        value: Any
        for node, name, is_custom, value, proto, boolean in rows:
            if node != current:
                current = node
                own = properties[node] = {}
                free = custom[node] = {}
            if value is None:
                value = bool(boolean) if boolean is not None else proto if proto is None else read_proto(proto)
            elif type(value) is str:
                if value.startswith(STRUCT_PREFIX):
                    type_of = type_of or {row[0]: row[1] for row in nodes}
                    declared = {} if is_custom else self._declared.get(type_of.get(node, 0), {})
                    value = read_text(value, declared.get(name))
            elif type(value) is bytes:
                value = read_double(value)
            if name not in sound:
                if name and "\0" not in name:
                    sound.add(name)
                else:
                    value = None
            if value is None:
                lost.append(Lost(f"{kind.value}:{node}", f"property {name!r}: no value a record could hold"))
            elif is_custom:
                free[name] = value
            else:
                own[name] = value
        return properties, custom

    def _events(self, after: int, last: int) -> list[SourceEvent]:
        rows = self._fetch(
            "SELECT execution_id, type, artifact_id, id, milliseconds_since_epoch FROM Event "
            "WHERE execution_id > ? AND execution_id <= ? ORDER BY execution_id, id",
            (after, last),
        )
        paths: dict[int, tuple[int | str, ...]] = {}
        for event_id, is_index, index, key in self._steps([row[3] for row in rows], after, last):
            paths[event_id] = (*paths.get(event_id, ()), index if is_index else key)
        path_of = paths.get
        events = [SourceEvent(e, type, a, path_of(id, ()), time_ms) for e, type, a, id, time_ms in rows]
        return events if self.version >= UNIQUE_EVENTS_SINCE else _last_of_each(events)

    def _steps(self, ids: list[int], after: int, last: int) -> list[Any]:
        """The steps of the paths of these events, which are those of the executions from ``after`` to ``last``."""
        if not ids:
            return []
        low, high = min(ids), max(ids)
        columns = "SELECT EventPath.event_id, is_index_step, step_index, step_key FROM"
        if high - low < 2 * len(ids):  # as they come: the events of a few executions lie together
            return self._fetch(f"{columns} EventPath WHERE event_id >= ? AND event_id <= ?", (low, high))
        join = "Event JOIN EventPath ON EventPath.event_id = Event.id"
        return self._fetch(f"{columns} {join} WHERE execution_id > ? AND execution_id <= ?", (after, last))


def _version(database: Database) -> int:
    """The schema version of the store. Errors: Invalid for what is no store, Unsupported."""
    try:
        rows = database.fetch("SELECT schema_version FROM MLMDEnv")
    except NoSuchTable as error:
        raise Invalid(
            f"{database.name} is not a store of ML Metadata: it has no table MLMDEnv",
            field="from",
            value=database.name,
            remedy="Name a database that ml-metadata has made",
        ) from error
    version = rows[0][0] if len(rows) == 1 else None
    if isinstance(version, int) and version in READABLE:
        return version
    older = isinstance(version, int) and version < READABLE[0]
    raise Unsupported(
        f"{database.name} has schema version {version}; Clew reads {READABLE[0]} to {NEWEST}",
        field="from",
        value=database.name,
        remedy="Open it once with ml-metadata 1.17.1 and enable_upgrade_migration, on a copy" if older else "",
    )


def _last_of_each(events: list[SourceEvent]) -> list[SourceEvent]:
    kept: dict[tuple[int, int, int], SourceEvent] = {}
    for event in events:
        kept.pop(event[:3], None)
        kept[event[:3]] = event
    return list(kept.values())


def _make_sound(kind: Kind, batch: Batch) -> None:
    """Replace what is not UTF-8, and say where."""
    for index, node in enumerate(batch.nodes):
        fixed = node._replace(
            name=_sound(node.name),
            external_id=_sound(node.external_id),
            uri=_sound(node.uri),
            properties=_sound(node.properties),
            custom_properties=_sound(node.custom_properties),
        )
        if fixed != node:
            batch.nodes[index] = fixed
            batch.lost.append(Lost(f"{kind.value}:{node.id}", "text that is not UTF-8"))
    for index, event in enumerate(batch.events):
        path = tuple(_sound(step) for step in event.path)
        if path != event.path:
            batch.events[index] = event._replace(path=path)
            batch.lost.append(Lost(f"event of execution:{event.execution_id}", "a path that is not UTF-8"))


def _sound(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return {_sound(k): _sound(v) for k, v in value.items()} if isinstance(value, dict) else value
