"""What of a store is in the record already, by earlier runs; and what stands in its way there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clew.collectors.mlmd.mapping import Into, alias
from clew.collectors.mlmd.schema import LINK
from clew.collectors.mlmd.source import KINDS, Source, SourceNode
from clew.collectors.mlmd.types import key_of
from clew.metadata.errors import Conflict
from clew.metadata.ids import Kind, TypeId
from clew.metadata.reader import Reader
from clew.metadata.store.protocol import among, listed

EXAMPLES = 3


class Found(NamedTuple):
    """A node of the record that an earlier run made."""

    id: int
    type_id: int
    external_id: str | None
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Begun:
    """How the first run went about it."""

    keeps_ids: bool
    has_strays: bool
    """Whether somebody else took ids that nodes of the store should have kept."""
    is_first: bool
    """Whether this is the first run."""


@dataclass(slots=True)
class Present:
    """What is there of one batch."""

    nodes: dict[int, Found] = field(default_factory=dict)
    """By the store's ids."""
    links: set[tuple[Any, int]] = field(default_factory=set)
    """(member, context), by the record's ids; likewise (execution, type, artifact)."""
    events: set[tuple[Any, int, int]] = field(default_factory=set)


def find_present(
    reader: Reader, into: Into, begun: Begun, kind: Kind, nodes: Sequence[SourceNode], types: dict[int, int]
) -> Present:
    """What earlier runs have moved of ``nodes`` (whose types ``types`` knows), and what hangs on it.

    Errors: Conflict when nodes of another store came in under this one's name.
    """
    present = Present()
    by_id = {}
    if begun.keeps_ids:
        by_id = {found.id: found for found in _ours(reader, into, kind, "id", [node.id for node in nodes])}
    names = [alias(into.label, kind, node.id) for node in nodes]
    names += [node.external_id for node in nodes if node.external_id is not None]
    by_name = {f.external_id: f for f in _ours(reader, into, kind, "external_id", names)}
    for node, name in zip(nodes, names, strict=False):
        same = by_name.get(name)
        other = by_id.get(node.id)
        if same is None and other is not None:
            is_same = (other.type_id, other.created_ms) == (types[node.type_id], node.created_ms)
            if is_same and (not begun.has_strays or other.external_id in (None, node.external_id)):
                same = other
        if same is None and node.external_id is not None:
            same = by_name.get(node.external_id)
        if same is None and other is not None and not begun.has_strays:
            raise _another_store(into, kind, node.id)
        if same is not None:
            present.nodes[node.id] = same
    ids = [found.id for found in present.nodes.values()]
    if ids and kind is not Kind.CONTEXT:
        table, member, context = LINK[kind]
        sql = f"SELECT {member}, {context} FROM {table.lower()} WHERE {member} {among(reader)}"
        present.links.update(reader.query(sql, (listed(reader, ids),)))
    if ids and kind is Kind.EXECUTION:
        sql = f"SELECT execution_id, type, artifact_id FROM event WHERE execution_id {among(reader)}"
        present.events.update(reader.query(sql, (listed(reader, ids),)))
    return present


def check_free(reader: Reader, source: Source, into: Into) -> None:
    """Look, before anything is written, whether names and external ids of the store are taken in the record.

    Errors: Conflict naming some of them.
    """
    known = {key_of(t): t.id for t in reader.types()}
    types = {(t.kind, int(t.id)): known.get(key_of(t)) for t in source.types().types}
    taken: list[str] = []
    for kind in KINDS:
        for batch in source.batches(kind):
            names: dict[TypeId, list[str]] = defaultdict(list)
            for node in batch.nodes:
                type_id = types.get((kind, node.type_id))
                if type_id is not None and node.name is not None:
                    names[type_id].append(node.name)
            for type_id, wanted in names.items():
                sql = f"SELECT name FROM {kind.value} WHERE type_id = ? AND name {among(reader)} AND namespace = ?"
                rows = reader.query(sql, (type_id, listed(reader, wanted), into.namespace))
                taken += [f"the {kind.value} named {row[0]!r}" for row in rows]
            external = [node.external_id for node in batch.nodes if node.external_id is not None]
            sql = f"SELECT external_id FROM {kind.value} WHERE external_id {among(reader)} AND namespace = ?"
            rows = reader.query(sql, (listed(reader, external), into.namespace)) if external else []
            taken += [f"the {kind.value} with external id {row[0]!r}" for row in rows]
    if taken:
        raise Conflict(
            f"the record has {', '.join(taken[:EXAMPLES])}{' ...' if len(taken) > EXAMPLES else ''} already "
            f"({len(taken)} in all); nothing was moved",
            field="namespace",
            value=into.namespace,
            remedy="Move the store into a namespace or a home of its own: --namespace NAME, --home DIR",
        )


def seqs_by(reader: Reader, actor: str, seqs: Iterable[int]) -> set[int]:
    """Those of ``seqs`` whose change is by ``actor``."""
    wanted = listed(reader, sorted(set(seqs)))
    return {
        row[0]
        for row in reader.query(f"SELECT seq FROM change WHERE seq {among(reader)} AND actor = ?", (wanted, actor))
    }


def _ours(reader: Reader, into: Into, kind: Kind, column: str, values: Sequence[Any]) -> list[Found]:
    """The nodes whose ``column`` is one of ``values``, and that an import of this store made."""
    rows = reader.query(
        f"SELECT id, type_id, external_id, created_ms, updated_ms, created_seq FROM {kind.value} "
        f"WHERE {column} {among(reader)} AND namespace = ?",
        (listed(reader, values), into.namespace),
    )
    ours = seqs_by(reader, into.actor, (row[5] for row in rows)) if rows else set()
    return [Found(*row[:5]) for row in rows if row[5] in ours]


def _another_store(into: Into, kind: Kind, id: int) -> Conflict:
    return Conflict(
        f"{kind.value} {id} of this store is not the one that came in from {into.label!r}: that was another store",
        field="as",
        value=into.label,
        remedy="Give this one another name: --as NAME",
    )
