"""What the record holds, as frozen values: types, artifacts, executions, contexts and the edges between them.

Units: ``*_ms`` is UTC epoch milliseconds; ``*_seq`` is a position in the change log.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from clew.metadata.digest import Digest
from clew.metadata.ids import ArtifactId, ContextId, ExecutionId, Kind, NodeRef, Seq, TypeId
from clew.metadata.log import operations
from clew.metadata.states import ArtifactState, EventType, ExecutionState, PropertyType
from clew.metadata.value import Value

T = TypeVar("T")
_NO_TYPE, _NEVER = TypeId(0), Seq(0)


@dataclass(frozen=True, slots=True)
class NodeType:
    """A type of artifacts, executions or contexts and the properties it declares."""

    kind: Kind
    name: str
    version: str = ""
    """"" is the unversioned type; (T, "") and (T, "1") are two types."""
    properties: dict[str, PropertyType] = field(default_factory=dict)
    description: str | None = None
    external_id: str | None = None
    base_type_id: TypeId | None = None
    input_type: dict[str, Any] | None = None
    """ML Metadata's ArtifactStructType of an execution type's inputs, as JSON; likewise output_type."""
    output_type: dict[str, Any] | None = None
    id: TypeId = _NO_TYPE
    created_ms: int = 0
    updated_ms: int = 0
    created_seq: Seq = _NEVER
    updated_seq: Seq = _NEVER


@dataclass(frozen=True, slots=True)
class Artifact:
    """A thing made or used: data set, model, metrics, report."""

    id: ArtifactId
    type_id: TypeId
    type: str
    """Name of the type."""
    namespace: str
    name: str | None
    external_id: str | None
    uri: str | None
    """As reported, to the letter."""
    location: str | None
    """Canonical form of ``uri``: by this, protocols meet."""
    state: ArtifactState | None
    digest: Digest | None
    size_bytes: int | None
    properties: dict[str, Value]
    custom_properties: dict[str, Value]
    created_ms: int
    updated_ms: int
    created_seq: Seq
    updated_seq: Seq

    @property
    def ref(self) -> NodeRef:
        """``artifact:ID``."""
        return NodeRef(Kind.ARTIFACT, self.id)


@dataclass(frozen=True, slots=True)
class Execution:
    """One piece of work, done or under way."""

    id: ExecutionId
    type_id: TypeId
    type: str
    namespace: str
    name: str | None
    external_id: str | None
    state: ExecutionState | None
    fingerprint: Digest | None
    """Digest of everything the result depends on: equal fingerprints may reuse each other's outputs."""
    started_ms: int | None
    ended_ms: int | None
    properties: dict[str, Value]
    custom_properties: dict[str, Value]
    created_ms: int
    updated_ms: int
    created_seq: Seq
    updated_seq: Seq

    @property
    def ref(self) -> NodeRef:
        """``execution:ID``."""
        return NodeRef(Kind.EXECUTION, self.id)


@dataclass(frozen=True, slots=True)
class Context:
    """A grouping: owner, project, experiment, pipeline, run."""

    id: ContextId
    type_id: TypeId
    type: str
    namespace: str
    name: str
    external_id: str | None
    properties: dict[str, Value]
    custom_properties: dict[str, Value]
    created_ms: int
    updated_ms: int
    created_seq: Seq
    updated_seq: Seq

    @property
    def ref(self) -> NodeRef:
        """``context:ID``."""
        return NodeRef(Kind.CONTEXT, self.id)


Node = Artifact | Execution | Context


@dataclass(frozen=True, slots=True)
class Event:
    """An execution read or wrote an artifact."""

    execution_id: ExecutionId
    artifact_id: ArtifactId
    type: EventType
    path: tuple[int | str, ...]
    """Where in the inputs or outputs: keys are str, list positions int."""
    time_ms: int
    created_seq: Seq
    source: str | None = None
    """The protocol that said so; None where that was not told."""
    confidence: int | None = None
    """In percent; None where it was said outright."""
    location: str | None = None
    """What was said to be read or written; None where the artifact itself was named."""


@dataclass(frozen=True, slots=True)
class Attribution:
    """An artifact belongs to a context."""

    context_id: ContextId
    artifact_id: ArtifactId
    created_seq: Seq


@dataclass(frozen=True, slots=True)
class Association:
    """An execution belongs to a context."""

    context_id: ContextId
    execution_id: ExecutionId
    created_seq: Seq


@dataclass(frozen=True, slots=True)
class ParentContext:
    """A context lies inside another."""

    context_id: ContextId
    parent_id: ContextId
    created_seq: Seq


@dataclass(frozen=True, slots=True)
class Committed:
    """One row of the change log."""

    seq: Seq
    time_ms: int
    """Never earlier than the change before it, whatever the clock did."""
    actor: str
    namespace: str
    log: bytes
    """What the change did, as it is stored: see metadata/log.py."""
    digest: Digest
    """Over all of the above."""

    @property
    def ops(self) -> list[tuple[str, dict[str, Any]]]:
        """What the change did, as effects: ``("artifact", {row after})``. Cost: decodes the log."""
        return operations(self.log)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a listing."""

    items: list[T]
    cursors: list[str]
    """One opaque cursor an item: pass it as ``after`` to continue behind that item."""
    has_next: bool

    @property
    def next_cursor(self) -> str | None:
        """Cursor of the next page; None on the last."""
        return self.cursors[-1] if self.has_next and self.cursors else None
