"""Apply a change that must look before it writes: updates, reuse, types, edges between old nodes, repeats.

Works inside a write session that holds the lock, under a savepoint of its own: an error undoes this change only.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson

from clew.metadata import update
from clew.metadata.change import Change, EventPut, LinkPut, NodeArg, NodePut, Receipt, TypePut, Withdrawal
from clew.metadata.encode import EncodedChange, EncodedNode, request_digest
from clew.metadata.errors import (
    CycleIntroduced,
    Invalid,
    KeyReused,
    TypeNotFound,
)
from clew.metadata.ids import Kind, Seq, TypeId
from clew.metadata.log import Op, event_op, link_op, node_op, type_op, withdrawal_op
from clew.metadata.node import NodeType
from clew.metadata.planner import (
    already,
    change_row,
    check_properties,
    event_row,
    event_type,
    forget,
    give,
    insert_row,
    make_receipt,
    missing,
    receipt_of_text,
    receipt_text,
    resolve_put,
)
from clew.metadata.store.columns import EVENT, NODE_TABLES, TYPE
from clew.metadata.store.protocol import Head, Row, Rows, WriteSession
from clew.metadata.types import TypeTable, evolve, type_row

_SELECT = {t: f"SELECT {','.join(c)} FROM {t} WHERE " for t, c in NODE_TABLES.items()}
_UPDATE = {
    t: f"UPDATE {t} SET {','.join(f'{name} = ?' for name in c[1:])} WHERE id = ?" for t, c in NODE_TABLES.items()
}
_UPDATE_TYPE = f"UPDATE type SET {','.join(f'{name} = ?' for name in TYPE[1:])} WHERE id = ?"
_EVENT_KEY = "execution_id = ? AND type = ? AND artifact_id = ?"
_LINK = {
    "attribution": ("artifact_id", Kind.ARTIFACT),
    "association": ("execution_id", Kind.EXECUTION),
    "parent_context": ("parent_id", Kind.CONTEXT),
}


class Applier:
    """Applies one change; then thrown away."""

    def __init__(self, session: WriteSession, head: Head, types: TypeTable, rows: Rows, now_ms: int) -> None:
        self.session, self.head, self.types, self.rows = session, head, types, rows
        self.seq = head.seq + 1
        self.time_ms = max(head.time_ms, now_ms)
        self.ops: list[Op] = []
        self._events = 0
        self.ids: dict[int, int] = {}
        self.type_ids: dict[int, int] = {}
        self._known = head.copy()
        """As it was before: only a put, never a guessed number, names a node this change makes."""
        self._imported: set[tuple[Kind, int]] = set()
        """Nodes this change makes under ids it chose itself."""

    def apply(self, encoded: EncodedChange) -> Receipt:
        """Apply ``encoded``; ``head``, ``types`` and ``rows`` are as after it. Errors: those of the change."""
        change = encoded.change
        forget(change)
        request = b""
        if change.key is not None:
            request = request_digest(encoded)
            earlier = self._earlier(change, request)
            if earlier is not None:
                give(change, earlier.node_ids)
                return earlier
        for type_put in change.types:
            self.type_ids[id(type_put)] = self._put_type(type_put)
        node_ids = []
        for put, known in zip(change.nodes, encoded.nodes, strict=True):
            node_ids.append(self._put_node(put, known, change.namespace))
            self.ids[id(put)] = node_ids[-1]
        for withdrawal in change.withdrawals:
            self._withdraw(withdrawal)
        for event in change.events:
            self._put_event(event)
        for table, links in (("attribution", change.attributions), ("association", change.associations)):
            for link in links:
                self._put_link(table, link)
        for link in change.parents:
            self._put_parent(link)
        give(change, node_ids)
        receipt = self._finish(change, tuple(self.type_ids[id(p)] for p in change.types), tuple(node_ids))
        if change.key is not None:
            row = (change.namespace, change.key, receipt.seq, request, receipt_text(receipt))
            self.rows["idempotency"].append(row)
        return receipt

    def _finish(self, change: Change, type_ids: tuple[int, ...], node_ids: tuple[int, ...]) -> Receipt:
        if not self.ops:
            return make_receipt(change, self.head.seq, self.time_ms, type_ids, node_ids, changed=False)
        self.rows["change"].append(change_row(self.seq, self.time_ms, change, orjson.dumps(self.ops)))
        self.head.seq, self.head.time_ms = self.seq, self.time_ms
        return make_receipt(change, self.seq, self.time_ms, type_ids, node_ids)

    def _earlier(self, change: Change, request: bytes) -> Receipt | None:
        found = self._fetch(
            "SELECT request_digest, receipt FROM idempotency WHERE namespace = ? AND key = ?",
            (change.namespace, change.key),
        )
        if not found:
            return None
        if bytes(found[0][0]) != request:
            raise KeyReused(
                f"idempotency key {change.key!r} was used for another request",
                field="key",
                value=change.key,
                remedy="Use a new key for a new request",
            )
        return receipt_of_text(found[0][1], change)

    # -- types -----------------------------------------------------------------------------------------------

    def _put_type(self, put: TypePut) -> int:
        wanted = put.type
        base = None if put.base_type is None else int(self.types.resolve(wanted.kind, put.base_type).id)
        stored = self.types.by_key.get((wanted.kind, wanted.name, wanted.version))
        if stored is None:
            return self._insert_type(wanted, base)
        after = evolve(stored, put, base)
        if after is stored:
            return int(stored.id)
        if after.external_id != stored.external_id:
            self._require_free_type_external_id(after)
        after = replace(after, updated_ms=max(self.time_ms, stored.updated_ms + 1), updated_seq=Seq(self.seq))
        self._flush()
        if stored.updated_seq != self.seq:
            self.rows["type_history"].append((*type_row(stored), self.seq))
        row = type_row(after)
        self.session.execute(_UPDATE_TYPE, (*row[1:], row[0]))
        self._learn(after)
        return int(after.id)

    def _insert_type(self, wanted: NodeType, base: int | None) -> int:
        self._require_free_type_external_id(wanted)
        node_type = replace(
            wanted,
            id=wanted.id or TypeId(self.head.next_type),
            base_type_id=None if base is None else TypeId(base),
            created_ms=wanted.created_ms or self.time_ms,
            updated_ms=wanted.updated_ms or wanted.created_ms or self.time_ms,
            created_seq=Seq(self.seq),
            updated_seq=Seq(self.seq),
        )
        if int(node_type.id) in self.types.by_id:
            raise already(f"type id {node_type.id}", "type.id", node_type.id)
        self.head.next_type = max(self.head.next_type, int(node_type.id) + 1)
        self.rows["type"].append(type_row(node_type))
        self._learn(node_type)
        return int(node_type.id)

    def _learn(self, node_type: NodeType) -> None:
        self.types = self.types.with_type(node_type)
        self.head.types_seq = self.seq
        self.ops.append(type_op(type_row(node_type)))

    def _require_free_type_external_id(self, wanted: NodeType) -> None:
        if wanted.external_id is not None:
            for other in self.types.by_id.values():
                if other.kind is wanted.kind and other.external_id == wanted.external_id:
                    raise already(f"type external id {wanted.external_id!r}", "type.external_id", wanted.external_id)

    # -- nodes -----------------------------------------------------------------------------------------------

    def _put_node(self, put: NodePut, known: EncodedNode, namespace: str) -> int:
        old = self._find(put, put.namespace or namespace)
        if old is None:
            return self._insert_node(put, known, namespace)
        if put.reuse and put.if_absent:
            return int(old["id"])
        return self._update_node(put, known, old)

    def _find(self, put: NodePut, namespace: str) -> dict[str, Any] | None:
        kind = put.kind
        if put.id is not None:
            self._require_exists(kind, put.id, "id")
            return self._row(kind, "id = ?", (put.id,))
        if put.reuse == "name":
            if not put.name:
                raise Invalid("reuse by name needs a name", field="name", value=put.name, remedy="Give a name")
            node_type = self._resolve_type(put)
            return self._row(
                kind, "type_id = ? AND name = ? AND namespace = ?", (int(node_type.id), put.name, namespace)
            )
        if put.reuse == "external_id":
            if not put.external_id:
                raise Invalid(
                    "reuse by external_id needs one",
                    field="external_id",
                    value=put.external_id,
                    remedy="Give an external_id",
                )
            return self._row(kind, "external_id = ? AND namespace = ?", (put.external_id, namespace))
        if put.reuse:
            raise Invalid("unknown reuse", field="reuse", value=put.reuse, remedy="Use name or external_id")
        return None

    def _insert_node(self, put: NodePut, known: EncodedNode, namespace: str) -> int:
        kind, head = put.kind, self.head
        node_type = self._resolve_type(put)
        if put.properties:
            check_properties(node_type, put.properties)
        self._require_free(put, int(node_type.id), put.namespace or namespace)
        counter = f"next_{kind.value}"
        node_id: int = getattr(head, counter)
        if put.insert_id is not None:
            if put.insert_id < 1 or self._row(kind, "id = ?", (put.insert_id,)) is not None:
                raise already(f"{kind.value} {put.insert_id}", "insert_id", put.insert_id)
            if put.insert_id != node_id:
                head.dense = 0
            node_id = put.insert_id
            self._imported.add((kind, node_id))
        row = insert_row(put, known, node_type, node_id, namespace, self.time_ms, self.seq)
        setattr(head, counter, max(getattr(head, counter), node_id + 1))
        self.rows[kind.value].append(row)
        self.ops.append(node_op(kind, row))
        return node_id

    def _update_node(self, put: NodePut, known: EncodedNode, old: dict[str, Any]) -> int:
        kind = put.kind
        update.check_expectations(put, old)
        node_type = self.types.by_id[old["type_id"]]
        if put.type is not None:
            named = self._resolve_type(put)
            if named.id != node_type.id:
                raise Invalid(
                    f"{kind.value} {old['id']} is a {node_type.name!r}; a type cannot change",
                    field="type",
                    value=put.type,
                    remedy="Record a new node",
                )
        if put.properties:
            check_properties(node_type, put.properties)
        new = dict(old)
        if put.mode == "replace":
            update.replace(put, known, new)
        else:
            update.merge(put, known, new)
        if kind is Kind.CONTEXT and not new["name"]:
            raise Invalid("a context needs a name", field="name", value=new["name"], remedy="Give a non-empty name")
        if not put.force_update_time and update.same(old, new):
            return int(old["id"])
        self._require_still_free(kind, old, new)
        new["updated_ms"] = put.updated_ms or max(self.time_ms, old["updated_ms"] + 1)
        new["updated_seq"] = self.seq
        self._flush()
        if old["updated_seq"] != self.seq:
            self.rows[f"{kind.value}_history"].append((*old.values(), self.seq))
        row = tuple(new.values())
        self.session.execute(_UPDATE[kind.value], (*row[1:], row[0]))
        self.ops.append(node_op(kind, row))
        return int(old["id"])

    def _require_free(self, put: NodePut, type_id: int, namespace: str) -> None:
        if put.name is not None and self._row(
            put.kind, "type_id = ? AND name = ? AND namespace = ?", (type_id, put.name, namespace)
        ):
            raise already(f"{put.kind.value} name {put.name!r} of type {put.type!r}", "name", put.name)
        if put.external_id is not None and self._row(
            put.kind, "external_id = ? AND namespace = ?", (put.external_id, namespace)
        ):
            raise already(f"{put.kind.value} external id {put.external_id!r}", "external_id", put.external_id)

    def _require_still_free(self, kind: Kind, old: dict[str, Any], new: dict[str, Any]) -> None:
        renamed = new["name"] if new["name"] != old["name"] else None
        external_id = new["external_id"] if new["external_id"] != old["external_id"] else None
        probe = NodePut(kind, self.types.by_id[old["type_id"]].name, name=renamed, external_id=external_id)
        self._require_free(probe, old["type_id"], old["namespace"])

    def _resolve_type(self, put: NodePut) -> NodeType:
        if isinstance(put.type, TypePut):
            found = self.type_ids.get(id(put.type))
            if found is None:
                raise TypeNotFound(
                    "the type is not part of this change", field="type", remedy="Add it to the same change"
                )
            return self.types.by_id[found]
        return self.types.resolve(put.kind, put.type)

    # -- edges -----------------------------------------------------------------------------------------------

    def _put_event(self, put: EventPut) -> None:
        execution = self._resolve(put.execution, Kind.EXECUTION, "event.execution")
        artifact = self._resolve(put.artifact, Kind.ARTIFACT, "event.artifact")
        row = event_row(put, execution, artifact, self.time_ms, self.seq, self._events)
        if self._fetch(f"SELECT 1 FROM event WHERE {_EVENT_KEY}", (execution, row[1], artifact)):
            if not put.exist_ok:
                raise already(f"event of artifact {artifact} and execution {execution}", "event", row[:3])
            return
        self._events += 1
        self.rows["event"].append(row)
        self.ops.append(event_op(row))

    def _withdraw(self, put: Withdrawal) -> None:
        execution = self._resolve(put.execution, Kind.EXECUTION, "withdrawal.execution")
        artifact = self._resolve(put.artifact, Kind.ARTIFACT, "withdrawal.artifact")
        key = (execution, event_type(put.type), artifact)
        found = self._fetch(f"SELECT {','.join(EVENT)} FROM event WHERE {_EVENT_KEY}", key)
        if found and put.location in (None, found[0][9]):
            self.session.execute(f"DELETE FROM event WHERE {_EVENT_KEY}", key)
            self.rows["event_history"].append((*found[0], self.seq))
            self.ops.append(withdrawal_op(key))

    def _put_link(self, table: str, put: LinkPut) -> None:
        column, kind = _LINK[table]
        context = self._resolve(put.context, Kind.CONTEXT, f"{table}.context")
        member = self._resolve(put.member, kind, f"{table}.{kind.value}")
        self._add_link(table, column, (context, member), put.exist_ok)

    def _put_parent(self, put: LinkPut) -> None:
        parent = self._resolve(put.context, Kind.CONTEXT, "parent_context.parent")
        child = self._resolve(put.member, Kind.CONTEXT, "parent_context.context")
        frontier, seen = [parent], {parent}
        while frontier:
            if child in seen:
                raise CycleIntroduced(
                    f"context {child} would become its own ancestor",
                    field="parent_context",
                    value=f"{child} in {parent}",
                    remedy="Parents must form a tree",
                )
            marks = ",".join("?" * len(frontier))
            found = self._fetch(f"SELECT parent_id FROM parent_context WHERE context_id IN ({marks})", frontier)
            frontier = [p for p in {row[0] for row in found} if p not in seen]
            seen.update(frontier)
        self._add_link("parent_context", "parent_id", (child, parent), put.exist_ok)

    def _add_link(self, table: str, column: str, key: tuple[int, int], exist_ok: bool) -> None:
        if self._fetch(f"SELECT 1 FROM {table} WHERE context_id = ? AND {column} = ?", key):
            if not exist_ok:
                raise already(f"{table} {key}", table, key)
            return
        row = (*key, self.seq)
        self.rows[table].append(row)
        self.ops.append(link_op(table, row))

    def _resolve(self, arg: NodeArg, kind: Kind, field: str) -> int:
        if isinstance(arg, int) and not isinstance(arg, bool):
            self._require_exists(kind, arg, field)
            return arg
        if isinstance(arg, NodePut) and id(arg) not in self.ids and arg.kind is kind and arg.given is not None:
            return self._resolve(arg.given, kind, field)
        return resolve_put(arg, kind, field, self.ids)

    def _require_exists(self, kind: Kind, id: int, field: str) -> None:
        exists = isinstance(id, int) and not isinstance(id, bool)
        exists = exists and (0 < id < getattr(self._known, f"next_{kind.value}") or (kind, id) in self._imported)
        if not exists or (not self.head.dense and not self._fetch(f"SELECT 1 FROM {kind.value} WHERE id = ?", (id,))):
            raise missing(kind, id, field)

    # -- reading what this transaction wrote -------------------------------------------------------------------

    def _row(self, kind: Kind, where: str, parameters: tuple[Any, ...]) -> dict[str, Any] | None:
        found = self._fetch(_SELECT[kind.value] + where, parameters)
        return dict(zip(NODE_TABLES[kind.value], found[0], strict=True)) if found else None

    def _fetch(self, sql: str, parameters: Any) -> list[Row]:
        self._flush()
        return self.session.fetch(sql, parameters)

    def _flush(self) -> None:
        if any(self.rows.values()):
            self.session.insert(self.rows)
            for new in self.rows.values():
                new.clear()
