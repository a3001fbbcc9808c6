"""Why an execution was reused or had to run, as GraphQL types."""

from __future__ import annotations

from typing import Any

import strawberry

from clew.api.graphql.nodes import Execution, executions_of
from clew.api.graphql.operation import Snapshot
from clew.api.graphql.scalars import Int64, Json
from clew.executors.explain import Explanation, explain
from clew.metadata import node as record
from clew.metadata.errors import Invalid
from clew.metadata.ids import Kind, NodeRef


@strawberry.type(description="One part of a fingerprint that is not as it was.")
class ChangedPart:
    """A changed part."""

    part: str = strawberry.field(description="`code`, `parameters.depth`, `inputs.data` ...")
    before: Json | None = strawberry.field(description="What it was in the execution compared with.")
    after: Json | None = strawberry.field(description="What it is.")

    @classmethod
    def of(cls, change: dict[str, Any]) -> ChangedPart:
        """A difference as it is stored."""
        return cls(part=change["part"], before=Json(change["before"]), after=Json(change["after"]))


@strawberry.type(description="The cache decision on an execution.")
class CacheDecision:
    """A decision, explained."""

    execution: Execution = strawberry.field(description="The execution decided on.")
    outcome: str = strawberry.field(description="`hit`, `miss`, `off`, or `failed`: known to fail.")
    reason: str = strawberry.field(description="Why, in words.")
    origin: Execution | None = strawberry.field(description="Of a hit: the execution that did the work.")
    compared_with: Execution | None = strawberry.field(
        description="Of a miss: the nearest earlier execution of the same component."
    )
    changed: list[ChangedPart] = strawberry.field(description="Of a miss: what differs from it.")
    parts: Json = strawberry.field(description="Everything the fingerprint was made of.")
    saved_ms: Int64 = strawberry.field(description="Of a hit: the time the original took.")
    saved_bytes: Int64 = strawberry.field(description="Of a hit: the bytes that were not made again.")
    nondeterministic: str | None = strawberry.field(
        description="What the audit found, where it saw its component give other bytes for the same inputs."
    )


def cache_decision(snapshot: Snapshot, execution: NodeRef) -> CacheDecision:
    """The decision on ``execution``. Errors: ExecutionNotFound; NotFound when none was stored; Invalid."""
    if execution.kind is not Kind.EXECUTION:
        raise Invalid(
            f"{execution} is not an execution", field="execution", value=str(execution), remedy="Write execution:N"
        )
    told = explain(snapshot.reader, execution.id)
    rows = [told.execution, *(row for row in (told.origin, told.compared_with) if row is not None)]
    return _decision(told, {node.row.id: node for node in executions_of(snapshot, rows)})


def _decision(told: Explanation, nodes: dict[int, Execution]) -> CacheDecision:
    def node(row: record.Execution | None) -> Execution | None:
        return None if row is None else nodes[row.id]

    return CacheDecision(
        execution=nodes[told.execution.id],
        outcome=told.outcome,
        reason=told.reason,
        origin=node(told.origin),
        compared_with=node(told.compared_with),
        changed=[ChangedPart(part=d.part, before=Json(d.before), after=Json(d.after)) for d in told.changed],
        parts=Json(told.parts),
        saved_ms=Int64(told.saved_ms),
        saved_bytes=Int64(told.saved_bytes),
        nondeterministic=told.nondeterministic or None,
    )
