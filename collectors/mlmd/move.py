"""Move a store into the record, batch by batch: each is one change, and what is there already is not moved again.

Ids are kept where the record was empty when the move began. Else nodes get new ids, and the store's are kept as
external ids, ``mlmd:LABEL:artifact:42``, by which a later run finds them; a node that has an external id of its own
keeps that, and is found by it. A run that was cut short is gone on with by the next. A store that has grown or changed
is caught up with: of two states of a node, the later counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from clew.collectors.mlmd.garbage import seldom_collecting
from clew.collectors.mlmd.mapping import EVENT_TYPES, Ids, Into, alias, insert_put, update_put
from clew.collectors.mlmd.present import Begun, Present, check_free, find_present
from clew.collectors.mlmd.source import KINDS, Batch, Source, SourceNode
from clew.collectors.mlmd.types import move_types
from clew.metadata.change import Change, EventPut, LinkPut, NodeArg, NodePut
from clew.metadata.encode import encode_change
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, TypeId
from clew.metadata.planner import check_properties
from clew.metadata.reader import Reader
from clew.metadata.types import FIRST_USER_TYPE_ID

Tell = Callable[[str, int, int | None], None]
"""Called with a subject, how much is done, and of how much."""
_LINKS_OF = {Kind.ARTIFACT: "attribution", Kind.EXECUTION: "association"}
_KEPT, _MAPPED, _STRAYED = "ids kept", "ids mapped", "ids taken by others"
WHAT = ("context", "artifact", "execution", "event", "attribution", "association", "parent_context")
"""What a store holds besides types, in the order in which it is told."""
Pair = tuple[SourceNode, NodePut]


@dataclass(slots=True)
class Moved:
    """What a run did."""

    keeps_ids: bool
    ids: Ids = field(default_factory=Ids)
    added: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(WHAT, 0)))
    """Nodes, events and links by what they are."""
    updated: Counter[str] = field(default_factory=Counter)


def move(source: Source, into: Into, tell: Tell) -> Moved:
    """Move everything.

    Errors: those of the source; Conflict when names are taken in the record, or LABEL is another store's there;
    Invalid, TypeConflict for what the record refuses, naming the node. What was moved before stays, and the next run
    goes on behind it.
    """
    with into.record.read() as reader:
        begun = _begun(reader, into)
        if begun.is_first and not begun.keeps_ids:
            check_free(reader, source, into)
    if begun.is_first:
        _remember(into, _KEPT if begun.keeps_ids else _MAPPED)
    run = _Run(source, into, begun)
    with seldom_collecting():
        run.moved.ids.types = move_types(source.types().types, into, begun.keeps_ids)
        for kind in KINDS:
            run.move_kind(kind, tell)
    return run.moved


def _begun(reader: Reader, into: Into) -> Begun:
    """How the store began to come in, or will: the record remembers it under idempotency keys."""

    def known(what: str) -> bool:
        key = (into.namespace, f"{into.actor}: {what}")
        return bool(reader.query("SELECT 1 FROM idempotency WHERE namespace = ? AND key = ?", key))

    if known(_KEPT):
        return Begun(True, known(_STRAYED), False)
    if known(_MAPPED):
        return Begun(False, False, False)
    next_ids = reader.query("SELECT next_type, next_artifact, next_execution, next_context FROM head WHERE id = 1")
    return Begun(next_ids == [(FIRST_USER_TYPE_ID, 1, 1, 1)], False, True)


def _remember(into: Into, what: str) -> None:
    into.record.commit(Change(into.actor, into.namespace, f"{into.actor}: {what}"))


class _Run:
    """One run over the store."""

    def __init__(self, source: Source, into: Into, begun: Begun) -> None:
        self.source, self.into, self.begun = source, into, begun
        self.moved = Moved(begun.keeps_ids)
        self._next: dict[Kind, int] = {}
        """The ids the record will give next, as long as nobody else writes."""

    def move_kind(self, kind: Kind, tell: Tell) -> None:
        """Move all nodes of a kind."""
        total, done = self.source.count(kind), 0
        parents: list[tuple[int, int]] = []
        tell(f"{kind.value}s", 0, total)
        with self.into.record.read() as reader:
            ((self._next[kind],),) = reader.query(f"SELECT next_{kind.value} FROM head WHERE id = 1")
        for batch in self.source.batches(kind):
            self._move_batch(kind, batch)
            if kind is Kind.CONTEXT:
                parents += batch.links
            done += len(batch.nodes)
            tell(f"{kind.value}s", done, total)
        if parents:
            self._move_parents(parents)

    def _move_batch(self, kind: Kind, batch: Batch) -> None:
        types = self.moved.ids.types[kind]
        nodes = [node for node in batch.nodes if node.type_id in types]
        present = Present()
        if not self.begun.is_first and nodes:
            with self.into.record.read() as reader:
                present = find_present(reader, self.into, self.begun, kind, nodes, types)
        change = Change(self.into.actor, self.into.namespace)
        args: dict[int, NodeArg] = {}
        updates: list[Pair] = []
        new: list[Pair] = []
        for node in nodes:
            found = present.nodes.get(node.id)
            if found is None:
                put = self._new(kind, node, types[node.type_id])
                new.append((node, put))
                args[node.id] = put
                continue
            args[node.id] = found.id
            if node.updated_ms > found.updated_ms:
                updates.append((node, update_put(kind, node, found.id, node.external_id or found.external_id)))
        self.moved.updated[kind.value] += len(updates)
        change.nodes = [put for _, put in updates + new]
        self._hang(kind, change, batch, args, present)
        given = self._commit(change, updates + new)
        self._learn(kind, nodes, new, args, given[len(updates) :])

    def _new(self, kind: Kind, node: SourceNode, type_id: int) -> NodePut:
        """The put of a node that is not there yet."""
        expected = self._next[kind]
        stays = self.moved.keeps_ids and node.id >= expected
        external_id = node.external_id
        if not stays and external_id is None:
            external_id = alias(self.into.label, kind, node.id)
        put = insert_put(kind, node, type_id, external_id)
        if stays and node.id > expected:
            put.insert_id = node.id
        self._next[kind] = (node.id if stays else expected) + 1
        return put

    def _hang(self, kind: Kind, change: Change, batch: Batch, args: dict[int, NodeArg], present: Present) -> None:
        """Add to ``change`` the links and events of the batch whose ends exist, but for those recorded already."""
        added, arg_of = self.moved.added, args.get
        if kind is not Kind.CONTEXT:
            what, links = _LINKS_OF[kind], []
            new_id = self.moved.ids.nodes[Kind.CONTEXT].get
            for member, old in batch.links:
                arg, context = arg_of(member), new_id(old)
                if arg is None or context is None or (present.links and (arg, context) in present.links):
                    continue
                links.append(LinkPut(context, arg))
            setattr(change, f"{what}s", links)
            added[what] += len(links)
        new_id = self.moved.ids.nodes[Kind.ARTIFACT].get
        for execution_id, number, artifact_id, path, time_ms in batch.events:
            arg, artifact, type = arg_of(execution_id), new_id(artifact_id), EVENT_TYPES.get(number)
            if arg is None or artifact is None or type is None:
                continue
            if not present.events or (arg, number, artifact) not in present.events:
                change.events.append(EventPut(artifact, arg, type, path, time_ms, source="mlmd"))
        added["event"] += len(change.events)

    def _commit(self, change: Change, pairs: list[Pair]) -> tuple[int, ...]:
        if not (change.nodes or change.events or change.attributions or change.associations):
            return ()
        try:
            return self.into.record.commit(change).node_ids
        except Invalid as error:
            raise _named(error, pairs, self.into) from error

    def _learn(
        self,
        kind: Kind,
        nodes: list[SourceNode],
        new: list[Pair],
        args: dict[int, NodeArg],
        given: tuple[int, ...],
    ) -> None:
        """Remember where the nodes of a batch have gone."""
        self.moved.added[kind.value] += len(new)
        put_ids = dict(zip((node.id for node, _ in new), given, strict=True))
        strayed = Change(self.into.actor, self.into.namespace)
        for node, put in new:
            id = put_ids[node.id]
            if id != node.id and put.external_id is None:
                name = alias(self.into.label, kind, node.id)
                strayed.nodes.append(NodePut(kind, None, id=id, external_id=name, updated_ms=node.updated_ms))
        if self.begun.keeps_ids and any(put_ids[node.id] != node.id for node, _ in new):
            _remember(self.into, _STRAYED)
            self.begun = replace(self.begun, has_strays=True)
        if strayed.nodes:  # somebody else wrote meanwhile and took the ids
            self.into.record.commit(strayed)
        if new:
            self._next[kind] = max(self._next[kind], given[-1] + 1)
        known = self.moved.ids.nodes[kind]
        for node in nodes:
            arg = args[node.id]
            known.add(node.id, put_ids[node.id] if isinstance(arg, NodePut) else arg)

    def _move_parents(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Put contexts into contexts, once all are there."""
        contexts = self.moved.ids.nodes[Kind.CONTEXT]
        with self.into.record.read() as reader:
            known = set(reader.query("SELECT context_id, parent_id FROM parent_context"))
        change = Change(self.into.actor, self.into.namespace)
        for old_child, old_parent in pairs:
            child, parent = contexts.get(old_child), contexts.get(old_parent)
            if child is not None and parent is not None and (child, parent) not in known:
                change.parent(child, parent)
        if change.parents:
            self.into.record.commit(change)
        self.moved.added["parent_context"] += len(change.parents)


def _named(error: Invalid, pairs: list[Pair], into: Into) -> Invalid:
    """``error``, with the node of the store that caused it where it can be told."""
    with into.record.read() as reader:
        types = {t.id: t for t in reader.types()}
    for node, put in pairs:
        try:
            encode_change(Change(into.actor, into.namespace, nodes=[put]))
            if isinstance(put.type, int):
                check_properties(types[TypeId(put.type)], node.properties)
        except Invalid as cause:
            return type(cause)(
                f"{put.kind.value} {node.id} of the store cannot be recorded: {cause.message}",
                field=cause.field,
                value=cause.value,
                remedy="Correct it in the store; what was moved before it stays, and the next run goes on here",
            )
    return error
