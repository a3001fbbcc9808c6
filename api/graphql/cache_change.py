"""What can be done with the cache: the cache part of Mutation."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.describe import recorded
from clew.api.graphql.nodes import Context, Execution, contexts_of, executions_of
from clew.api.graphql.operation import Info
from clew.executors.cached import pins
from clew.executors.cached.invalidate import invalidate
from clew.metadata.ids import NodeRef

Actor = Annotated[str, strawberry.argument(description="Who does it.")]
Why = Annotated[str, strawberry.argument(description="Why, for those who ask later.")]
Namespace = Annotated[str, strawberry.argument(description="The namespace it is recorded in.")]


@strawberry.type(description="What was taken out of the cache.")
class CacheInvalidation:
    """An invalidation."""

    audit: Execution = strawberry.field(description="The audit entry: who, when and why.")
    executions: list[strawberry.ID] = strawberry.field(description="Those that are never reused again.")


@strawberry.type
class CacheMutation:
    """What can be done with the cache."""

    @recorded
    def invalidate_cache(
        self,
        info: Info,
        targets: Annotated[
            list[str] | None,
            strawberry.argument(description="`execution:7`, `artifact:42`, fingerprints, digests of artifacts."),
        ] = None,
        components: Annotated[
            list[str] | None, strawberry.argument(description="All that these components made.")
        ] = None,
        downstream: Annotated[bool, strawberry.argument(description="Also everything that was made from it.")] = False,
        why: Why = "",
        actor: Actor = "",
        namespace: Namespace = "default",
    ) -> CacheInvalidation:
        """Take results out of the cache for good; it is kept who did it, when and why. Errors: NOT_FOUND, INVALID."""
        done = invalidate(
            info.context.services.record,
            targets or [],
            components=components or [],
            downstream=downstream,
            why=why,
            actor=actor,
            namespace=namespace,
        )
        info.context.forget_snapshot()
        snapshot = info.context.snapshot()
        (audit,) = executions_of(snapshot, [snapshot.reader.execution(done.audit)])
        info.context.spend(len(done.executions))
        return CacheInvalidation(audit=audit, executions=[strawberry.ID(f"execution:{id}") for id in done.executions])

    @recorded
    def pin(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="`artifact:42`, `execution:7` or `context:3`.")],
        pinned: Annotated[bool, strawberry.argument(description="False lets it go again.")] = True,
        why: Why = "",
        actor: Actor = "",
        namespace: Namespace = "default",
    ) -> Context:
        """Keep a node, with everything it was made from, whatever is collected; the context that says so. Errors:
        NOT_FOUND and what stands below it, INVALID.
        """
        record, ref = info.context.services.record, pins.pinnable(id)
        if pinned:
            held = pins.pin(record, ref, why=why, actor=actor, namespace=namespace)
        else:
            held = pins.unpin(record, ref, actor=actor, namespace=namespace)
        info.context.forget_snapshot()
        snapshot = info.context.snapshot()
        (context,) = contexts_of(snapshot, [snapshot.reader.context(NodeRef.parse(held).id)])
        return context
