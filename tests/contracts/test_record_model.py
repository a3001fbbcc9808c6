"""The record against a plain in-memory model, on random sequences of changes: same answers now and as of any change.

The model knows nothing of SQL, group commit or the log: dictionaries, and a copy of them kept after each change.
"""

from __future__ import annotations

import copy
import itertools
import os
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from clew.metadata.change import Change, EventPut, LinkPut, NodePut, TypePut, Withdrawal
from clew.metadata.errors import ClewError
from clew.metadata.ids import Kind, NodeRef
from clew.metadata.location import canonical
from clew.metadata.node import Artifact, Execution, Node, NodeType
from clew.metadata.reader import Reader
from clew.metadata.record import Record
from clew.metadata.replay import differences
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Proto

OWN_FIELDS = {
    Kind.ARTIFACT: ("uri", "state", "digest", "size_bytes"),
    Kind.EXECUTION: ("state", "fingerprint", "started_ms", "ended_ms"),
    Kind.CONTEXT: (),
}
FINISHED = {3, 4, 5, 6}
Fields = dict[str, Any]


class Refused(Exception):
    """The model says this change must fail."""


@dataclass
class State:
    """Everything recorded."""

    seq: int = 0
    time_ms: int = 0
    types: dict[int, Fields] = field(default_factory=dict)
    nodes: dict[Kind, dict[int, Fields]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    events: dict[tuple[int, int, int], tuple[Any, ...]] = field(default_factory=dict)
    links: dict[str, set[tuple[int, int]]] = field(
        default_factory=lambda: {"attribution": set(), "association": set(), "parent": set()}
    )


class Model:
    """What the record should do, in the plainest words."""

    def __init__(self) -> None:
        self.state = State()
        self.at: list[State] = [State()]
        self.keys: dict[tuple[str, str], tuple[Any, Any]] = {}

    def commit(self, change: Change, now_ms: int, request: Any) -> tuple[int, list[int], list[int], bool, bool]:
        """(seq, type ids, node ids, changed, replayed); raise Refused and keep the state when it must fail."""
        if change.key is not None and (change.namespace, change.key) in self.keys:
            earlier, answer = self.keys[change.namespace, change.key]
            if earlier != request:
                raise Refused
            return (*answer, True)
        draft = copy.deepcopy(self.state)
        draft.seq, draft.time_ms = draft.seq + 1, max(draft.time_ms, now_ms)
        type_ids, node_ids, changed = _Applied(draft, change).run()
        if changed:
            self.state = draft
            self.at.append(copy.deepcopy(draft))
        answer = (self.state.seq, type_ids, node_ids, changed)
        if change.key is not None:
            self.keys[change.namespace, change.key] = (request, answer)
        return (*answer, False)


class _Applied:
    def __init__(self, state: State, change: Change) -> None:
        self.s, self.change = state, change
        self.changed = False
        self.new: dict[int, int] = {}
        self.before = {kind: set(nodes) for kind, nodes in state.nodes.items()}
        """Only these may be named by number: a guessed number never names what this change makes."""

    def run(self) -> tuple[list[int], list[int], bool]:
        change = self.change
        type_ids = [self.put_type(put) for put in change.types]
        node_ids = []
        for put in change.nodes:
            node_ids.append(self.put_node(put))
            self.new[id(put)] = node_ids[-1]
        for withdrawal in change.withdrawals:
            self.withdraw(withdrawal)
        for event in change.events:
            self.put_event(event)
        for name, puts in (("attribution", change.attributions), ("association", change.associations)):
            member = Kind.ARTIFACT if name == "attribution" else Kind.EXECUTION
            for link in puts:
                self.add_link(name, (self.ref(link.context, Kind.CONTEXT), self.ref(link.member, member)), link)
        for link in change.parents:
            child, parent = self.ref(link.member, Kind.CONTEXT), self.ref(link.context, Kind.CONTEXT)
            if child in self.ancestors(parent):
                raise Refused
            self.add_link("parent", (child, parent), link)
        return type_ids, node_ids, self.changed

    # -- types

    def put_type(self, put: TypePut) -> int:
        wanted = put.type
        found = self.find_type(wanted.kind, wanted.name, wanted.version)
        if found is None:
            self.free_type_external_id(wanted)
            type_id = 10 + len(self.s.types)
            self.s.types[type_id] = {
                "kind": wanted.kind, "name": wanted.name, "version": wanted.version,
                "properties": dict(wanted.properties), "description": wanted.description,
                "external_id": wanted.external_id, "created_ms": self.s.time_ms, "updated_ms": self.s.time_ms,
                "created_seq": self.s.seq, "updated_seq": self.s.seq,
            }  # fmt: skip
            self.changed = True
            return type_id
        type_id, stored = found
        for name, kind in wanted.properties.items():
            if stored["properties"].get(name, kind) != kind:
                raise Refused
            if name not in stored["properties"] and not put.can_add_fields:
                raise Refused
        if not put.can_omit_fields and set(stored["properties"]) - set(wanted.properties):
            raise Refused
        after = dict(stored, properties=stored["properties"] | wanted.properties)
        if wanted.external_id is not None and wanted.external_id != stored["external_id"]:
            self.free_type_external_id(wanted)
            after["external_id"] = wanted.external_id
        if after != stored:
            self.s.types[type_id] = self.touched(after)
        return type_id

    def find_type(self, kind: Kind, name: str, version: str) -> tuple[int, Fields] | None:
        for type_id, t in self.s.types.items():
            if (t["kind"], t["name"], t["version"]) == (kind, name, version):
                return type_id, t
        return None

    def free_type_external_id(self, wanted: NodeType) -> None:
        if wanted.external_id is not None and any(
            t["kind"] is wanted.kind and t["external_id"] == wanted.external_id for t in self.s.types.values()
        ):
            raise Refused

    def type_of(self, put: NodePut) -> int:
        if isinstance(put.type, int):
            if put.type in self.s.types and self.s.types[put.type]["kind"] is put.kind:
                return put.type
            raise Refused
        if put.type is None or isinstance(put.type, TypePut):
            raise Refused
        name, version = (put.type, "") if isinstance(put.type, str) else put.type
        found = self.find_type(put.kind, name, version)
        if found is None:
            raise Refused
        return found[0]

    def check_properties(self, put: NodePut, type_id: int) -> None:
        declared = self.s.types[type_id]["properties"]
        for name, value in (put.properties or {}).items():
            if declared.get(name) != KIND_OF[type(value)]:
                raise Refused

    # -- nodes

    def put_node(self, put: NodePut) -> int:
        namespace = put.namespace or self.change.namespace
        node_id = None
        if put.id is not None:
            if put.id not in self.before[put.kind]:
                raise Refused
            node_id = put.id
        elif put.reuse == "name":
            if not put.name:
                raise Refused
            type_id = self.type_of(put)
            node_id = self.taken(put.kind, name=(type_id, put.name, namespace))
        elif put.reuse == "external_id":
            if not put.external_id:
                raise Refused
            node_id = self.taken(put.kind, external_id=(put.external_id, namespace))
        if node_id is None:
            return self.insert(put, namespace)
        if not (put.reuse and put.if_absent):
            self.update(put, node_id)
        return node_id

    def taken(self, kind: Kind, name: Any = None, external_id: Any = None) -> int | None:
        for node_id, n in self.s.nodes[kind].items():
            if name is not None and (n["type_id"], n["name"], n["namespace"]) == name:
                return node_id
            if external_id is not None and (n["external_id"], n["namespace"]) == external_id:
                return node_id
        return None

    def insert(self, put: NodePut, namespace: str) -> int:
        type_id = self.type_of(put)
        self.check_properties(put, type_id)
        if put.kind is Kind.CONTEXT and not put.name:
            raise Refused
        node: Fields = {"type_id": type_id, "namespace": namespace, "name": put.name, "external_id": put.external_id}
        self.require_free(put.kind, node)
        node |= {f: getattr(put, f) for f in OWN_FIELDS[put.kind]}
        node["properties"] = dict(put.properties or {})
        node["custom_properties"] = dict(put.custom_properties or {})
        node["created_ms"] = self.s.time_ms if put.created_ms is None else put.created_ms
        node["updated_ms"] = node["created_ms"] if put.updated_ms is None else put.updated_ms
        node["created_seq"] = node["updated_seq"] = self.s.seq
        node_id = len(self.s.nodes[put.kind]) + 1
        self.s.nodes[put.kind][node_id] = node
        self.changed = True
        return node_id

    def require_free(self, kind: Kind, node: Fields) -> None:
        if node["name"] is not None and self.taken(kind, name=(node["type_id"], node["name"], node["namespace"])):
            raise Refused
        if node["external_id"] is not None and self.taken(kind, external_id=(node["external_id"], node["namespace"])):
            raise Refused

    def update(self, put: NodePut, node_id: int) -> None:
        old = self.s.nodes[put.kind][node_id]
        if put.expect_updated_seq not in (None, old["updated_seq"]):
            raise Refused
        if put.type is not None and self.type_of(put) != old["type_id"]:
            raise Refused
        self.check_properties(put, old["type_id"])
        new = copy.deepcopy(old)
        (self.replace if put.mode == "replace" else self.merge)(put, new)
        if put.kind is Kind.CONTEXT and not new["name"]:
            raise Refused
        if exact(new) == exact(old) and not put.force_update_time:
            return
        moved = {f: new[f] if new[f] != old[f] else None for f in ("name", "external_id")}
        self.require_free(put.kind, {**new, **moved})
        self.s.nodes[put.kind][node_id] = self.touched(new)

    def merge(self, put: NodePut, new: Fields) -> None:
        for word in put.remove:
            map_name, dot, key = word.partition(".")
            if dot:
                new[map_name].pop(key, None)
            elif word in ("properties", "custom_properties"):
                new[word] = {}
            elif word in new:
                new[word] = None
            else:
                raise Refused
        for f in ("name", "external_id", *OWN_FIELDS[put.kind]):
            value = getattr(put, f)
            if value is not None:
                new[f] = self.state_after(put, new["state"], value) if f == "state" else value
        new["properties"] |= put.properties or {}
        new["custom_properties"] |= put.custom_properties or {}

    def replace(self, put: NodePut, new: Fields) -> None:
        new["external_id"] = put.external_id
        if put.kind is Kind.CONTEXT:
            new["name"] = put.name
        else:
            if put.state is not None:
                new["state"] = self.state_after(put, new["state"], put.state)
            elif put.state_rule == "replace":
                new["state"] = None
        if put.kind is Kind.ARTIFACT:
            new["uri"] = put.uri
        for f in set(OWN_FIELDS[put.kind]) - {"uri", "state"}:
            if getattr(put, f) is not None:
                new[f] = getattr(put, f)
        new["properties"] = dict(put.properties or {})
        new["custom_properties"] = dict(put.custom_properties or {})

    @staticmethod
    def state_after(put: NodePut, old: int | None, new: int) -> int | None:
        if put.state_rule == "replace":
            return new
        if put.kind is Kind.EXECUTION:
            return old if old in FINISHED or (old or 0) > new else new
        return old if (old or 0) >= 2 > new or (old == 1 and new == 0) else new

    def touched(self, fields: Fields) -> Fields:
        self.changed = True
        return fields | {"updated_ms": max(self.s.time_ms, fields["updated_ms"] + 1), "updated_seq": self.s.seq}

    # -- edges

    def ref(self, arg: NodePut | int, kind: Kind) -> int:
        if isinstance(arg, int):
            if arg not in self.before[kind]:
                raise Refused
            return arg
        if arg.kind is not kind or id(arg) not in self.new:
            raise Refused
        return self.new[id(arg)]

    def withdraw(self, put: Withdrawal) -> None:
        key = (self.ref(put.execution, Kind.EXECUTION), int(put.type), self.ref(put.artifact, Kind.ARTIFACT))
        if key in self.s.events and put.location in (None, self.s.events[key][-1]):
            del self.s.events[key]
            self.changed = True

    def put_event(self, put: EventPut) -> None:
        key = (self.ref(put.execution, Kind.EXECUTION), int(put.type), self.ref(put.artifact, Kind.ARTIFACT))
        if key in self.s.events:
            if not put.exist_ok:
                raise Refused
            return
        when = self.s.time_ms if put.time_ms is None else put.time_ms
        if put.confidence is not None and put.confidence > 100:
            raise Refused
        self.s.events[key] = (put.path, when, self.s.seq, *_said(put))
        self.changed = True

    def add_link(self, name: str, key: tuple[int, int], put: LinkPut) -> None:
        if key in self.s.links[name]:
            if not put.exist_ok:
                raise Refused
            return
        self.s.links[name].add(key)
        self.changed = True

    def ancestors(self, context: int) -> set[int]:
        seen, todo = {context}, [context]
        while todo:
            here = todo.pop()
            for child, parent in self.s.links["parent"]:
                if child == here and parent not in seen:
                    seen.add(parent)
                    todo.append(parent)
        return seen


KIND_OF: dict[type, PropertyType] = {
    bool: PropertyType.BOOLEAN,
    int: PropertyType.INT,
    float: PropertyType.DOUBLE,
    str: PropertyType.STRING,
    dict: PropertyType.STRUCT,
    Proto: PropertyType.PROTO,
}


def exact(value: Any) -> Any:
    """A form whose equality tells 1 from 1.0 and True, 0.0 from -0.0, and knows nan."""
    if isinstance(value, float):
        return ("float", struct.pack(">d", value))
    if isinstance(value, dict):
        return {k: exact(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [exact(v) for v in value]
    return (type(value).__name__, value) if isinstance(value, bool | int | str) else value


# -- what the record holds, in the model's form -------------------------------------------------------------------


def held(reader: Reader) -> State:
    """Everything a reader shows, through its public methods."""
    state = State(seq=reader.seq)
    for t in reader.types():
        if t.id >= 10:
            names = (
                "kind", "name", "version", "properties", "description", "external_id", "created_ms", "updated_ms",
                "created_seq", "updated_seq",
            )  # fmt: skip
            state.types[int(t.id)] = {n: getattr(t, n) for n in names}
    for kind in Kind:
        listing: Any = getattr(reader, kind.value + "s")
        after = None
        while True:
            page = listing(after=after, limit=3)
            state.nodes[kind] |= {int(n.id): _fields(n) for n in page.items}
            after = page.next_cursor
            if after is None:
                break
    for event in reader.events_of_executions(state.nodes[Kind.EXECUTION]):
        key = (int(event.execution_id), int(event.type), int(event.artifact_id))
        state.events[key] = (event.path, event.time_ms, int(event.created_seq), *_said(event))
    for name, found in (
        ("attribution", reader.contexts_of_artifacts(state.nodes[Kind.ARTIFACT])),
        ("association", reader.contexts_of_executions(state.nodes[Kind.EXECUTION])),
    ):
        state.links[name] = {(int(c.id), member) for member, contexts in found.items() for c in contexts}
    parents = reader.parents_of(state.nodes[Kind.CONTEXT])
    state.links["parent"] = {(child, int(c.id)) for child, contexts in parents.items() for c in contexts}
    return state


def _fields(node: Node) -> Fields:
    kind = (
        Kind.ARTIFACT if isinstance(node, Artifact) else Kind.EXECUTION if isinstance(node, Execution) else Kind.CONTEXT
    )
    names = ("type_id", "namespace", "name", "external_id", *OWN_FIELDS[kind], "properties", "custom_properties")
    if isinstance(node, Artifact):
        assert node.location == (canonical(node.uri) if node.uri else None) or not node.uri
    return {n: getattr(node, n) for n in (*names, "created_ms", "updated_ms", "created_seq", "updated_seq")}


def assert_same(shown: State, told: State) -> None:
    """Compare part by part, so that a difference is short."""
    assert shown.seq == told.seq
    assert exact_state(shown.types) == exact_state(told.types)
    for kind in Kind:
        assert exact_state(shown.nodes[kind]) == exact_state(told.nodes[kind])
    assert shown.events == told.events
    assert shown.links == told.links


def exact_state(nodes: dict[int, Fields]) -> Any:
    return {i: {k: exact(int(v) if isinstance(v, int) and not isinstance(v, bool) else v) for k, v in n.items()}
            for i, n in nodes.items()}  # fmt: skip


# -- random changes -----------------------------------------------------------------------------------------------

LOCATIONS, RARELY = st.sampled_from([None, None, "s3://b/x"]), st.sampled_from([False] * 15 + [True])
SOMETIMES = st.sampled_from([False, False, True])
LETTERS = "abcdefghijklmnopqrstuvwxyzäö"
PROPERTY_KINDS = {"p": PropertyType.INT, "q": PropertyType.DOUBLE, "ö x": PropertyType.INT}
PROPERTY_NAMES = st.sampled_from(sorted(PROPERTY_KINDS))
VALUES = st.sampled_from([
    0, 1, -(2**63), 2**63 - 1, 0.0, -0.0, 1.0, 5e-324, float("inf"), float("-inf"), float("nan"), "", "1", "a\0b",
    "\U0001f9f6", True, False, {}, {"n": 1, "x": [1.0, None, {"y": float("nan")}]}, Proto("t/u", b"\0\xff"),
])  # fmt: skip
DIGESTS = st.sampled_from([None, "sha256:" + "0" * 64, "sha256:" + "a" * 64])


@st.composite
def type_puts(draw: st.DrawFn) -> TypePut:
    """A new type or a step in the life of an old one; sometimes one it may not take."""
    names = draw(st.lists(PROPERTY_NAMES, max_size=3, unique=True))
    kinds = {n: PropertyType.STRING if draw(RARELY) else PROPERTY_KINDS[n] for n in names}
    description = draw(st.sampled_from([None, "words"]))
    external_id = draw(st.sampled_from("xyzvw")) if draw(SOMETIMES) else None
    name, version = draw(st.sampled_from("TU")), draw(st.sampled_from(["", "1"]))
    return TypePut(
        NodeType(draw(st.sampled_from(Kind)), name, version, kinds, description, external_id),
        can_add_fields=not draw(RARELY),
        can_omit_fields=not draw(RARELY),
    )


@st.composite
def node_puts(draw: st.DrawFn, state: State) -> NodePut:
    """An insert, an update by id, or a put that reuses what it finds."""
    kind = draw(st.sampled_from(Kind))
    known = state.nodes[kind]
    put = NodePut(kind, None)
    how = draw(st.sampled_from(["insert", "insert", "id", "id", "name", "external_id"]))
    if how == "id" and known:
        put.id = len(known) + 1 if draw(RARELY) else draw(st.sampled_from(sorted(known)))
        if draw(SOMETIMES):
            put.expect_updated_seq = state.seq if draw(RARELY) else known.get(put.id, {"updated_seq": 1})["updated_seq"]
        put.mode = "replace" if draw(SOMETIMES) else "merge"
        put.force_update_time = draw(RARELY)
    elif how in ("name", "external_id"):
        put.reuse = "name" if how == "name" else "external_id"
        put.if_absent = draw(SOMETIMES)
    if put.id is None:
        odd: list[Any] = ["U", ("T", "1"), ("U", ""), 10, 11, 12]
        put.type = draw(st.sampled_from(odd)) if draw(RARELY) else "T"
    if kind is Kind.CONTEXT or put.reuse == "name" or draw(SOMETIMES):
        put.name = draw(st.sampled_from(LETTERS))
    if put.reuse == "external_id" or draw(RARELY):
        put.external_id = draw(st.sampled_from(LETTERS))
    put.namespace = "other" if draw(RARELY) else None
    if kind is Kind.ARTIFACT:
        put.uri = draw(st.sampled_from([None, "", "s3a://b/k/", "/x//y"]))
        put.state = draw(st.none() | st.sampled_from(ArtifactState))
        put.digest = draw(DIGESTS)
        put.size_bytes = draw(st.sampled_from([None, 0, 2**63 - 1]))
    if kind is Kind.EXECUTION:
        put.state = draw(st.none() | st.sampled_from(ExecutionState))
        put.fingerprint = draw(DIGESTS)
        put.started_ms = draw(st.sampled_from([None, 0, 5]))
        put.ended_ms = draw(st.sampled_from([None, 7]))
    put.state_rule = "replace" if draw(RARELY) else "advance"
    numbers: dict[str, st.SearchStrategy[Any]] = {
        "p": st.sampled_from([0, 7, -(2**63)]),
        "q": st.sampled_from([0.5, -0.0, float("nan")]),
    }
    if not draw(SOMETIMES):
        names = draw(st.lists(st.sampled_from("pq"), max_size=2, unique=True))
        put.properties = {name: draw(numbers[name]) for name in names}
    elif draw(RARELY):
        put.properties = {draw(PROPERTY_NAMES): draw(st.sampled_from([0, 0.5]))}
    if not draw(SOMETIMES):
        put.custom_properties = draw(st.dictionaries(PROPERTY_NAMES, VALUES, max_size=3))  # type: ignore[assignment]
    if put.id is not None and put.mode == "merge" and draw(SOMETIMES):
        fields = ["external_id", "properties", "custom_properties.p", "properties.q", *OWN_FIELDS[kind]]
        put.remove = tuple(draw(st.lists(st.sampled_from(fields), max_size=2, unique=True)))
    return put


@st.composite
def changes(draw: st.DrawFn, state: State) -> Change:
    """A change most of which is sound."""
    change = Change(actor=draw(st.sampled_from(["", "ann"])), namespace="other" if draw(RARELY) else "default")
    change.key = draw(st.sampled_from(LETTERS)) if draw(RARELY) else None
    change.types = draw(st.lists(type_puts(), max_size=2)) if draw(SOMETIMES) else []
    change.nodes = draw(st.lists(node_puts(state), max_size=4))

    def some(kind: Kind) -> st.SearchStrategy[NodePut | int]:
        options: list[NodePut | int] = [put for put in change.nodes if put.kind is kind]
        options += sorted(state.nodes[kind])
        return st.sampled_from(options + ([len(state.nodes[kind]) + 9] if draw(RARELY) else []))

    def links(member: Kind) -> list[LinkPut]:
        return draw(
            st.lists(st.builds(LinkPut, some(Kind.CONTEXT), some(member), RARELY.map(lambda r: not r)), max_size=2)
        )

    paths = st.sampled_from([(), ("data",), ("models", 0, "ä")])
    event = st.builds(
        EventPut, some(Kind.ARTIFACT), some(Kind.EXECUTION), st.sampled_from([EventType.INPUT, EventType.OUTPUT]),
        paths, st.sampled_from([None, None, 5]), RARELY.map(lambda r: not r),
        st.sampled_from([None, "mlflow", "ä"]), st.sampled_from([None, 0, 90]), LOCATIONS,
    )  # fmt: skip
    change.events = draw(st.lists(event, max_size=3))
    types = st.sampled_from([EventType.INPUT, EventType.OUTPUT])
    withdrawal = st.builds(Withdrawal, some(Kind.ARTIFACT), some(Kind.EXECUTION), types, LOCATIONS)
    change.withdrawals = draw(st.lists(withdrawal, max_size=3)) if draw(SOMETIMES) else []
    change.attributions = links(Kind.ARTIFACT)
    change.associations = links(Kind.EXECUTION)
    change.parents = links(Kind.CONTEXT) if draw(SOMETIMES) else []
    return change


_said = attrgetter("source", "confidence", "location")


def request_of(change: Change) -> Any:
    """What makes two requests the same: everything, with puts named by their place."""
    place = {id(put): f"#{i}" for i, put in enumerate(change.nodes)}

    def ref(arg: NodePut | int) -> Any:
        return arg if isinstance(arg, int) else place[id(arg)]

    return (
        change.actor,
        [(repr(p.type), p.can_add_fields, p.can_omit_fields) for p in change.types],
        [[repr(getattr(p, s)) for s in NodePut.__slots__ if s != "given"] for p in change.nodes],
        [[ref(e.artifact), ref(e.execution), e.type, e.path, e.time_ms, e.exist_ok, *_said(e)] for e in change.events],
        [(ref(w.artifact), ref(w.execution), w.type, w.location) for w in change.withdrawals],
        [[(ref(p.context), ref(p.member), p.exist_ok) for p in puts]
         for puts in (change.attributions, change.associations, change.parents)],
    )  # fmt: skip


class RecordMachine(RuleBasedStateMachine):
    """Commits random changes to the record and the model, and compares."""

    url: Callable[[], str]

    @initialize()
    def open(self) -> None:
        self.now_ms = 1_000
        self.model = Model()
        self.where = type(self).url()
        self.record = Record.open(self.where, clock_ms=lambda: self.now_ms)
        types = Change()
        for kind in Kind:
            types.type(NodeType(kind, "T", properties={"p": PropertyType.INT, "q": PropertyType.DOUBLE}))
        for kind in Kind:
            types.node(NodePut(kind, "T", name="a"))
        self.commit(types)

    @rule(data=st.data())
    def commit_one_with_a_key_again(self, data: st.DataObject) -> None:
        change = data.draw(changes(self.model.state))
        change.key = data.draw(st.sampled_from(LETTERS))
        self.commit(change)
        self.now_ms += 1
        self.commit(change)

    @rule(data=st.data(), step_ms=st.integers(-3, 5))
    def commit_some(self, data: st.DataObject, step_ms: int) -> None:
        self.now_ms += step_ms
        self.commit(data.draw(changes(self.model.state)))

    @rule(data=st.data())
    def commit_several_at_once(self, data: st.DataObject) -> None:
        several = [data.draw(changes(self.model.state)) for _ in range(3)]
        outcomes = self.record.commit_many(several)
        for change, outcome in zip(several, outcomes, strict=True):
            self.compare(change, outcome)

    @rule()
    def open_again(self) -> None:
        self.record.close()
        self.record = Record.open(self.where, clock_ms=lambda: self.now_ms)

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        seq = data.draw(st.integers(0, self.model.state.seq))
        with self.record.read(as_of=seq) as reader:
            assert_same(held(reader), self.model.at[seq])

    @precondition(lambda self: self.model.state.seq > 0)
    @rule(data=st.data())
    def history_of_a_node_is_its_states(self, data: st.DataObject) -> None:
        kind = data.draw(st.sampled_from(Kind))
        if not self.model.state.nodes[kind]:
            return
        node_id = data.draw(st.sampled_from(sorted(self.model.state.nodes[kind])))
        told: list[Fields] = []
        for state in self.model.at:
            node = state.nodes[kind].get(node_id)
            if node is not None and (not told or told[-1]["updated_seq"] != node["updated_seq"]):
                told.append(node)
        with self.record.read() as reader:
            shown = [_fields(n) for n in reader.history(NodeRef(kind, node_id))]
        assert exact_state(dict(enumerate(shown))) == exact_state(dict(enumerate(told)))

    def commit(self, change: Change) -> None:
        outcome: Any
        try:
            outcome = self.record.commit(change)
        except ClewError as error:
            outcome = error
        self.compare(change, outcome)
        with self.record.read() as reader:
            assert_same(held(reader), self.model.state)

    def compare(self, change: Change, outcome: Any) -> None:
        try:
            seq, type_ids, node_ids, changed, replayed = self.model.commit(change, self.now_ms, request_of(change))
        except Refused:
            assert isinstance(outcome, ClewError), f"the record took what it must refuse: {change}"
            return
        if isinstance(outcome, BaseException):
            raise AssertionError(f"the record refused what it must take: {change}") from outcome
        assert (outcome.seq, list(outcome.type_ids), list(outcome.node_ids)) == (seq, type_ids, node_ids)
        assert (outcome.changed, outcome.replayed) == (changed, replayed)

    def teardown(self) -> None:
        if not hasattr(self, "record"):
            return
        try:
            for seq, told in enumerate(self.model.at):
                with self.record.read(as_of=seq) as reader:
                    assert_same(held(reader), told)
            with self.record.read() as reader:
                assert differences(reader) == []
                log = reader.changes()
            assert [c.seq for c in log] == list(range(1, self.model.state.seq + 1))
            assert all(a.time_ms <= b.time_ms for a, b in itertools.pairwise(log))
        finally:
            self.record.close()


def _machine(url: Callable[[], str]) -> type[RecordMachine]:
    return type("Machine", (RecordMachine,), {"url": staticmethod(url)})


@pytest.fixture
def folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="clew-model-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    yield path
    shutil.rmtree(path)


def _run(machine: type[RecordMachine], examples: int, steps: int) -> None:
    examples = int(os.environ.get("CLEW_MODEL_EXAMPLES", examples))
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.mark.timeout(900)
def test_sqlite_does_what_the_model_does(folder: Path) -> None:
    count = itertools.count()
    _run(_machine(lambda: f"sqlite:///{folder}/{next(count)}.db"), examples=40, steps=20)


@pytest.mark.postgres
@pytest.mark.timeout(900)
def test_postgres_does_what_the_model_does(postgres_databases: Callable[[str], str], postgres_template: str) -> None:
    _run(_machine(lambda: postgres_databases(postgres_template)), examples=8, steps=20)
