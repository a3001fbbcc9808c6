"""What may be reused, what that saved, and what a run would do: the cache part of Query."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import strawberry

from clew.api.graphql.arguments import After, At, First
from clew.api.graphql.cache import CacheDecision, ChangedPart, cache_decision
from clew.api.graphql.connection import Connection, connect
from clew.api.graphql.describe import resolved
from clew.api.graphql.enums import CacheOrder
from clew.api.graphql.filters import snapshot_of
from clew.api.graphql.nodes import Artifact, Execution, artifacts_of, executions_of
from clew.api.graphql.operation import Info, Snapshot
from clew.api.graphql.run_input import NewRunInput, again_of
from clew.api.graphql.runs import service_of
from clew.api.graphql.scalars import Int64
from clew.executors.cached import entries as kept
from clew.executors.cached.stats import Tally, stats
from clew.metadata.errors import InvalidCursor
from clew.metadata.ids import NodeRef

Component = Annotated[
    str | None, strawberry.argument(description="Only of this component: `pipeline/component`, or `component`.")
]
Namespace = Annotated[str | None, strawberry.argument(description="Only of this namespace.")]


@strawberry.type(description="A result that may be reused, or might have been.")
class CacheEntry:
    """An entry."""

    told: strawberry.Private[kept.Entry]
    node: strawberry.Private[Execution]
    snapshot: strawberry.Private[Snapshot]
    component: str = strawberry.field(description="`pipeline/component`, or the name of a function of the SDK.")
    state: str = strawberry.field(description="live, invalidated or dropped.")
    why: str | None = strawberry.field(description="Why it is not live any more.")
    by: str | None = strawberry.field(description="Who saw to that.")
    pinned: bool = strawberry.field(description="Whether it is kept, with what it was made from.")
    hits: int = strawberry.field(description="How often it was reused.")
    saved_ms: Int64 = strawberry.field(description="The time that spared.")
    saved_bytes: Int64 = strawberry.field(description="The bytes that were not made again.")
    cost_ms: Int64 = strawberry.field(description="The time it took to make.")
    size_bytes: Int64 = strawberry.field(description="Bytes of its outputs.")
    made_ms: Int64 = strawberry.field(description="When it was made.")
    last_hit_ms: Int64 | None = strawberry.field(description="When it was reused last.")

    @resolved
    def execution(self) -> Execution:
        """The execution that made it."""
        return self.node

    @resolved
    def outputs(self) -> list[Artifact]:
        """What it made."""
        return artifacts_of(self.snapshot, self.told.outputs)


@strawberry.type(description="Hits, and what they saved.")
class CacheTally:
    """A tally."""

    name: str = strawberry.field(description="The component; empty for all together.")
    hits: int = strawberry.field(description="Executions that were reused.")
    ran: int = strawberry.field(description="Executions that could have been, and ran.")
    hit_rate: float = strawberry.field(description="Hits of both.")
    saved_ms: Int64 = strawberry.field(description="The time that spared.")
    saved_bytes: Int64 = strawberry.field(description="The bytes that were not made again.")
    nondeterministic: bool = strawberry.field(description="Whether the audit saw other bytes for the same inputs.")


@strawberry.type(description="The cache in numbers.")
class CacheStats:
    """Numbers."""

    total: CacheTally = strawberry.field(description="All together.")
    entries: int = strawberry.field(description="Results that may be reused.")
    invalidated: int = strawberry.field(description="Results that were taken out.")
    dropped: int = strawberry.field(description="Results whose bytes were collected.")
    components: list[CacheTally] = strawberry.field(description="By component, those that saved most first.")


@strawberry.type(description="What would become of one task.")
class PlannedTask:
    """A planned task."""

    name: str = strawberry.field(description="Where it stands in the run: `for-loop-1#2/train`.")
    kind: str = strawberry.field(description="container, importer, resolver or dag.")
    verdict: str = strawberry.field(description="hit, run, wait (not known before something else ran), skip or fail.")
    reason: str = strawberry.field(description="Why.")
    fingerprint: str | None = strawberry.field(description="Its fingerprint, where it is known.")
    origin: strawberry.ID | None = strawberry.field(description="Of a hit: the execution that did the work.")
    saved_ms: Int64 = strawberry.field(description="Of a hit: the time the original took.")
    changed: list[ChangedPart] = strawberry.field(description="What differs from the nearest earlier execution.")


@strawberry.type(description="What a run would do.")
class CachePlan:
    """A plan."""

    hit: int = strawberry.field(description="Tasks that would be reused.")
    run: int = strawberry.field(description="Tasks that would run.")
    wait: int = strawberry.field(description="Tasks of which that is not known before others have run.")
    skip: int = strawberry.field(description="Tasks that would be skipped.")
    fail: int = strawberry.field(description="Tasks that would fail.")
    saved_ms: Int64 = strawberry.field(description="The time the hits would spare.")
    tasks: list[PlannedTask] = strawberry.field(description="The tasks, in the order of a run's result.")


@strawberry.type(description="What may be reused.")
class Cache:
    """The cache."""

    @resolved
    def explain(
        self,
        info: Info,
        execution: Annotated[strawberry.ID, strawberry.argument(description="`execution:7`.")],
        as_of: At = None,
    ) -> CacheDecision:
        """Why an execution was reused or had to run. Errors: EXECUTION_NOT_FOUND; NOT_FOUND without a decision."""
        return cache_decision(snapshot_of(info.context, as_of), NodeRef.parse(execution, "execution"))

    @resolved
    def entries(
        self,
        info: Info,
        component: Component = None,
        namespace: Namespace = None,
        live: Annotated[bool, strawberry.argument(description="Only what may still be reused.")] = False,
        by: Annotated[CacheOrder, strawberry.argument(description="What comes first.")] = CacheOrder.NEWEST,
        first: First = 100,
        after: After = None,
    ) -> Connection[CacheEntry]:
        """Entries; only `NEWEST` goes on behind a cursor. Errors: NOT_FOUND without such a component; INVALID."""
        snapshot, limit = info.context.snapshot(), info.context.page(first)
        found = kept.entries(
            snapshot.reader,
            namespace=namespace,
            component=component,
            live_only=live,
            after=_cursor(after),
            limit=limit + 1,
            order=by.value,
        )
        page = found[:limit]

        def total() -> int:
            everything = kept.entries(snapshot.reader, namespace=namespace, component=component, live_only=live)
            return len(everything)

        cursors = [str(entry.execution.id) for entry in page]
        return connect(_entries(snapshot, page), cursors, len(found) > limit, after, total)

    @resolved
    def stats(
        self,
        info: Info,
        namespace: Namespace = None,
        since_ms: Annotated[
            Int64 | None, strawberry.argument(description="Only of executions recorded since then.")
        ] = None,
        first: First = 20,
    ) -> CacheStats:
        """What reuse saved, over all and by component."""
        top = info.context.page(first)
        since = None if since_ms is None else int(since_ms)
        found = stats(info.context.snapshot().reader, namespace=namespace, since_ms=since, top=top)
        info.context.spend(len(found.components))
        return CacheStats(
            total=_tally(found.total),
            entries=found.entries,
            invalidated=found.invalidated,
            dropped=found.dropped,
            components=[_tally(tally) for tally in found.components],
        )

    @resolved
    def plan(
        self, info: Info, run: Annotated[NewRunInput, strawberry.argument(description="The run it would be.")]
    ) -> CachePlan:
        """What a run would reuse, run, or wait to know; nothing is recorded. Errors: INVALID_PIPELINE and what stands
        above it, USAGE.
        """
        from clew.executors.pipeline.plan import plan

        service = service_of(info.context)
        again = again_of(service, run)
        found = plan(service.record, service.store, again.pipeline, again.parameters, options=again.options)
        info.context.spend(len(found.tasks))
        return CachePlan(
            **{verdict: found.count(verdict) for verdict in ("hit", "run", "wait", "skip", "fail")},
            saved_ms=Int64(found.saved_ms),
            tasks=[
                PlannedTask(
                    name=task.name,
                    kind=task.kind,
                    verdict=task.verdict,
                    reason=task.reason,
                    fingerprint=task.fingerprint,
                    origin=None if task.origin is None else strawberry.ID(task.origin),
                    saved_ms=Int64(task.saved_ms),
                    changed=[ChangedPart.of(change) for change in task.changed],
                )
                for task in found.tasks
            ],
        )


@strawberry.type
class CacheQuery:
    """Questions about the cache."""

    @resolved
    def cache(self) -> Cache:
        """What may be reused, why something was or was not, what that saved, and what a run would do."""
        return Cache()


def _entries(snapshot: Snapshot, page: Sequence[kept.Entry]) -> list[CacheEntry]:
    nodes = executions_of(snapshot, [entry.execution for entry in page])
    return [_entry(snapshot, entry, node) for entry, node in zip(page, nodes, strict=True)]


def _entry(snapshot: Snapshot, entry: kept.Entry, node: Execution) -> CacheEntry:
    why = entry.as_dict()["why"] or {}
    return CacheEntry(
        told=entry,
        node=node,
        snapshot=snapshot,
        component=entry.component,
        state=entry.state,
        why=why.get("why"),
        by=why.get("by"),
        pinned=entry.is_pinned,
        hits=entry.hits,
        saved_ms=Int64(entry.saved_ms),
        saved_bytes=Int64(entry.saved_bytes),
        cost_ms=Int64(entry.cost_ms),
        size_bytes=Int64(entry.size_bytes),
        made_ms=Int64(entry.made_ms),
        last_hit_ms=None if entry.last_hit_ms is None else Int64(entry.last_hit_ms),
    )


def _tally(tally: Tally) -> CacheTally:
    return CacheTally(
        name=tally.name,
        hits=tally.hits,
        ran=tally.ran,
        hit_rate=tally.hit_rate,
        saved_ms=Int64(tally.saved_ms),
        saved_bytes=Int64(tally.saved_bytes),
        nondeterministic=tally.nondeterministic,
    )


def _cursor(after: str | None) -> int | None:
    if after is None:
        return None
    if after.isascii() and after.isdigit() and len(after) < 19:
        return int(after)
    raise InvalidCursor(f"{after[:40]!r} is no cursor of this listing", field="after", value=after)
