"""The nodes of the graph and the edges between them, as GraphQL types.

Plain fields are copied from the record's frozen values; neighbours load through the node's Batch, for all siblings
at once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import chain
from typing import Annotated, Any

import strawberry

from clew.api.graphql.arguments import After, First, Names, Order, Touches, Where
from clew.api.graphql.columns import ColumnLineage, Name, Versions, Way, column_lineage_of
from clew.api.graphql.connection import Connection
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import ARTIFACT_STATE_OF, EXECUTION_STATE_OF, Direction, EventType, Kind, State
from clew.api.graphql.filters import (
    ArtifactFilter,
    ExecutionFilter,
)
from clew.api.graphql.listing import Asked, members_page
from clew.api.graphql.operation import Batch, Snapshot
from clew.api.graphql.preview import FolderPath, MaxBytes, Preview, preview_of
from clew.api.graphql.scalars import Int64, PathStep
from clew.api.graphql.types import Property, Type, properties, types_of
from clew.metadata import node as record
from clew.metadata.ids import NodeRef
from clew.metadata.label import label
from clew.metadata.states import INPUT_EVENTS, OUTPUT_EVENTS


@strawberry.interface(description="An artifact, an execution or a context.")
class Node:
    """What the three kinds share."""

    row: strawberry.Private[Any]
    batch: strawberry.Private[Batch]
    id: strawberry.ID = strawberry.field(description="`artifact:42`, `execution:7` or `context:3`.")
    kind: Kind = strawberry.field(description="Which of the three it is.")
    type: str = strawberry.field(description="Name of its type.")
    namespace: str = strawberry.field(description="The namespace it lives in.")
    name: str | None = strawberry.field(description="Its name, unique with type and namespace.")
    external_id: str | None = strawberry.field(description="Its id in another system, unique with the namespace.")
    state: State | None = strawberry.field(description="Where in its life it is; contexts have no state.")
    created_ms: Int64 = strawberry.field(description="When it was created: UTC epoch milliseconds.")
    updated_ms: Int64 = strawberry.field(description="When it last changed.")
    created_seq: Int64 = strawberry.field(description="The change that recorded it first.")
    updated_seq: Int64 = strawberry.field(description="The change that changed it last.")

    @resolved
    def label(self) -> str:
        """What a person would call it: its name, its display name, its address, its external id, or its id."""
        return label(self.row) or str(self.id)

    @resolved
    def properties(self, names: Names = None) -> list[Property]:
        """The properties its type declares, by name; only those in `names` when given."""
        return properties(self.row.properties, names)

    @resolved
    def custom_properties(self, names: Names = None) -> list[Property]:
        """Properties of its own, by name; only those in `names` when given."""
        return properties(self.row.custom_properties, names)

    @resolved
    def node_type(self) -> Type:
        """Its type, whole."""
        return types_of(self.batch.snapshot)[self.row.type_id]

    @resolved
    def history(self) -> list[Node]:
        """Every state it was ever in, oldest first; the current one is last."""
        snapshot = self.batch.snapshot
        rows = snapshot.reader.history(self.row.ref)
        snapshot.operation.spend(len(rows))
        return [_wrap(row, self.batch) for row in rows]


@strawberry.type(description="An execution read or wrote an artifact.")
class Event:
    """An edge of the lineage graph."""

    row: strawberry.Private[record.Event]
    batch: strawberry.Private[EventBatch]
    type: EventType = strawberry.field(description="How the artifact was touched.")
    path: list[PathStep] = strawberry.field(description="Where in the inputs or outputs: keys and list positions.")
    time_ms: Int64 = strawberry.field(description="When: UTC epoch milliseconds.")
    created_seq: Int64 = strawberry.field(description="The change that recorded it.")
    source: str | None = strawberry.field(description="The protocol that said so, where that was told.")
    confidence: int | None = strawberry.field(description="In percent; null where it was said outright.")
    location: str | None = strawberry.field(
        description="The location that was said to be touched; null where the artifact itself was named."
    )

    @resolved
    def name(self) -> str:
        """The path as text: "data", "models[0]"."""
        text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.row.path)
        return text.removeprefix(".")

    @resolved
    def artifact(self) -> Artifact:
        """The artifact."""
        return self.batch.artifacts()[self.row.artifact_id]

    @resolved
    def execution(self) -> Execution:
        """The execution."""
        return self.batch.executions()[self.row.execution_id]


@strawberry.type(description="A thing made or used: data set, model, metrics, report.")
class Artifact(Node):
    """An artifact."""

    uri: str | None = strawberry.field(description="Where its bytes are, as reported, to the letter.")
    location: str | None = strawberry.field(description="Canonical form of the uri: by this, protocols meet.")
    digest: str | None = strawberry.field(description="Digest of its bytes: `sha256:...`.")
    size_bytes: Int64 | None = strawberry.field(description="Size of its bytes.")

    @resolved
    def events(self, types: Touches = None, first: First = 100) -> list[Event]:
        """What executions did with it, oldest first."""
        return _some(self.batch, _events_of_artifacts(self.batch)[self.row.id], types, first)

    @resolved
    def producer(self) -> Execution | None:
        """The execution that wrote it; the newest when several did."""
        events = _events_of_artifacts(self.batch)[self.row.id]
        made = [event for event in events if event.row.type in OUTPUT_EVENTS]
        return made[-1].batch.executions()[made[-1].row.execution_id] if made else None

    @resolved
    def consumers(self, first: First = 100) -> list[Execution]:
        """The executions that read it, oldest first."""
        events = _events_of_artifacts(self.batch)[self.row.id]
        read = dict.fromkeys(event.row.execution_id for event in events if event.row.type in INPUT_EVENTS)
        chosen = list(read)[: self.batch.snapshot.operation.page(first)]
        return [events[0].batch.executions()[id] for id in chosen]

    @resolved
    def same_content(self, first: First = 100) -> list[Artifact]:
        """Other artifacts with the same bytes, newest first: the same content, wherever it lies."""
        snapshot, own = self.batch.snapshot, self.row.digest
        rows = [row for row in snapshot.reader.artifacts_with_digest(own) if row.id != self.row.id] if own else []
        return artifacts_of(snapshot, rows[: snapshot.operation.page(first)])

    @resolved
    def versions(self, first: First = 100) -> list[Artifact]:
        """Everything that was ever at its location, itself included, newest first."""
        snapshot, at = self.batch.snapshot, self.row.location
        found = snapshot.reader.artifacts_at(at) if at else [self.row]
        rows = [row for row in found if row.namespace == self.row.namespace]
        return artifacts_of(snapshot, rows[: snapshot.operation.page(first)])

    @resolved
    def contexts(self) -> list[Context]:
        """The contexts it belongs to."""
        return self.batch.once("contexts", lambda s, ids: _contexts(s, s.reader.contexts_of_artifacts(ids), ids))[
            self.row.id
        ]

    @resolved
    def preview(self, max_bytes: MaxBytes = 262_144, path: FolderPath = "") -> Preview:
        """A piece of its bytes to look at, where they are within this home's reach: by their digest from the artifact
        store; never from whatever address was recorded. Errors: NOT_FOUND for a path that its directory does not hold,
        STORE_UNAVAILABLE, LIMIT_EXCEEDED.
        """
        return preview_of(self.batch.snapshot.operation, self.row, max_bytes, path)

    @resolved
    def column_lineage(self, column: Name = None, direction: Way = Direction.UP, depth: Versions = 20) -> ColumnLineage:
        """What its columns were made of, or what was made of them, as OpenLineage told."""
        return column_lineage_of(self.batch.snapshot, self.row, column, direction, depth)


@strawberry.type(description="One piece of work, done or under way.")
class Execution(Node):
    """An execution."""

    fingerprint: str | None = strawberry.field(
        description="Digest of everything its result depends on: equal fingerprints may reuse each other's outputs."
    )
    started_ms: Int64 | None = strawberry.field(description="When it began: UTC epoch milliseconds.")
    ended_ms: Int64 | None = strawberry.field(description="When it ended.")

    @resolved
    def events(self, types: Touches = None, first: First = 100) -> list[Event]:
        """What it did with artifacts."""
        return _some(self.batch, _events_of_executions(self.batch)[self.row.id], types, first)

    @resolved
    def inputs(self, first: First = 100) -> list[Event]:
        """What it read."""
        return _some(self.batch, _events_of_executions(self.batch)[self.row.id], INPUT_EVENTS, first)

    @resolved
    def outputs(self, first: First = 100) -> list[Event]:
        """What it wrote."""
        return _some(self.batch, _events_of_executions(self.batch)[self.row.id], OUTPUT_EVENTS, first)

    @resolved
    def contexts(self) -> list[Context]:
        """The contexts it belongs to."""
        return self.batch.once("contexts", lambda s, ids: _contexts(s, s.reader.contexts_of_executions(ids), ids))[
            self.row.id
        ]


@strawberry.type(description="A grouping: owner, project, experiment, pipeline, run.")
class Context(Node):
    """A context."""

    @resolved
    def parents(self) -> list[Context]:
        """The contexts it lies inside."""
        return self.batch.once("parents", lambda s, ids: _contexts(s, s.reader.parents_of(ids), ids))[self.row.id]

    @resolved
    def children(self) -> list[Context]:
        """The contexts inside it."""
        return self.batch.once("children", lambda s, ids: _contexts(s, s.reader.children_of(ids), ids))[self.row.id]

    @resolved
    def artifacts(
        self,
        where: Where = None,
        filter: Annotated[
            ArtifactFilter | None, strawberry.argument(description="A typed filter; adds to `where`.")
        ] = None,
        order_by: Order = None,
        first: First = 100,
        after: After = None,
    ) -> Connection[Artifact]:
        """The artifacts in it."""
        asked = Asked(Kind.ARTIFACT, where, filter, order_by, first, after, self.row.id)
        return members_page(self.batch, artifacts_of, asked)

    @resolved
    def executions(
        self,
        where: Where = None,
        filter: Annotated[
            ExecutionFilter | None, strawberry.argument(description="A typed filter; adds to `where`.")
        ] = None,
        order_by: Order = None,
        first: First = 100,
        after: After = None,
    ) -> Connection[Execution]:
        """The executions in it."""
        asked = Asked(Kind.EXECUTION, where, filter, order_by, first, after, self.row.id)
        return members_page(self.batch, executions_of, asked)


class EventBatch:
    """The events of one list, which load their artifacts and executions together."""

    __slots__ = ("_artifacts", "_executions", "rows", "snapshot")

    def __init__(self, snapshot: Snapshot, rows: Sequence[record.Event]) -> None:
        self.snapshot = snapshot
        self.rows = rows
        self._artifacts: dict[int, Artifact] | None = None
        self._executions: dict[int, Execution] | None = None

    def artifacts(self) -> dict[int, Artifact]:
        """The artifacts of all events, by id."""
        if self._artifacts is None:
            self._artifacts = artifacts_by_id(self.snapshot, {row.artifact_id for row in self.rows})
        return self._artifacts

    def executions(self) -> dict[int, Execution]:
        """The executions of all events, by id."""
        if self._executions is None:
            self._executions = executions_by_id(self.snapshot, {row.execution_id for row in self.rows})
        return self._executions


def artifacts_of(snapshot: Snapshot, rows: Sequence[record.Artifact]) -> list[Artifact]:
    """``rows`` as one batch."""
    snapshot.operation.spend(len(rows))
    batch = Batch(snapshot, [row.id for row in rows])
    return [_artifact(row, batch) for row in rows]


def executions_of(snapshot: Snapshot, rows: Sequence[record.Execution]) -> list[Execution]:
    """``rows`` as one batch."""
    snapshot.operation.spend(len(rows))
    batch = Batch(snapshot, [row.id for row in rows])
    return [_execution(row, batch) for row in rows]


def contexts_of(snapshot: Snapshot, rows: Sequence[record.Context]) -> list[Context]:
    """``rows`` as one batch."""
    snapshot.operation.spend(len(rows))
    batch = Batch(snapshot, [row.id for row in rows])
    return [_context(row, batch) for row in rows]


def artifacts_by_id(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, Artifact]:
    """The artifacts with these ids, one batch; what the snapshot lacks is absent."""
    rows = snapshot.reader.artifacts_by_id(ids)
    return dict(zip(rows, artifacts_of(snapshot, list(rows.values())), strict=True))


def executions_by_id(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, Execution]:
    """The executions with these ids, one batch; what the snapshot lacks is absent."""
    rows = snapshot.reader.executions_by_id(ids)
    return dict(zip(rows, executions_of(snapshot, list(rows.values())), strict=True))


def node_of(snapshot: Snapshot, ref: NodeRef) -> Node:
    """One node. Errors: ArtifactNotFound, ExecutionNotFound, ContextNotFound."""
    return wrap(snapshot, snapshot.reader.node(ref))


def wrap(snapshot: Snapshot, row: record.Node) -> Node:
    """One node of the record, a batch of its own."""
    snapshot.operation.spend(1)
    return _wrap(row, Batch(snapshot, [row.id]))


def _wrap(row: record.Node, batch: Batch) -> Node:
    if isinstance(row, record.Artifact):
        return _artifact(row, batch)
    return _execution(row, batch) if isinstance(row, record.Execution) else _context(row, batch)


def _artifact(row: record.Artifact, batch: Batch) -> Artifact:
    return Artifact(
        row=row,
        batch=batch,
        id=strawberry.ID(f"artifact:{row.id}"),
        kind=Kind.ARTIFACT,
        type=row.type,
        namespace=row.namespace,
        name=row.name,
        external_id=row.external_id,
        created_ms=Int64(row.created_ms),
        updated_ms=Int64(row.updated_ms),
        created_seq=Int64(row.created_seq),
        updated_seq=Int64(row.updated_seq),
        uri=row.uri,
        location=row.location,
        state=ARTIFACT_STATE_OF[row.state],
        digest=row.digest,
        size_bytes=None if row.size_bytes is None else Int64(row.size_bytes),
    )


def _execution(row: record.Execution, batch: Batch) -> Execution:
    return Execution(
        row=row,
        batch=batch,
        id=strawberry.ID(f"execution:{row.id}"),
        kind=Kind.EXECUTION,
        type=row.type,
        namespace=row.namespace,
        name=row.name,
        external_id=row.external_id,
        created_ms=Int64(row.created_ms),
        updated_ms=Int64(row.updated_ms),
        created_seq=Int64(row.created_seq),
        updated_seq=Int64(row.updated_seq),
        state=EXECUTION_STATE_OF[row.state],
        fingerprint=row.fingerprint,
        started_ms=None if row.started_ms is None else Int64(row.started_ms),
        ended_ms=None if row.ended_ms is None else Int64(row.ended_ms),
    )


def _context(row: record.Context, batch: Batch) -> Context:
    return Context(
        row=row,
        batch=batch,
        id=strawberry.ID(f"context:{row.id}"),
        kind=Kind.CONTEXT,
        state=None,
        type=row.type,
        namespace=row.namespace,
        name=row.name,
        external_id=row.external_id,
        created_ms=Int64(row.created_ms),
        updated_ms=Int64(row.updated_ms),
        created_seq=Int64(row.created_seq),
        updated_seq=Int64(row.updated_seq),
    )


def _contexts(
    snapshot: Snapshot, found: dict[int, list[record.Context]], ids: Sequence[int]
) -> dict[int, list[Context]]:
    rows = {row.id: row for row in chain.from_iterable(found.values())}
    nodes = dict(zip(rows, contexts_of(snapshot, list(rows.values())), strict=True))
    return {id: [nodes[row.id] for row in found.get(id, ())] for id in ids}


def _events(snapshot: Snapshot, rows: list[record.Event], ids: Sequence[int], end: str) -> dict[int, list[Event]]:
    snapshot.operation.spend(len(rows))
    batch = EventBatch(snapshot, rows)
    events: dict[int, list[Event]] = {id: [] for id in ids}
    for row in rows:
        path = [PathStep(step) for step in row.path]
        event = Event(
            row=row, batch=batch, type=row.type, path=path, time_ms=Int64(row.time_ms),
            created_seq=Int64(row.created_seq), source=row.source, confidence=row.confidence, location=row.location,
        )  # fmt: skip
        events[getattr(row, end)].append(event)
    return events


def _events_of_artifacts(batch: Batch) -> dict[int, list[Event]]:
    return batch.once("events", lambda s, ids: _events(s, s.reader.events_of_artifacts(ids), ids, "artifact_id"))


def _events_of_executions(batch: Batch) -> dict[int, list[Event]]:
    return batch.once("events", lambda s, ids: _events(s, s.reader.events_of_executions(ids), ids, "execution_id"))


def _some(batch: Batch, events: list[Event], types: Collection[EventType] | None, first: int) -> list[Event]:
    first = batch.snapshot.operation.page(first)
    return [event for event in events if types is None or event.row.type in types][:first]
