"""What protocols say, from a client that watched: sayings, settled by the record's identity."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.describe import recorded
from clew.api.graphql.inputs import ChangeInput, PropertyInput
from clew.api.graphql.operation import Info
from clew.api.graphql.record_change import ReadChange
from clew.api.graphql.scalars import Int64, PathStep, value_from_json
from clew.metadata.change import NodePut
from clew.metadata.errors import Invalid
from clew.metadata.identity import Saying, Touch
from clew.metadata.ids import Kind, NodeRef


@strawberry.input(description="An execution read or wrote what lies at a location.")
class TouchInput:
    """A touch."""

    uri: str = strawberry.field(description="The location, in any spelling.")
    writes: bool = strawberry.field(description="Whether it was written; else read.")
    time_ms: Int64 = strawberry.field(description="When: UTC epoch milliseconds.")
    type: str = strawberry.field(default="Dataset", description="Type of the artifact, where this makes it.")
    name: str | None = strawberry.field(default=None, description="Name of the artifact.")
    path: list[PathStep] = strawberry.field(default_factory=list, description="Where in the inputs or outputs.")
    digest: str | None = strawberry.field(default=None, description="Digest of the bytes.")
    size_bytes: Int64 | None = strawberry.field(default=None, description="Their number.")
    custom_properties: list[PropertyInput] = strawberry.field(
        default_factory=list, description="Custom properties of the artifact."
    )
    confidence: int | None = strawberry.field(default=None, description="In percent; left out: said outright.")
    same_as: list[str] = strawberry.field(default_factory=list, description="Other names of the location.")


@strawberry.input(description="One message: what it records of its own, and what its execution touched.")
class SayingInput:
    """A saying."""

    change: ChangeInput = strawberry.field(description="What it records of its own; without an idempotency key.")
    execution: str = strawberry.field(description="The execution: a `ref` of the change, or `execution:7`.")
    key: str = strawberry.field(description="Names the work, the same in each of its messages.")
    source: str = strawberry.field(description="The protocol: notebook, exec ...")
    touches: list[TouchInput] = strawberry.field(default_factory=list, description="What it read and wrote.")
    within: list[str] = strawberry.field(default_factory=list, description="Executions that it is part of.")


@strawberry.type(description="What became of a saying.")
class Settled:
    """A settled saying."""

    execution: strawberry.ID = strawberry.field(description="The execution.")
    seq: Int64 = strawberry.field(description="Position of its change in the log.")


@strawberry.type
class SettleMutation:
    """Sayings."""

    @recorded
    def settle(
        self,
        info: Info,
        sayings: Annotated[list[SayingInput], strawberry.argument(description="What was said, in any order.")],
    ) -> list[Settled]:
        """Record what a protocol says: each saying is one atomic change, and saying it again changes nothing.
        Errors: INVALID and what stands below it, STORE_FULL, STORE_UNAVAILABLE.
        """
        read = [_saying(one, f"sayings.{place}") for place, one in enumerate(sayings)]
        operation = info.context
        operation.spend(sum(len(one.change.nodes) + len(one.touches) for one in read))
        receipts = operation.services.identity.settle(read)
        operation.forget_snapshot()
        found = []
        for saying, receipt in zip(read, receipts, strict=True):
            put = saying.execution
            id = receipt.id(put) if isinstance(put, NodePut) else put
            found.append(Settled(execution=strawberry.ID(f"execution:{id}"), seq=Int64(receipt.seq)))
        return found


def _saying(input: SayingInput, where: str) -> Saying:
    change = ReadChange(input.change)
    if change.change.key is not None:
        raise Invalid("a saying has no idempotency key", field=f"{where}.change.key", remedy="Leave it out")
    return Saying(
        change.change,
        change.end(input.execution, Kind.EXECUTION, f"{where}.execution"),
        input.key,
        [_touch(touch) for touch in input.touches],
        input.source,
        within=[NodeRef.parse(outer, f"{where}.within").id for outer in input.within],
    )


def _touch(input: TouchInput) -> Touch:
    return Touch(
        uri=input.uri,
        writes=input.writes,
        time_ms=input.time_ms,
        type=input.type,
        name=input.name,
        path=tuple(input.path),  # type: ignore[arg-type]
        digest=input.digest,
        size_bytes=input.size_bytes,
        custom_properties={p.name: value_from_json(p.name, p.value, p.kind) for p in input.custom_properties},
        confidence=input.confidence,
        same_as=tuple(input.same_as),
    )
