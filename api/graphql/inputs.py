"""What the mutations take: everything a Change can say (metadata/change.py), nodes named by local refs or ids."""

from __future__ import annotations

import strawberry

from clew.api.graphql.enums import (
    ArtifactState,
    EventType,
    ExecutionState,
    Kind,
    PropertyType,
    ReuseBy,
    StateChange,
    UpdateMode,
)
from clew.api.graphql.scalars import Int64, Json, PathStep, PropertyValue


@strawberry.input(description="A property to record.")
class PropertyInput:
    """A property."""

    name: str = strawberry.field(description="Its name.")
    value: PropertyValue = strawberry.field(description="Its value, as PropertyValue spells it.")
    kind: PropertyType | None = strawberry.field(
        default=None,
        description="The kind of its value. Without it the JSON decides: whole numbers are INT, others DOUBLE, "
        "objects STRUCT.",
    )


@strawberry.input(description="A property that a type declares.")
class PropertyDeclarationInput:
    """Name and kind."""

    name: str = strawberry.field(description="Its name.")
    kind: PropertyType = strawberry.field(description="The kind its values must be of.")


@strawberry.input(description="A type to register, or to evolve where it exists.")
class TypeInput:
    """A type."""

    kind: Kind = strawberry.field(description="What it is a type of.")
    name: str = strawberry.field(description="Its name.")
    version: str = strawberry.field(default="", description="Its version; empty for the unversioned type.")
    properties: list[PropertyDeclarationInput] = strawberry.field(
        default_factory=list, description="The properties its nodes may have."
    )
    description: str | None = strawberry.field(default=None, description="What it is for.")
    external_id: str | None = strawberry.field(default=None, description="Its id in another system.")
    base_type: str | None = strawberry.field(default=None, description="Name of the type it is based on, or `type:N`.")
    input_type: Json | None = strawberry.field(
        default=None, description="An execution type's inputs: ML Metadata's ArtifactStructType as JSON."
    )
    output_type: Json | None = strawberry.field(
        default=None, description="An execution type's outputs: ML Metadata's ArtifactStructType as JSON."
    )
    can_add_fields: bool = strawberry.field(
        default=True, description="Whether properties may be added to a type that exists."
    )
    can_omit_fields: bool = strawberry.field(
        default=True, description="Whether properties of a type that exists may be left out."
    )


@strawberry.input(description="An artifact that an execution read or wrote.")
class UseInput:
    """One end of an event."""

    artifact: str = strawberry.field(description="A `ref` of this change, or `artifact:42`.")
    path: list[PathStep] = strawberry.field(
        default_factory=list, description="Where in the inputs or outputs: keys and list positions."
    )
    type: EventType | None = strawberry.field(default=None, description="INPUT or OUTPUT when left out.")
    time_ms: Int64 | None = strawberry.field(default=None, description="When; the time of the change when left out.")


@strawberry.input(description="What inserting and updating a node have in common.")
class NodeInput:
    """The shared half of a node."""

    ref: str | None = strawberry.field(
        default=None, description="A name of your choice by which this change's edges and its receipt call the node."
    )
    id: strawberry.ID | None = strawberry.field(default=None, description="Update this node instead of creating one.")
    type: str | None = strawberry.field(
        default=None, description="Name of its type, or `type:N`. Needed to create a node."
    )
    type_version: str = strawberry.field(default="", description="Version of its type.")
    name: str | None = strawberry.field(default=None, description="Its name, unique with type and namespace.")
    external_id: str | None = strawberry.field(default=None, description="Its id in another system.")
    namespace: str | None = strawberry.field(
        default=None, description="Its namespace; that of the change when left out."
    )
    properties: list[PropertyInput] | None = strawberry.field(
        default=None, description="Values of properties its type declares."
    )
    custom_properties: list[PropertyInput] | None = strawberry.field(default=None, description="Properties of its own.")
    mode: UpdateMode = strawberry.field(
        default=UpdateMode.MERGE, description="What an update does with what it does not name."
    )
    reuse: ReuseBy = strawberry.field(
        default=ReuseBy.NEVER, description="By what an existing node is found and updated instead of a new one created."
    )
    if_absent: bool = strawberry.field(default=False, description="With reuse: leave a node that exists untouched.")
    remove: list[str] = strawberry.field(
        default_factory=list,
        description="What an update in mode MERGE clears: fields, `properties.k`, `customProperties.k`.",
    )
    expect_updated_seq: Int64 | None = strawberry.field(
        default=None, description="Update only if this change was the node's last; else VERSION_CONFLICT."
    )
    expect_updated_ms: Int64 | None = strawberry.field(
        default=None, description="Update only if the node last changed at this time; else VERSION_CONFLICT."
    )
    created_ms: Int64 | None = strawberry.field(default=None, description="Creation time, for imports.")
    updated_ms: Int64 | None = strawberry.field(default=None, description="Time of the last change, for imports.")
    force_update_time: bool = strawberry.field(
        default=False, description="Move the time of the last change though nothing changes."
    )
    insert_id: Int64 | None = strawberry.field(default=None, description="The id a new node must get, for imports.")


@strawberry.input(description="An artifact to insert or update. What is left out stays as it is.")
class ArtifactInput(NodeInput):
    """An artifact."""

    uri: str | None = strawberry.field(default=None, description="Where its bytes are.")
    state: ArtifactState | None = strawberry.field(default=None, description="Where in its life it is.")
    state_rule: StateChange = strawberry.field(
        default=StateChange.ADVANCE, description="Whether its state may move back."
    )
    digest: str | None = strawberry.field(default=None, description="Digest of its bytes: `sha256:...`.")
    size_bytes: Int64 | None = strawberry.field(default=None, description="Size of its bytes.")
    contexts: list[str] = strawberry.field(
        default_factory=list, description="Contexts it belongs to: refs of this change, or `context:3`."
    )


@strawberry.input(description="An execution to insert or update. What is left out stays as it is.")
class ExecutionInput(NodeInput):
    """An execution."""

    state: ExecutionState | None = strawberry.field(default=None, description="Where in its life it is.")
    state_rule: StateChange = strawberry.field(
        default=StateChange.ADVANCE, description="Whether its state may move back."
    )
    fingerprint: str | None = strawberry.field(
        default=None, description="Digest of everything its result depends on: `sha256:...`."
    )
    started_ms: Int64 | None = strawberry.field(default=None, description="When it began: UTC epoch milliseconds.")
    ended_ms: Int64 | None = strawberry.field(default=None, description="When it ended.")
    inputs: list[UseInput] = strawberry.field(default_factory=list, description="What it read.")
    outputs: list[UseInput] = strawberry.field(default_factory=list, description="What it wrote.")
    contexts: list[str] = strawberry.field(
        default_factory=list, description="Contexts it belongs to: refs of this change, or `context:3`."
    )


@strawberry.input(description="A context to insert or update. What is left out stays as it is.")
class ContextInput(NodeInput):
    """A context."""

    parents: list[str] = strawberry.field(
        default_factory=list, description="Contexts it lies inside: refs of this change, or `context:3`."
    )


@strawberry.input(description="An execution read or wrote an artifact.")
class EventInput:
    """An event."""

    artifact: str = strawberry.field(description="A `ref` of this change, or `artifact:42`.")
    execution: str = strawberry.field(description="A `ref` of this change, or `execution:7`.")
    type: EventType = strawberry.field(description="How it was touched.")
    path: list[PathStep] = strawberry.field(
        default_factory=list, description="Where in the inputs or outputs: keys and list positions."
    )
    time_ms: Int64 | None = strawberry.field(default=None, description="When; the time of the change when left out.")
    exist_ok: bool = strawberry.field(
        default=True, description="Ignore an event that is recorded already; else ALREADY_RECORDED."
    )
    source: str | None = strawberry.field(
        default=None, description="The protocol that says so: openlineage, mlflow ..."
    )
    confidence: int | None = strawberry.field(default=None, description="In percent; leave out what is said outright.")


@strawberry.input(description="An event to take back; nothing happens where there is none.")
class WithdrawalInput:
    """A withdrawal."""

    artifact: str = strawberry.field(description="A `ref` of this change, or `artifact:42`.")
    execution: str = strawberry.field(description="A `ref` of this change, or `execution:7`.")
    type: EventType = strawberry.field(description="How it was said to be touched.")


@strawberry.input(description="A node belongs to a context.")
class LinkInput:
    """A link."""

    context: str = strawberry.field(description="A `ref` of this change, or `context:3`.")
    member: str = strawberry.field(
        description="The artifact, execution or child context: a `ref` of this change, or its id."
    )
    exist_ok: bool = strawberry.field(
        default=True, description="Ignore a link that is recorded already; else ALREADY_RECORDED."
    )


@strawberry.input(
    description="Everything to be recorded together, or not at all: types, then nodes, then edges. "
    "Nodes are called by a `ref` of your choice, or by their id."
)
class ChangeInput:
    """A change."""

    actor: str = strawberry.field(default="", description="Who makes the change.")
    namespace: str = strawberry.field(default="default", description="The namespace of nodes that name none.")
    key: str | None = strawberry.field(
        default=None,
        description="Idempotency key: the same key and change again returns the first receipt and records nothing.",
    )
    types: list[TypeInput] = strawberry.field(default_factory=list, description="Types to register or evolve.")
    contexts: list[ContextInput] = strawberry.field(default_factory=list, description="Contexts to insert or update.")
    artifacts: list[ArtifactInput] = strawberry.field(
        default_factory=list, description="Artifacts to insert or update."
    )
    executions: list[ExecutionInput] = strawberry.field(
        default_factory=list, description="Executions to insert or update, with what they read and wrote."
    )
    withdrawals: list[WithdrawalInput] = strawberry.field(
        default_factory=list, description="Events to take back, before others are recorded; earlier states keep them."
    )
    events: list[EventInput] = strawberry.field(
        default_factory=list, description="Events beyond the executions' inputs and outputs."
    )
    attributions: list[LinkInput] = strawberry.field(
        default_factory=list, description="Artifacts that belong to contexts."
    )
    associations: list[LinkInput] = strawberry.field(
        default_factory=list, description="Executions that belong to contexts."
    )
    parents: list[LinkInput] = strawberry.field(default_factory=list, description="Contexts that lie inside contexts.")
