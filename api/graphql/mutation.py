"""What can be recorded: Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.cache_change import CacheMutation
from clew.api.graphql.describe import recorded, resolved
from clew.api.graphql.identity import IdentityMutation
from clew.api.graphql.inputs import ChangeInput, TypeInput
from clew.api.graphql.nodes import Node
from clew.api.graphql.operation import Info, Operation
from clew.api.graphql.query import nodes_of
from clew.api.graphql.record_change import ReadChange, read_type
from clew.api.graphql.run_change import RunMutation
from clew.api.graphql.scalars import Int64
from clew.api.graphql.schedules import ScheduleMutation
from clew.api.graphql.settle_change import SettleMutation
from clew.api.graphql.types import Type, types_of
from clew.metadata import change as record
from clew.metadata.ids import NodeRef


@strawberry.type(description="A node of a change and the id it has.")
class RecordedNode:
    """A recorded node."""

    answer: strawberry.Private[Receipt]
    index: strawberry.Private[int]
    ref: str | None = strawberry.field(description="The ref the change called it by.")
    id: strawberry.ID = strawberry.field(description="Its id.")

    @resolved
    def node(self) -> Node | None:
        """The node as it is now."""
        return self.answer.loaded()[self.index]


@strawberry.type(description="Proof that a change is durable, and the ids it gave.")
class Receipt:
    """A receipt."""

    operation: strawberry.Private[Operation]
    receipt: strawberry.Private[record.Receipt]
    refs: strawberry.Private[list[str | None]]
    node_refs: strawberry.Private[list[NodeRef]]
    cache: strawberry.Private[list[list[Node | None]]]
    seq: Int64 = strawberry.field(
        description="Its position in the log; the position it found when it had no effect. Pass it as `minSeq`."
    )
    time_ms: Int64 = strawberry.field(description="When it was committed.")
    changed: bool = strawberry.field(description="False when everything was recorded already and the log did not grow.")
    replayed: bool = strawberry.field(
        description="True when this is the receipt of an earlier change with the same idempotency key."
    )
    ids: list[strawberry.ID] = strawberry.field(
        description="The ids of contexts, artifacts and executions, in that order."
    )

    @resolved
    def nodes(self) -> list[RecordedNode]:
        """The nodes: contexts, artifacts and executions, in that order."""
        return [
            RecordedNode(answer=self, index=index, ref=ref, id=id)
            for index, (ref, id) in enumerate(zip(self.refs, self.ids, strict=True))
        ]

    @resolved
    def types(self) -> list[Type]:
        """The types, in the order given."""
        types = types_of(self.operation.snapshot())
        return [types[id] for id in self.receipt.type_ids]

    def loaded(self) -> list[Node | None]:
        """The nodes, loaded together once."""
        if not self.cache:
            self.cache.append(nodes_of(self.operation, self.node_refs, None))
        return self.cache[0]


@strawberry.type(description="What can be recorded.")
class Mutation(RunMutation, ScheduleMutation, CacheMutation, IdentityMutation, SettleMutation):
    """Every way to write."""

    @recorded
    def record(
        self, info: Info, change: Annotated[ChangeInput, strawberry.argument(description="What to record.")]
    ) -> Receipt:
        """Record a change: all of it, or nothing. Errors: INVALID and what stands below it, TYPE_NOT_FOUND,
        ALREADY_RECORDED, VERSION_CONFLICT, KEY_REUSED, STORE_FULL, STORE_UNAVAILABLE.
        """
        read = ReadChange(change)
        return commit(info.context, read.change, read.refs)

    @recorded
    def register_type(
        self,
        info: Info,
        type: Annotated[TypeInput, strawberry.argument(description="The type.")],
        actor: Annotated[str, strawberry.argument(description="Who registers it.")] = "",
    ) -> Receipt:
        """Register a type, or evolve it where it exists. Errors: TYPE_CONFLICT, INVALID."""
        change = record.Change(actor=actor)
        read_type(change, type)
        return commit(info.context, change, [])


def commit(operation: Operation, change: record.Change, refs: list[str | None]) -> Receipt:
    """Commit ``change`` and tell of it."""
    operation.spend(len(change.nodes) + len(change.events))
    receipt = operation.services.record.commit(change)
    operation.forget_snapshot()
    node_refs = [NodeRef(put.kind, id) for put, id in zip(change.nodes, receipt.node_ids, strict=True)]
    return Receipt(
        operation=operation,
        receipt=receipt,
        refs=refs,
        node_refs=node_refs,
        cache=[],
        seq=Int64(receipt.seq),
        time_ms=Int64(receipt.time_ms),
        changed=receipt.changed,
        replayed=receipt.replayed,
        ids=[strawberry.ID(str(ref)) for ref in node_refs],
    )
