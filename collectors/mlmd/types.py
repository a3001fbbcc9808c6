"""Types of the store: registered where they are missing, grown where they exist."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from clew.collectors.mlmd.mapping import Into
from clew.collectors.mlmd.source import KINDS
from clew.metadata.change import Change, TypePut
from clew.metadata.ids import Kind, TypeId
from clew.metadata.node import NodeType

TypeKey = tuple[Kind, str, str]


def key_of(node_type: NodeType) -> TypeKey:
    """What makes two types the same one."""
    return (node_type.kind, node_type.name, node_type.version)


def move_types(types: list[NodeType], into: Into, keeps_ids: bool) -> dict[Kind, dict[int, int]]:
    """Register ``types`` in one change; where each has gone, by kind.

    A type keeps its id where ids are kept and nobody has it: in stores that older libraries began, ids of the
    predefined types (1 to 9) may be those of others. Errors: TypeConflict when a type of that name says otherwise.
    """
    with into.record.read() as reader:
        known = {key_of(t): t for t in reader.types()}
        ((next_id,),) = reader.query("SELECT next_type FROM head WHERE id = 1")
    taken = {t.id for t in known.values()}
    next_id = max([next_id, *(t.id + 1 for t in types)])
    by_id = {t.id: t for t in types}
    change = Change(into.actor, into.namespace)
    ordered = list(_parents_first(types, by_id))
    for wanted in ordered:
        base = by_id.get(wanted.base_type_id) if wanted.base_type_id is not None else None
        parent = (base.name, base.version) if base is not None and base.kind is wanted.kind else None
        stored = known.get(key_of(wanted))
        if stored is not None:
            external_id = wanted.external_id if stored.external_id is None else None
            put = replace(wanted, id=TypeId(0), external_id=external_id)
            parent = parent if stored.base_type_id is None else None
        elif keeps_ids and wanted.id not in taken:
            put = wanted
        else:
            put = replace(wanted, id=TypeId(next_id if keeps_ids else 0))
            next_id += 1
        change.types.append(TypePut(put, parent))
    ids: dict[Kind, dict[int, int]] = {kind: {} for kind in KINDS}
    for wanted, id in zip(ordered, into.record.commit(change).type_ids, strict=True):
        ids[wanted.kind][wanted.id] = id
    return ids


def _parents_first(types: Iterable[NodeType], by_id: dict[TypeId, NodeType]) -> Iterable[NodeType]:
    seen: set[TypeId] = set()
    for one in types:
        line: list[NodeType] = []
        current: NodeType | None = one
        while current is not None and current.id not in seen:
            seen.add(current.id)
            line.append(current)
            current = by_id.get(current.base_type_id) if current.base_type_id is not None else None
        yield from reversed(line)
