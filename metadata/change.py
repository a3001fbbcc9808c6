"""A change: what a caller wants recorded, as one atomic unit. A pure value; it knows no store.

    change = Change(actor="ann")
    raw = change.artifact("Dataset", uri="s3://lake/raw.csv", state=ArtifactState.LIVE)
    run = change.execution("Train", state=ExecutionState.COMPLETE)
    change.event(raw, run, EventType.INPUT, path=("data",))
    receipt = record.commit(change)
    receipt.id(raw)

Edges name nodes by id, or by the put that will create them: of the same change, or of one committed before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from clew.metadata.ids import Kind, Seq
from clew.metadata.node import NodeType
from clew.metadata.states import ArtifactState, EventType, ExecutionState
from clew.metadata.value import Value

TypeRef = str | int | tuple[str, str]
"""A type by name, by id, or by (name, version)."""
Mode = Literal["merge", "replace"]
"""What an update does with what it does not name: keep it, or clear it (ML Metadata's put)."""
Reuse = Literal["", "name", "external_id"]
"""By what an existing node is found and updated instead of a new one created."""
StateRule = Literal["advance", "replace"]
"""Whether a reported state may only move forward (see states.py) or is taken as it is."""


@dataclass(slots=True, eq=False)
class TypePut:
    """Register or evolve a type. Added and omitted properties are allowed unless told otherwise."""

    type: NodeType
    base_type: TypeRef | None = None
    can_add_fields: bool = True
    can_omit_fields: bool = True


@dataclass(slots=True, eq=False)
class NodePut:
    """Insert or update one node. None leaves a field as it is (or clears it in mode ``replace``)."""

    kind: Kind
    type: TypeRef | TypePut | None
    id: int | None = None
    name: str | None = None
    external_id: str | None = None
    uri: str | None = None
    state: int | None = None
    digest: str | None = None
    size_bytes: int | None = None
    fingerprint: str | None = None
    started_ms: int | None = None
    ended_ms: int | None = None
    properties: Mapping[str, Value] | None = None
    custom_properties: Mapping[str, Value] | None = None
    namespace: str | None = None
    created_ms: int | None = None
    updated_ms: int | None = None
    mode: Mode = "merge"
    reuse: Reuse = ""
    state_rule: StateRule = "advance"
    remove: tuple[str, ...] = ()
    """Fields and ``properties.k`` / ``custom_properties.k`` to clear in mode ``merge``."""
    expect_updated_seq: int | None = None
    """Update only if the node was last changed by this ``seq``; else VersionConflict."""
    expect_updated_ms: int | None = None
    force_update_time: bool = False
    if_absent: bool = False
    """With ``reuse``: leave a node that exists untouched."""
    insert_id: int | None = None
    """Import only: the id a new node must get."""
    given: int | None = field(default=None, init=False)
    """The id it got: a later change may name the put itself."""


NodeArg = NodePut | int


@dataclass(slots=True, eq=False)
class EventPut:
    """Record that an execution read or wrote an artifact."""

    artifact: NodeArg
    execution: NodeArg
    type: EventType
    path: tuple[int | str, ...] = ()
    time_ms: int | None = None
    exist_ok: bool = True
    """Ignore an event that is recorded already; else AlreadyRecorded."""
    source: str | None = None
    """The protocol that said so: ``openlineage``, ``mlflow``, ``notebook`` ..."""
    confidence: int | None = None
    """In percent; None where it was said outright."""
    location: str | None = None
    """What was said to be read or written, where the artifact was found by it: see metadata/identity."""
    said: str | None = None
    """JSON of what was said of it, where that is more than one location, at this time and under this path."""


@dataclass(slots=True, eq=False)
class Withdrawal:
    """Take an event back: what said so knows better now. It stays in what was true until then."""

    artifact: NodeArg
    execution: NodeArg
    type: EventType
    location: str | None = None
    """Only an event that was said of this location; None: any."""


@dataclass(slots=True, eq=False)
class LinkPut:
    """Record that ``member`` (artifact, execution or child context) belongs to ``context``."""

    context: NodeArg
    member: NodeArg
    exist_ok: bool = True


@dataclass(slots=True, eq=False)
class Change:
    """Everything to be recorded together. Applied in order: types, nodes, withdrawals, events, links."""

    actor: str = ""
    namespace: str = "default"
    key: str | None = None
    """Idempotency key: the same key and body again returns the first receipt and records nothing."""
    types: list[TypePut] = field(default_factory=list)
    nodes: list[NodePut] = field(default_factory=list)
    events: list[EventPut] = field(default_factory=list)
    attributions: list[LinkPut] = field(default_factory=list)
    associations: list[LinkPut] = field(default_factory=list)
    parents: list[LinkPut] = field(default_factory=list)
    withdrawals: list[Withdrawal] = field(default_factory=list)

    def type(
        self,
        type: NodeType,
        *,
        base_type: TypeRef | None = None,
        can_add_fields: bool = True,
        can_omit_fields: bool = True,
    ) -> TypePut:
        """Register ``type``, or evolve it where it exists."""
        put = TypePut(type, base_type, can_add_fields, can_omit_fields)
        self.types.append(put)
        return put

    def artifact(
        self,
        type: TypeRef | TypePut | None = None,
        *,
        id: int | None = None,
        name: str | None = None,
        external_id: str | None = None,
        uri: str | None = None,
        state: ArtifactState | None = None,
        digest: str | None = None,
        size_bytes: int | None = None,
        properties: Mapping[str, Value] | None = None,
        custom_properties: Mapping[str, Value] | None = None,
        namespace: str | None = None,
        mode: Mode = "merge",
        reuse: Reuse = "",
    ) -> NodePut:
        """Insert an artifact, or update the one with ``id`` (or found by ``reuse``)."""
        put = NodePut(
            Kind.ARTIFACT, type, id, name, external_id, uri, state, digest, size_bytes,
            None, None, None, properties, custom_properties, namespace, None, None, mode, reuse,
        )  # fmt: skip
        self.nodes.append(put)
        return put

    def execution(
        self,
        type: TypeRef | TypePut | None = None,
        *,
        id: int | None = None,
        name: str | None = None,
        external_id: str | None = None,
        state: ExecutionState | None = None,
        fingerprint: str | None = None,
        started_ms: int | None = None,
        ended_ms: int | None = None,
        properties: Mapping[str, Value] | None = None,
        custom_properties: Mapping[str, Value] | None = None,
        namespace: str | None = None,
        mode: Mode = "merge",
        reuse: Reuse = "",
    ) -> NodePut:
        """Insert an execution, or update the one with ``id`` (or found by ``reuse``)."""
        put = NodePut(
            Kind.EXECUTION, type, id, name, external_id, None, state, None, None,
            fingerprint, started_ms, ended_ms, properties, custom_properties, namespace, None, None, mode, reuse,
        )  # fmt: skip
        self.nodes.append(put)
        return put

    def context(
        self,
        type: TypeRef | TypePut | None = None,
        *,
        id: int | None = None,
        name: str | None = None,
        external_id: str | None = None,
        properties: Mapping[str, Value] | None = None,
        custom_properties: Mapping[str, Value] | None = None,
        namespace: str | None = None,
        mode: Mode = "merge",
        reuse: Reuse = "",
    ) -> NodePut:
        """Insert a context, or update the one with ``id`` (or found by ``reuse``)."""
        put = NodePut(
            Kind.CONTEXT, type, id, name, external_id, None, None, None, None,
            None, None, None, properties, custom_properties, namespace, None, None, mode, reuse,
        )  # fmt: skip
        self.nodes.append(put)
        return put

    def node(self, put: NodePut) -> NodePut:
        """Add a put made by hand (every option of NodePut)."""
        self.nodes.append(put)
        return put

    def event(
        self,
        artifact: NodeArg,
        execution: NodeArg,
        type: EventType,
        *,
        path: Iterable[int | str] = (),
        time_ms: int | None = None,
        exist_ok: bool = True,
        source: str | None = None,
        confidence: int | None = None,
    ) -> None:
        """Record that ``execution`` read or wrote ``artifact``, who says so and how sure that is (percent)."""
        self.events.append(EventPut(artifact, execution, type, tuple(path), time_ms, exist_ok, source, confidence))

    def withdraw(self, artifact: NodeArg, execution: NodeArg, type: EventType) -> None:
        """Take an event back; nothing happens where there is none. As of earlier changes it is still there."""
        self.withdrawals.append(Withdrawal(artifact, execution, type))

    def attribute(self, context: NodeArg, artifact: NodeArg, *, exist_ok: bool = True) -> None:
        """Put ``artifact`` into ``context``."""
        self.attributions.append(LinkPut(context, artifact, exist_ok))

    def associate(self, context: NodeArg, execution: NodeArg, *, exist_ok: bool = True) -> None:
        """Put ``execution`` into ``context``."""
        self.associations.append(LinkPut(context, execution, exist_ok))

    def parent(self, child: NodeArg, parent: NodeArg, *, exist_ok: bool = True) -> None:
        """Put context ``child`` inside context ``parent``."""
        self.parents.append(LinkPut(parent, child, exist_ok))


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a change is durable, and the ids it gave."""

    seq: Seq
    """Its position in the log; where the change had no effect, the position it found."""
    time_ms: int
    type_ids: tuple[int, ...]
    node_ids: tuple[int, ...]
    """Aligned with ``Change.types`` and ``Change.nodes``."""
    changed: bool = True
    """False when everything was recorded already and the log did not grow."""
    replayed: bool = False
    """True when this is the receipt of an earlier change with the same idempotency key."""
    change: Change | None = field(default=None, compare=False, repr=False)

    def id(self, put: NodePut | TypePut) -> int:
        """The id the record gave to ``put``."""
        assert self.change is not None
        if isinstance(put, TypePut):
            return self.type_ids[self.change.types.index(put)]
        return self.node_ids[self.change.nodes.index(put)]
