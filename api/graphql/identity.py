"""Which locations are one, what a read would get, and where lineage has holes."""

from __future__ import annotations

from typing import Annotated

import strawberry

from clew.api.graphql.cache_change import Actor, Namespace, Why
from clew.api.graphql.describe import recorded, resolved
from clew.api.graphql.nodes import Artifact, artifacts_of
from clew.api.graphql.operation import Info
from clew.api.graphql.scalars import Int64
from clew.metadata import identity
from clew.metadata.identity.coverage import coverage

Where = Annotated[str, strawberry.argument(description="A location, however it is spelled.")]
SameAs = Annotated[str, strawberry.argument(description="Another name of it.")]
Within = Annotated[str | None, strawberry.argument(description="Only in this namespace.")]


@strawberry.type(description="Two locations that are one.")
class Alias:
    """An alias."""

    location: str = strawberry.field(description="One name.")
    same_as: str = strawberry.field(description="The other.")
    namespace: str = strawberry.field(description="Where it holds.")
    actor: str = strawberry.field(description="Who said so.")
    reason: str = strawberry.field(description="Why.")
    source: str = strawberry.field(description="The protocol that said so; empty where a person did.")
    undone: bool = strawberry.field(description="Whether it was taken back.")
    context: strawberry.ID = strawberry.field(description="The context that says so: its history tells the rest.")
    changed_ms: Int64 = strawberry.field(description="When it was said or undone: UTC epoch milliseconds.")


@strawberry.type(description="Nodes of one type that one protocol told of, and which of them hang loose.")
class Covered:
    """A row of the coverage."""

    type: str = strawberry.field(description="Name of their type.")
    source: str = strawberry.field(description="The protocol that told of their edges; empty where none is told.")
    total: Int64 = strawberry.field(description="How many there are.")
    from_nowhere: Int64 = strawberry.field(description="Executions that read nothing; artifacts that nobody made.")
    to_nowhere: Int64 = strawberry.field(description="Executions that wrote nothing; artifacts that nobody read.")


@strawberry.type(description="Where lineage has holes.")
class Coverage:
    """The coverage."""

    executions: list[Covered] = strawberry.field(description="Executions by type and protocol.")
    artifacts: list[Covered] = strawberry.field(description="Artifacts by type and protocol.")
    seq: Int64 = strawberry.field(description="The change it is of.")


@strawberry.type
class IdentityQuery:
    """Questions about what is one."""

    @resolved
    def aliases(
        self,
        info: Info,
        namespace: Within = None,
        undone: Annotated[bool, strawberry.argument(description="Also those that were taken back.")] = False,
    ) -> list[Alias]:
        """Which locations are one, and who said so; oldest first."""
        found = info.context.services.identity.aliases(namespace, undone=undone)
        info.context.spend(len(found))
        return [_alias(one) for one in found]

    @resolved
    def resolve(
        self,
        info: Info,
        uri: Where,
        at_ms: Annotated[
            Int64 | None, strawberry.argument(description="As a read at this time would; now when left out.")
        ] = None,
        namespace: Namespace = "default",
    ) -> Artifact | None:
        """The artifact that a read of a location gets: its newest version written until then. Errors: INVALID."""
        services = info.context.services
        found = services.identity.resolve(uri, None if at_ms is None else int(at_ms), namespace)
        return artifacts_of(info.context.snapshot(), [found])[0] if found else None

    @resolved
    def coverage(self, info: Info, namespace: Within = None) -> Coverage:
        """Executions without inputs or outputs, artifacts nobody made, by type and the protocol that told of them."""
        found = coverage(info.context.snapshot().reader, namespace)
        info.context.spend(len(found.executions) + len(found.artifacts))
        return Coverage(
            executions=[_covered(row) for row in found.executions],
            artifacts=[_covered(row) for row in found.artifacts],
            seq=Int64(found.seq),
        )


@strawberry.type
class IdentityMutation:
    """What can be said about what is one."""

    @recorded
    def add_alias(
        self,
        info: Info,
        location: Where,
        same_as: SameAs,
        why: Why = "",
        actor: Actor = "",
        namespace: Namespace = "default",
    ) -> list[Alias]:
        """Two locations are one: reads of either are of the newest version of both. Answers all aliases. Errors:
        INVALID.
        """
        services = info.context.services
        services.identity.add_alias(location, same_as, actor=actor, reason=why, namespace=namespace)
        return _aliases_after(info, namespace)

    @recorded
    def remove_alias(
        self,
        info: Info,
        location: Where,
        same_as: SameAs,
        why: Why = "",
        actor: Actor = "",
        namespace: Namespace = "default",
    ) -> list[Alias]:
        """Two locations are not one after all: reads move back. Answers all aliases that are left. Errors: NOT_FOUND,
        INVALID.
        """
        services = info.context.services
        services.identity.remove_alias(location, same_as, actor=actor, reason=why, namespace=namespace)
        return _aliases_after(info, namespace)


def _aliases_after(info: Info, namespace: str) -> list[Alias]:
    """All aliases, once one was recorded: what is read from now on is of a new snapshot."""
    info.context.forget_snapshot()
    return [_alias(one) for one in info.context.services.identity.aliases(namespace)]


def _alias(one: identity.Alias) -> Alias:
    return Alias(
        location=one.location, same_as=one.same_as, namespace=one.namespace, actor=one.actor, reason=one.reason,
        source=one.source, undone=one.undone, context=strawberry.ID(f"context:{one.context_id}"),
        changed_ms=Int64(one.changed_ms),
    )  # fmt: skip


def _covered(row: identity.Covered) -> Covered:
    return Covered(
        type=row.type, source=row.source, total=Int64(row.total), from_nowhere=Int64(row.from_nowhere),
        to_nowhere=Int64(row.to_nowhere),
    )  # fmt: skip
